import CASPlatform
import CFUSE
import Glibc
import OCI
import StoreTree
import SystemPackage

extension Operations {
  static func addAttributes(to table: inout fuse_lowlevel_ops) {
    unsafe table.getattr = { (request, node, _) in
      unsafe serve(request) { (tree, context) throws(Errno) in
        .attributes(try tree.attributes(of: NodeID(node), context))
      }
    }
    unsafe table.setattr = { (request, node, status, set, info) in
      unsafe serve(request, .fatalSignal) { (tree, context) throws(Errno) in
        guard let status = unsafe status else { throw .invalidArgument }
        let changes = unsafe AttributeChanges(status.pointee, set)
        let open: HandleID? = if unsafe info == nil { nil } else { try unsafe handle(info) }
        return .attributes(try tree.setAttributes(of: NodeID(node), changes, handle: open, context))
      }
    }
    // Not sent with default_permissions, with which the kernel checks modes itself.
    unsafe table.access = { (request, node, mask) in
      unsafe serve(request) { (tree, context) throws(Errno) in
        try tree.checkAccess(to: NodeID(node), executing: mask & X_OK != 0, context)
        return .done
      }
    }
    unsafe table.getxattr = { (request, node, raw, room) in
      let sessionState = unsafe SessionState.of(request)
      unsafe serve(request) { (tree, context) throws(Errno) in
        let name = try unsafe name(raw)
        if let sessionState, NodeID(node) == .root, name.sameBytes(as: MountStatus.attribute) {
          return try Operations.fitting(sessionState.status.content, room)
        }
        return try Operations.fitting(tree.extendedAttribute(name, of: NodeID(node), context), room)
      }
    }
    unsafe table.listxattr = { (request, node, room) in
      unsafe serve(request) { (tree, context) throws(Errno) in
        let names = try tree.extendedAttributeNames(of: NodeID(node), context)
        return try Operations.fitting(names.flatMap { NameText.bytes(of: $0) + [0] }, room)
      }
    }
    unsafe table.setxattr = { (request, node, raw, value, size, flags) in
      let sessionState = unsafe SessionState.of(request)
      unsafe serve(request, .fatalSignal) { (tree, context) throws(Errno) in
        let bytes = unsafe Array(UnsafeRawBufferPointer(start: value, count: size))
        // XATTR_CREATE is 1, XATTR_REPLACE 2.
        let presence: AttributePresence = flags & 1 != 0 ? .absent : flags & 2 != 0 ? .present : .either
        let name = try unsafe name(raw)
        try tree.setExtendedAttribute(name, to: bytes, of: NodeID(node), mustBe: presence, context)
        // It may have changed the mode.
        if name.sameBytes(as: AccessControlList.attribute) { sessionState?.invalidateAttributes(of: NodeID(node)) }
        return .done
      }
    }
    unsafe table.removexattr = { (request, node, raw) in
      unsafe serve(request, .fatalSignal) { (tree, context) throws(Errno) in
        try tree.removeExtendedAttribute(unsafe name(raw), of: NodeID(node), context)
        return .done
      }
    }
  }

  fileprivate static func fitting(_ bytes: [UInt8], _ room: Int) throws(Errno) -> Reply {
    if room == 0 { return .length(bytes.count) }
    guard bytes.count <= room else { throw .outOfRange }
    return .bytes(bytes)
  }
}
