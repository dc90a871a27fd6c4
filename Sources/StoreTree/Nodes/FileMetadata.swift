import CASPlatform
import OCI
import SystemPackage

/// Mode, owner, times and extended attributes of a file or directory below `incoming`. They live as long as the mount.
struct FileMetadata: Sendable {
  var permissions: UInt32
  var user: UInt32
  var group: UInt32
  var accessed: Timestamp
  var modified: Timestamp
  var changed: Timestamp
  private(set) var attributes: [(name: String, value: [UInt8])] = []

  /// The most bytes that names and values of a file's extended attributes have in all, as on ext4.
  private static let attributeLimit = 64 << 10

  init(
    permissions: UInt32, user: UInt32, group: UInt32, now: Timestamp,
    attributes: [(name: String, value: [UInt8])] = []
  ) {
    self.attributes = attributes
    self.permissions = permissions
    self.user = user
    self.group = group
    accessed = now
    modified = now
    changed = now
  }

  /// The metadata of a new member of the directory that has this metadata. A directory with the set-group-id bit passes
  /// its group on.
  func ofNewChild(_ permissions: UInt32, isDirectory: Bool, _ context: RequestContext) -> FileMetadata {
    let setGroupIDBit = self.permissions & 0o2000
    return FileMetadata(
      permissions: permissions & 0o7777 | (isDirectory ? setGroupIDBit : 0), user: context.user,
      group: setGroupIDBit == 0 ? context.group : group, now: .now)
  }

  /// Sets every attribute except the size.
  ///
  /// - Throws: EPERM when another user than root gives the file away, or sets a group that it does not belong to.
  mutating func apply(
    _ changes: AttributeChanges, _ context: RequestContext, _ processes: any ProcessInspector
  ) throws(Errno) {
    if let user = changes.user, user != self.user, context.user != 0 { throw .notPermitted }
    if let group = changes.group, group != self.group, context.user != 0, group != context.group,
      !processes.isMember(of: group, thread: context.thread)
    {
      throw .notPermitted
    }
    if let permissions = changes.permissions { setPermissions(permissions) }
    if let user = changes.user { self.user = user }
    if let group = changes.group { self.group = group }
    if let accessed = changes.accessed { self.accessed = accessed }
    if let modified = changes.modified { self.modified = modified }
    changed = .now
  }

  /// Updates the times after a write. A write by another user than root clears the set-user-id and set-group-id bits,
  /// as on a disk.
  mutating func noteWrite(by context: RequestContext) {
    modified = .now
    changed = modified
    guard context.user != 0 else { return }
    permissions &= ~0o4000
    // Without group execution the bit meant mandatory locking once, and is kept.
    if permissions & 0o010 != 0 { permissions &= ~0o2000 }
  }

  private mutating func setPermissions(_ permissions: UInt32) {
    self.permissions = permissions & 0o7777
    guard let place = attributes.firstIndex(where: { $0.name.sameBytes(as: AccessControlList.attribute) }),
      var list = try? AccessControlList(attributes[place].value)
    else { return }
    list.setMode(permissions)
    attributes[place].value = list.value
  }

  func extendedAttribute(_ name: String) throws(Errno) -> [UInt8] {
    guard let attribute = attributes.first(where: { $0.name.sameBytes(as: name) }) else { throw .noData }
    return attribute.value
  }

  mutating func setExtendedAttribute(_ name: String, _ value: [UInt8], mustBe: AttributePresence) throws(Errno) {
    if name.utf8.starts(with: "user.casfs.".utf8) { throw .notPermitted }
    guard name.utf8.starts(with: "user.".utf8) || name.utf8.starts(with: "system.posix_acl_".utf8) else {
      throw .notSupportedOnSocket
    }
    let list = name.sameBytes(as: AccessControlList.attribute) ? try AccessControlList(value) : nil
    if let list, list.isMinimal {
      attributes.removeAll { $0.name.sameBytes(as: name) }
      permissions = permissions & 0o7000 | list.mode
      changed = .now
      return
    }
    let place = attributes.firstIndex { $0.name.sameBytes(as: name) }
    switch mustBe {
    case .absent where place != nil: throw .fileExists
    case .present where place == nil: throw .noData
    default: break
    }
    var changed = attributes
    if let place { changed.remove(at: place) }
    changed.append((name, value))
    guard changed.reduce(0, { $0 + $1.name.utf8.count + $1.value.count }) <= Self.attributeLimit else { throw .noSpace }
    attributes = changed
    if let list { permissions = permissions & 0o7000 | list.mode }
    self.changed = .now
  }

  mutating func removeExtendedAttribute(_ name: String) throws(Errno) {
    if name.utf8.starts(with: "user.casfs.".utf8) { throw .notPermitted }
    guard let place = attributes.firstIndex(where: { $0.name.sameBytes(as: name) }) else { throw .noData }
    attributes.remove(at: place)
    changed = .now
  }
}
