import SystemPackage

/// Open files that are kept only to save the next open. When the process has no descriptor left (EMFILE, ENFILE), they
/// are closed and the call that needs one is repeated.
package enum CachedDescriptors {
  private struct State {
    var last: UInt64 = 0
    var caches: [UInt64: @Sendable () -> Void] = [:]
  }

  private static let state = Monitor(State())

  /// A cache that is known, until it is removed.
  package struct Registration: Sendable {
    fileprivate let number: UInt64
  }

  /// Makes a cache known.
  ///
  /// - Parameter release: closes the files of the cache that are not in use. It is called in the middle of any operation
  ///   that opens a file, so it must open none, and its locks must not be held while a file is opened.
  package static func register(releasingWith release: @escaping @Sendable () -> Void) -> Registration {
    state.withLock { state in
      state.last += 1
      state.caches[state.last] = release
      return Registration(number: state.last)
    }
  }

  /// Forgets a cache.
  package static func remove(_ registration: Registration) {
    state.withLock { _ = $0.caches.removeValue(forKey: registration.number) }
  }

  /// Makes a descriptor by a system call, once more after the caches are closed when there is none left. The call is
  /// repeated after an interruption, as by `CASPlatform.retrying`.
  static func retrying(also other: Errno? = nil, _ open: () -> Int32) throws(Errno) -> Int32 {
    do throws(Errno) {
      return try CASPlatform.retrying(also: other, open)
    } catch {
      guard error == .tooManyOpenFiles || error == .tooManyOpenFilesInSystem else { throw error }
      let caches = state.withLock { Array($0.caches.values) }
      if caches.isEmpty { throw error }
      for release in caches { release() }
      return try CASPlatform.retrying(also: other, open)
    }
  }
}
