import CASPlatform
import CFUSE
import Glibc
import StoreTree
import SystemPackage

extension Operations {
  static func addFiles(to table: inout fuse_lowlevel_ops) {
    unsafe table.open = { (request, node, info) in
      let flags = unsafe info?.pointee.flags ?? 0
      let open = OpenRequest(isWriting: flags & O_ACCMODE != O_RDONLY, isTruncating: flags & O_TRUNC != 0)
      let isImplicit = unsafe SessionState.of(request)?.opensImplicitly == true
      unsafe serve(request, open.isTruncating ? .fatalSignal : .anySignal) { (tree, context) throws(Errno) in
        // The kernel sends neither FUSE_OPEN nor FUSE_RELEASE after this.
        if isImplicit { throw .noFunction }
        return .opened(try tree.open(NodeID(node), open, context), NodeID(node))
      }
    }
    unsafe table.create = { (request, parent, raw, mode, _) in
      unsafe serve(request, .fatalSignal) { (tree, context) throws(Errno) in
        let made = try tree.create(unsafe name(raw), permissions: mode, in: NodeID(parent), context)
        return .created(made.entry, made.file)
      }
    }
    unsafe table.read = { (request, node, size, offset, info) in
      unsafe serve(request) { (tree, context) throws(Errno) in
        try Operations.requireBounded(size)
        let open = try unsafe handle(info)
        let result = try tree.read(open, of: NodeID(node), at: Int64(offset), count: size, context)
        return switch result {
        case .bytes(let bytes): .bytes(bytes)
        case .file(let file, let offset, let count): .file(file, offset: offset, count: count)
        }
      }
    }
    unsafe table.lseek = { (request, node, offset, whence, info) in
      unsafe serve(request) { (tree, context) throws(Errno) in
        guard let target = SeekTarget(whence: whence) else { throw .invalidArgument }
        let (open, file) = (try unsafe handle(info), NodeID(node))
        return .offset(try tree.offset(of: target, from: Int64(offset), in: open, of: file, context))
      }
    }
    unsafe table.write = { (request, _, start, size, offset, info) in
      unsafe serve(request, .fatalSignal) { (tree, context) throws(Errno) in
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: size).bindMemory(to: UInt8.self)
        try tree.write(unsafe handle(info), unsafe bytes.span, at: Int64(offset), context)
        return .written(size)
      }
    }
    unsafe table.flush = { (request, node, info) in
      let isImplicit = unsafe SessionState.of(request)?.opensImplicitly == true
      unsafe serve(request, .fatalSignalWhileBlocked) { (tree, context) throws(Errno) in
        // The kernel sends no FUSE_FLUSH after this.
        if isImplicit { throw .noFunction }
        var context = context
        context.descriptorTable = unsafe info?.pointee.lock_owner ?? 0
        try tree.flush(unsafe handle(info), of: NodeID(node), context)
        return .done
      }
    }
    unsafe table.fsync = { (request, node, _, info) in
      unsafe serve(request, .fatalSignal) { (tree, context) throws(Errno) in
        try tree.synchronize(unsafe handle(info), of: NodeID(node), context)
        return .done
      }
    }
    unsafe table.release = { (request, node, info) in
      unsafe serve(request, .fatalSignal) { (tree, context) throws(Errno) in
        try tree.release(unsafe handle(info), context) ? .released(NodeID(node)) : .done
      }
    }
  }

  /// Rejects a size over the `max_pages` that libfuse negotiates, before a buffer of it is allocated.
  fileprivate static func requireBounded(_ size: Int) throws(Errno) {
    guard size <= 256 * Int(getpagesize()) else { throw .invalidArgument }
  }

  static func addDirectories(to table: inout fuse_lowlevel_ops) {
    unsafe table.opendir = { (request, node, _) in
      unsafe serve(request) { (tree, context) throws(Errno) in
        let handle = try tree.openDirectory(NodeID(node), context)
        return .openedDirectory(handle, isLasting: try tree.hasLastingEntries(handle))
      }
    }
    unsafe table.readdir = { (request, node, size, offset, info) in
      let sessionState = unsafe serve(request) { (tree, context) throws(Errno) in
        try Operations.requireBounded(size)
        var listing = DirentBuffer(size)
        try tree.entries(of: unsafe handle(info), in: NodeID(node), from: Int64(offset), context) { (entry, next) in
          listing.add(entry, next)
        }
        return .bytes(listing.used)
      }
      if let sessionState, let open = try? unsafe handle(info) {
        sessionState.tree.readAhead(open) { sessionState.workers.promoteFollower() }
      }
    }
    unsafe table.readdirplus = { (request, node, size, offset, info) in
      unsafe serve(request) { (tree, context) throws(Errno) in
        try Operations.requireBounded(size)
        var listing = DirentBuffer(size)
        let (open, directory) = (try unsafe handle(info), NodeID(node))
        try tree.entriesWithLookups(of: open, in: directory, from: Int64(offset), context) { (entry, found, next) in
          listing.add(entry, found, next)
        }
        return .entries(listing.used, listing.nodes)
      }
    }
    unsafe table.releasedir = { (request, _, info) in
      unsafe serve(request) { (tree, _) throws(Errno) in
        try tree.releaseDirectory(unsafe handle(info))
        return .done
      }
    }
  }
}
