import CASPlatform
import CFUSE
import CLinux
import Glibc
import StoreTree
import SystemPackage

/// The operations of `struct fuse_lowlevel_ops`: each decodes its arguments, calls the tree, and replies.
enum Operations {
  static func table() -> fuse_lowlevel_ops {
    var table = fuse_lowlevel_ops()
    addConnection(to: &table)
    addNames(to: &table)
    addAttributes(to: &table)
    addFiles(to: &table)
    addDirectories(to: &table)
    return table
  }

  private static func addConnection(to table: inout fuse_lowlevel_ops) {
    unsafe table.`init` = { (data, connection) in
      guard let connection = unsafe connection, let data = unsafe data else { return }
      let sessionState = unsafe SessionState.of(data)
      let capable = unsafe connection.pointee.capable
      var want = unsafe connection.pointee.want
      // The content of a node never changes, so cached pages need no check of the attributes.
      want &= ~UInt32(FUSE_CAP_AUTO_INVAL_DATA)
      // Written data is hashed, so it must be in memory.
      want &= ~UInt32(FUSE_CAP_SPLICE_READ)
      // A truncation without FUSE_OPEN is FUSE_SETATTR, which the tree can refuse.
      if sessionState.opensImplicitly {
        want &= ~UInt32(FUSE_CAP_ATOMIC_O_TRUNC)
      } else {
        want |= capable & UInt32(FUSE_CAP_ATOMIC_O_TRUNC)
      }
      let splice = UInt32(FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE)
      if sessionState.splices { want |= capable & splice } else { want &= ~splice }
      unsafe connection.pointee.want = want
      unsafe connection.pointee.max_read = sessionState.maximumRead
      // FUSE_RELEASE goes through the background queue and must not wait for reads.
      unsafe connection.pointee.max_background = 128
      unsafe connection.pointee.congestion_threshold = 96
    }
    unsafe table.ioctl = { (request, node, command, _, _, _, _, _, _) in
      let sessionState = unsafe SessionState.of(request)
      unsafe serve(request) { (_, context) throws(Errno) in
        guard let sessionState, NodeID(node) == .root, Int(command) == CASFS_IOC_RELOAD
        else { throw Errno(rawValue: ENOTTY) }
        try sessionState.reloads.begin(by: context.user)
        return .controlled
      }
    }
    unsafe table.statfs = { (request, _) in
      unsafe serve(request) { (tree, _) throws(Errno) in .statistics(try tree.space()) }
    }
  }

  private static func addNames(to table: inout fuse_lowlevel_ops) {
    unsafe table.lookup = { (request, parent, raw) in
      unsafe serve(request) { (tree, context) throws(Errno) in
        .entry(try tree.lookup(unsafe name(raw), in: NodeID(parent), context))
      }
    }
    unsafe table.forget = { (request, node, times) in
      unsafe serve(request) { (tree, _) throws(Errno) in
        tree.forget(NodeID(node), times: times)
        return .nothing
      }
    }
    unsafe table.forget_multi = { (request, count, forgets) in
      unsafe serve(request) { (tree, _) throws(Errno) in
        unsafe UnsafeBufferPointer(start: forgets, count: count).forEach { forget in
          tree.forget(NodeID(forget.ino), times: forget.nlookup)
        }
        return .nothing
      }
    }
    unsafe table.readlink = { (request, node) in
      unsafe serve(request) { (tree, _) throws(Errno) in .link(try tree.linkTarget(of: NodeID(node))) }
    }
    unsafe table.mkdir = { (request, parent, raw, mode) in
      unsafe serve(request, .fatalSignal) { (tree, context) throws(Errno) in
        .entry(try tree.makeDirectory(unsafe name(raw), permissions: mode, in: NodeID(parent), context))
      }
    }
    unsafe table.unlink = { (request, parent, raw) in
      unsafe serve(request, .fatalSignal) { (tree, context) throws(Errno) in
        try tree.removeFile(unsafe name(raw), in: NodeID(parent), context)
        return .done
      }
    }
    unsafe table.rmdir = { (request, parent, raw) in
      unsafe serve(request, .fatalSignal) { (tree, context) throws(Errno) in
        try tree.removeDirectory(unsafe name(raw), in: NodeID(parent), context)
        return .done
      }
    }
    unsafe table.rename = { (request, parent, raw, otherParent, otherRaw, flags) in
      unsafe serve(request, .fatalSignal) { (tree, context) throws(Errno) in
        guard flags & ~UInt32(casfs_RENAME_NOREPLACE) == 0 else { throw .invalidArgument }
        try tree.rename(
          unsafe name(raw), in: NodeID(parent), to: unsafe name(otherRaw), in: NodeID(otherParent),
          replacing: flags == 0, context)
        return .done
      }
    }
    unsafe table.mknod = { (request, parent, raw, mode, _) in
      unsafe serve(request, .fatalSignal) { (tree, context) throws(Errno) in
        guard mode & UInt32(Glibc.S_IFMT) == UInt32(Glibc.S_IFREG) else {
          throw tree.refuseSpecial(in: NodeID(parent))
        }
        return .entry(try tree.makeFile(unsafe name(raw), permissions: mode, in: NodeID(parent), context))
      }
    }
    unsafe table.symlink = { (request, _, parent, _) in
      unsafe serve(request) { (tree, _) throws(Errno) in throw tree.refuseSpecial(in: NodeID(parent)) }
    }
    unsafe table.link = { (request, _, parent, _) in
      unsafe serve(request) { (tree, _) throws(Errno) in throw tree.refuseSpecial(in: NodeID(parent)) }
    }
  }
}
