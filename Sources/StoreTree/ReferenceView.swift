internal import CAS
internal import OCI
internal import Platform
internal import SystemPackage

/// The references of the store as paths below `refs`, no older than half a second.
///
/// Names with `/` are nested. A name that another is a path prefix of cannot be, so it is shown flat, with `%2F`; `%`
/// is `%25`. Each path stands for one name.
final class ReferenceView: Sendable {
  /// What stands at a path.
  enum Place: Sendable {
    case directory(children: [FileName])
    case reference(Reference)
  }

  private struct Snapshot {
    var places: [[FileName]: Place]
    var index: [UInt8]
    var taken: Timestamp
  }

  private let engine: any Engine
  private let snapshot = Monitor<Snapshot?>(nil)

  init(_ engine: any Engine) {
    self.engine = engine
  }

  func place(_ path: [FileName], _ shared: TreeShared) throws(Errno) -> Place? {
    try current(shared).places[path]
  }

  /// The store's index as a layout has it.
  func index(_ shared: TreeShared) throws(Errno) -> [UInt8] {
    try current(shared).index
  }

  private func current(_ shared: TreeShared) throws(Errno) -> Snapshot {
    let now = Timestamp.now
    let known = snapshot.withLock { $0 }
    if let known, now >= known.taken, Self.age(known.taken, now) < 0.5 { return known }
    let new = try shared.translating { () throws(CASError) in
      Snapshot(
        places: Self.places(try engine.listReferences()), index: try engine.index().content, taken: now)
    }
    snapshot.withLock { $0 = new }
    return new
  }

  private static func age(_ from: Timestamp, _ to: Timestamp) -> Double {
    Double(to.seconds - from.seconds) + (Double(to.nanoseconds) - Double(from.nanoseconds)) / 1e9
  }

  static func places(_ references: [Reference]) -> [[FileName]: Place] {
    let names = Set(references.map(\.name))
    var children: [[FileName]: [FileName]] = [[]: []]
    var places: [[FileName]: Place] = [:]
    for reference in references {
      let path = path(of: reference.name, among: names)
      guard path.allSatisfy({ $0.text.utf8.count <= FileName.maximumLength }) else { continue }
      places[path] = .reference(reference)
      for depth in path.indices.reversed() {
        let parent = Array(path[..<depth])
        let isNew = children[parent] == nil
        children[parent, default: []].append(path[depth])
        if !isNew { break }
      }
    }
    for (path, names) in children { places[path] = .directory(children: names) }
    return places
  }

  private static func path(of name: ReferenceName, among names: Set<ReferenceName>) -> [FileName] {
    let components = name.description.utf8.split(separator: UInt8(ascii: "/")).map {
      String(decoding: $0, as: UTF8.self)
    }
    var prefix = ""
    for component in components.dropLast() {
      prefix += prefix.isEmpty ? component : "/" + component
      if let other = try? ReferenceName(reading: prefix), names.contains(other) {
        return [FileName(escaped(name.description))]
      }
    }
    return components.map { FileName(escaped($0)) }
  }

  private static func escaped(_ text: String) -> String {
    var result: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "%"): result.append(contentsOf: "%25".utf8)
      case UInt8(ascii: "/"): result.append(contentsOf: "%2F".utf8)
      default: result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
