import CAS
import CASPlatform
import OCI

/// A member of `incoming` as a journal has it, in JSON: a directory, or a name that stands for a blob.
struct IncomingRecord: Equatable {
  let number: UInt64
  let parent: UInt64
  let name: FileName
  /// The blob that a file stands for; `nil` for a directory.
  let address: BlobAddress?
  let metadata: FileMetadata

  init(number: UInt64, parent: UInt64, name: FileName, address: BlobAddress?, _ metadata: FileMetadata) {
    (self.number, self.parent, self.name) = (number, parent, name)
    (self.address, self.metadata) = (address, metadata)
  }

  var bytes: [UInt8] {
    func number(_ value: some BinaryInteger) -> JSON { .number(String(value)) }
    func time(_ time: Timestamp) -> JSON { .array([number(time.seconds), number(time.nanoseconds)]) }
    var members = [
      JSON.Member("number", number(self.number)), JSON.Member("parent", number(parent)),
      JSON.Member("name", .string(name.text)), JSON.Member("mode", number(metadata.permissions)),
      JSON.Member("owner", .array([number(metadata.user), number(metadata.group)])),
      JSON.Member("times", .array([metadata.accessed, metadata.modified, metadata.changed].map(time))),
      JSON.Member(
        "attributes",
        .array(metadata.attributes.map { .array([.string($0.name), .array($0.value.map { number($0) })]) })),
    ]
    if let address {
      members += [
        JSON.Member("digest", .string(address.digest.description)), JSON.Member("size", number(address.size)),
      ]
    }
    return JSON.object(members).serialized
  }

  /// Reads a record.
  ///
  /// - Returns: `nil` for one of another form.
  init?(_ bytes: [UInt8]) {
    guard let json = try? JSON(parsing: bytes) else { return nil }
    func number<Number: FixedWidthInteger>(_ value: JSON?) -> Number? { value?.integer.flatMap { Number(exactly: $0) } }
    func elements(_ name: String) -> [JSON] { json[name]?.elements ?? [] }
    let times: [Timestamp] = elements("times").compactMap { time in
      guard let parts = time.elements, parts.count == 2, let seconds: Int64 = number(parts[0]),
        let nanoseconds: UInt32 = number(parts[1])
      else { return nil }
      return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    }
    let owner: [UInt32] = elements("owner").compactMap { number($0) }
    let attributes: [(name: String, value: [UInt8])] = elements("attributes").compactMap { attribute in
      guard let parts = attribute.elements, parts.count == 2, let name = parts[0].text, let value = parts[1].elements
      else { return nil }
      return (name, value.compactMap { number($0) })
    }
    guard let own: UInt64 = number(json["number"]), let parent: UInt64 = number(json["parent"]),
      let name = json["name"]?.text, let mode: UInt32 = number(json["mode"]), owner.count == 2, times.count == 3
    else { return nil }
    var address: BlobAddress?
    if let text = json["digest"]?.text {
      guard let digest = try? Digest(text), let size: Int64 = number(json["size"]) else { return nil }
      address = BlobAddress(digest: digest, size: size)
    }
    var metadata = FileMetadata(
      permissions: mode, user: owner[0], group: owner[1], now: times[1], attributes: attributes)
    (metadata.accessed, metadata.changed) = (times[0], times[2])
    self.init(number: own, parent: parent, name: FileName(name), address: address, metadata)
  }

  static func == (left: IncomingRecord, right: IncomingRecord) -> Bool { left.bytes == right.bytes }
}

extension JSON {
  fileprivate var elements: [JSON]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }
}

extension IncomingNamespace {
  /// Records a member as it is now, before the kernel is told of a change of it.
  func record(_ member: Member) {
    guard let journal else { return }
    recording.withLock { _ in
      guard let place = state.withLock(notifying: .none, { $0.places[member.number] }) else {
        return journal.didChange(member: member.number, to: nil)
      }
      let (address, metadata) =
        switch member {
        case .directory(let directory): (BlobAddress?.none, directory.current)
        case .file(let file): (file.address, file.metadata)
        }
      // Content that is not stored ends with this process.
      if case .file = member, address == nil { return }
      let record = IncomingRecord(
        number: member.number, parent: place.parent, name: place.name, address: address, metadata)
      journal.didChange(member: member.number, to: record.bytes)
    }
  }

  /// Takes over the members of earlier processes.
  ///
  /// - Parameter makeFile: makes the file of a record.
  func restore(_ records: [[UInt8]], _ makeFile: (IncomingRecord, BlobAddress) -> IncomingFile) {
    let records = records.compactMap { IncomingRecord($0) }
    state.withLock { state in
      for record in records where record.address == nil { state.members[record.number] = [:] }
      for record in records where state.members[record.parent] != nil {
        // A name that stands in two records is that of the later one.
        if let old = state.members[record.parent]?[record.name] {
          state.places[old.number] = nil
          state.members[old.number] = nil
        }
        state.members[record.parent]?[record.name] =
          if let address = record.address {
            .file(makeFile(record, address))
          } else {
            .directory(IncomingInode(number: record.number, record.metadata))
          }
        state.places[record.number] = (record.parent, record.name)
      }
      for number in Array(state.members.keys) where number != 0 && state.places[number] == nil {
        state.members[number] = nil
      }
    }
  }

  /// The member of a number.
  func member(numbered number: UInt64) -> Member? {
    state.withLock(notifying: .none) { state in
      state.places[number].flatMap { state.members[$0.parent]?[$0.name] }
    }
  }
}

extension TreeContext {
  /// The node of a member of `incoming` or `committed` by its id, whatever name it has now.
  func incomingNode(_ id: NodeID) -> (any Node)? {
    guard let (number, isCommitted) = Inode.incomingNumber(id.rawValue), let member = incoming.member(numbered: number)
    else { return nil }
    switch member {
    case .directory(let state):
      return isCommitted ? CommittedDirectory(self, state) : IncomingDirectory(self, incoming, state)
    case .file(let file): return isCommitted ? file.address.map { CommittedLink(self, file, $0) } : file
    }
  }
}
