extension ImageIndex {
  /// The descriptor of an entry as one line of JSON, without the name in ``Descriptor/referenceNameKey``.
  ///
  /// The result is ``Descriptor/description`` of the descriptor without that name. An entry as tools write it is copied
  /// without its white space, because making values of 100,000 entries takes a second.
  package func unnamedDescriptorText(at position: Int) -> Result<[UInt8], InvalidValue> {
    if let text = copyOfUnnamedDescriptor(at: position) { return .success(text) }
    return entries[position].descriptor.map { $0.named(nil).json.serialized }
  }

  /// The text of an entry that has a name and no escapes; `nil` for another one.
  func copyOfUnnamedDescriptor(at position: Int) -> [UInt8]? {
    var scanner = IndexEntryScanner(content)
    let start = text.items[position].start
    guard let (end, _) = scanner.scan(from: start), scanner.isDescriptor, let name = scanner.reference else {
      return nil
    }
    var copy = JSONCopy(capacity: end - start, hasSpace: scanner.hasSpace)
    copy.append(content[start..<name.lowerBound - 1])
    copy.dropMember(Descriptor.referenceNameKey)
    var rest = copy.positionAfterMember(in: content, from: name.upperBound + 1)
    if copy.dropEmptyObject(IndexOutline.annotations, before: content[rest]) {
      rest = copy.positionAfterMember(in: content, from: rest + 1)
    }
    copy.append(content[rest..<end])
    return copy.bytes
  }
}

/// A copy of JSON text that has no escapes, without the white space between tokens and without some members.
private struct JSONCopy {
  private(set) var bytes: [UInt8] = []
  private let hasSpace: Bool

  /// - Parameter hasSpace: whether there can be white space between tokens.
  init(capacity: Int, hasSpace: Bool) {
    self.hasSpace = hasSpace
    bytes.reserveCapacity(capacity)
  }

  /// Copies text that begins and ends outside of a string.
  mutating func append(_ text: ArraySlice<UInt8>) {
    if !hasSpace {
      bytes += text
      return
    }
    var isInString = false
    for byte in text {
      if byte == UInt8(ascii: "\"") { isInString.toggle() }
      if isInString || !JSONParser.isSpace(byte) { bytes.append(byte) }
    }
  }

  /// Removes the name of a member from the end, and the comma before it.
  mutating func dropMember(_ name: String) {
    bytes.removeLast(name.utf8.count + 3)
    if bytes.last == UInt8(ascii: ",") { bytes.removeLast() }
  }

  /// Removes an empty object from the end, whose brace would be next.
  mutating func dropEmptyObject(_ name: String, before next: UInt8) -> Bool {
    guard next == UInt8(ascii: "}"), bytes.last == UInt8(ascii: "{") else { return false }
    bytes.removeLast()
    dropMember(name)
    return true
  }

  /// The position of the token that follows a member that was removed: a comma is skipped where no member is before it.
  func positionAfterMember(in content: [UInt8], from start: Int) -> Int {
    var position = start
    func skipSpace() { while JSONParser.isSpace(content[position]) { position += 1 } }
    skipSpace()
    if content[position] == UInt8(ascii: ","), bytes.last == UInt8(ascii: "{") {
      position += 1
      skipSpace()
    }
    return position
  }
}
