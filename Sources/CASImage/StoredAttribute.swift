import CASPlatform

/// Whether Linux stores the value of an extended attribute that it interprets. Another value would be an error of every
/// tool that reads it.
enum StoredAttribute {
  /// The tags of an access control list, in their order (the kernel's `posix_acl.h`).
  private enum Tag {
    static let owner = 0x01
    static let user = 0x02
    static let groupOwner = 0x04
    static let group = 0x08
    static let mask = 0x10
    static let others = 0x20
  }

  private static let listVersion = 2
  /// The lengths of a capability set by its version (the kernel's `capability.h`), which is in the top byte.
  private static let capabilityLengths = [2 << 24: 20, 3 << 24: 24]
  /// The only flag beside the version: the capabilities are effective.
  private static let effectiveFlag = 1

  /// - Parameter kind: the type of the file; `nil` for a hard link.
  static func isValid(_ attribute: ExtendedAttribute, of kind: FileKind?) -> Bool {
    switch String(decoding: attribute.name, as: UTF8.self) {
    case "system.posix_acl_access": isAccessControlList(attribute.value)
    case "system.posix_acl_default": kind == .directory && isAccessControlList(attribute.value)
    case "security.capability": isCapabilitySet(attribute.value)
    case let name: !name.hasPrefix("system.")
    }
  }

  /// A version, then entries of tag, permissions and id, all little-endian (the kernel's `posix_acl_xattr.h`).
  private static func isAccessControlList(_ value: [UInt8]) -> Bool {
    guard value.count > 4, (value.count - 4) % 8 == 0, number(value, 0, 4) == listVersion else { return false }
    var tags: [Int] = []
    for start in stride(from: 4, to: value.count, by: 8) {
      guard number(value, start + 2, 2) & ~7 == 0 else { return false }
      tags.append(number(value, start, 2))
    }
    let single = tags.filter { $0 != Tag.user && $0 != Tag.group }
    let hasNames = single.count < tags.count
    let masked = [Tag.owner, Tag.groupOwner, Tag.mask, Tag.others]
    return tags == tags.sorted() && (single == masked || (!hasNames && single == masked.filter { $0 != Tag.mask }))
  }

  private static func isCapabilitySet(_ value: [UInt8]) -> Bool {
    value.count >= 4 && capabilityLengths[number(value, 0, 4) & ~effectiveFlag] == value.count
  }

  private static func number(_ value: [UInt8], _ offset: Int, _ count: Int) -> Int {
    value[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
