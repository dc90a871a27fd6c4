import OCI
import SystemPackage

/// A POSIX access control list in the form of the extended attribute `system.posix_acl_access` (`acl(5)`; the kernel's
/// `posix_acl_xattr.h`): a version, then entries of tag, permissions and id, all little-endian.
///
/// The entries for owner, group and others are the file's permission bits, which some tools set this way.
package struct AccessControlList {
  /// The name of the attribute.
  package static let attribute = "system.posix_acl_access"

  private struct Entry {
    var tag: UInt16
    var permissions: UInt16
    var id: UInt32
  }

  private enum Tag {
    static let owner: UInt16 = 0x01
    static let namedUser: UInt16 = 0x02
    static let group: UInt16 = 0x04
    static let namedGroup: UInt16 = 0x08
    static let mask: UInt16 = 0x10
    static let others: UInt16 = 0x20
  }

  private static let version: UInt32 = 2
  private var entries: [Entry] = []

  /// Parses the attribute's value.
  ///
  /// - Throws: EINVAL when it is malformed.
  init(_ value: [UInt8]) throws(Errno) {
    func number(_ offset: Int, _ count: Int) -> UInt32 {
      value[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
    guard value.count >= 4, (value.count - 4) % 8 == 0, number(0, 4) == Self.version else { throw .invalidArgument }
    for start in stride(from: 4, to: value.count, by: 8) {
      entries.append(
        Entry(
          tag: UInt16(number(start, 2)), permissions: UInt16(number(start + 2, 2)) & 7, id: number(start + 4, 4)))
    }
    guard [Tag.owner, Tag.group, Tag.others].allSatisfy({ permissions($0) != nil }) else { throw .invalidArgument }
  }

  /// Checks that an extended attribute is an access control list that is no more than a mode.
  ///
  /// - Throws: EOPNOTSUPP for any other one, which tools that copy attributes ignore; EINVAL when it is malformed.
  static func requireMinimal(_ name: String, _ value: [UInt8]) throws(Errno) {
    guard name.sameBytes(as: attribute), try AccessControlList(value).isMinimal else { throw .notSupportedOnSocket }
  }

  /// Whether the list has only the entries that permission bits have.
  var isMinimal: Bool { entries.count == 3 }

  /// The permission bits. The group's are those of the mask, if there is one.
  var mode: UInt32 {
    let group = permissions(Tag.mask) ?? permissions(Tag.group) ?? 0
    return UInt32(permissions(Tag.owner) ?? 0) << 6 | UInt32(group) << 3 | UInt32(permissions(Tag.others) ?? 0)
  }

  /// The permission bits that grant nothing which the list denies: a user with an entry can be a
  /// member of the group or one of the others, and a member of a group with an entry one of the others.
  var boundedMode: UInt32 {
    let mask = permissions(Tag.mask) ?? 7
    func common(_ tags: UInt16...) -> UInt16 {
      entries.filter { tags.contains($0.tag) }.reduce(7) { $0 & $1.permissions }
    }
    let group = (permissions(Tag.group) ?? 0) & mask & common(Tag.namedUser)
    var others = permissions(Tag.others) ?? 0
    if entries.contains(where: { $0.tag == Tag.namedUser || $0.tag == Tag.namedGroup }) {
      others &= mask & common(Tag.namedUser, Tag.namedGroup)
    }
    return UInt32(permissions(Tag.owner) ?? 0) << 6 | UInt32(group) << 3 | UInt32(others)
  }

  /// Changes the permission bits, as `chmod(2)` does.
  mutating func setMode(_ mode: UInt32) {
    let group = permissions(Tag.mask) == nil ? Tag.group : Tag.mask
    for index in entries.indices {
      switch entries[index].tag {
      case Tag.owner: entries[index].permissions = UInt16(mode >> 6 & 7)
      case group: entries[index].permissions = UInt16(mode >> 3 & 7)
      case Tag.others: entries[index].permissions = UInt16(mode & 7)
      default: break
      }
    }
  }

  /// The attribute's value.
  var value: [UInt8] {
    func bytes(_ number: UInt32, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt32($0 * 8)) }
    }
    return bytes(Self.version, 4)
      + entries.flatMap { bytes(UInt32($0.tag), 2) + bytes(UInt32($0.permissions), 2) + bytes($0.id, 4) }
  }

  private func permissions(_ tag: UInt16) -> UInt16? {
    entries.first { $0.tag == tag }?.permissions
  }
}
