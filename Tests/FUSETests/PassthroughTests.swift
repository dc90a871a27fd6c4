import CASPlatform
import Glibc
import StoreTree
import Synchronization
import Testing

@testable import FUSE
@testable import StoreTree

@Suite struct PassthroughTests {
  /// Stands in for the kernel: gives out backing ids.
  private final class Kernel: Sendable {
    struct State: Sendable {
      var lastID: Int32 = 0
      var open: Set<Int32> = []
      var calls = 0
      /// The errno of a call; 0 means success.
      var error: Int32 = 0
    }

    let state = Monitor(State())

    func passthrough() -> Passthrough {
      Passthrough(
        registering: { [state] _ in
          state.withLock { state in
            state.calls += 1
            guard state.error == 0 else { return -state.error }
            state.lastID += 1
            state.open.insert(state.lastID)
            return state.lastID
          }
        },
        closing: { [state] (id) in
          let wasOpen = state.withLock { $0.open.remove(id) } != nil
          #expect(wasOpen, "closed twice: \(id)")
        })
    }

    var open: Set<Int32> { state.withLock { $0.open } }
    var calls: Int { state.withLock { $0.calls } }
  }

  private let kernel = Kernel()
  private let node = NodeID(7)

  private func file() throws -> BackingFile {
    BackingFile(try OpenFile.open(path: "/dev/null", .readOnly))
  }

  @Test("concurrent opens of a node have one backing id")
  func shares() throws {
    let passthrough = kernel.passthrough()
    let file = try file()
    #expect(passthrough.open(node, file) == 1)
    #expect(passthrough.open(node, file) == 1)
    // Another descriptor of the same blob; the kernel would fail this open with EIO.
    #expect(passthrough.open(node, try self.file()) == 1)
    #expect(passthrough.open(NodeID(8), try self.file()) == 2)
  }

  @Test("a file that is reopened while it is cached keeps its id")
  func reopens() throws {
    let passthrough = kernel.passthrough()
    let file = try file()
    for _ in 0..<3 {
      #expect(passthrough.open(node, file) == 1)
      passthrough.release(node)
    }
    #expect(kernel.calls == 1)
    #expect(kernel.open == [1])
  }

  @Test("an id is closed with the last use, of the file or of an open")
  func closes() throws {
    let passthrough = kernel.passthrough()
    var file: BackingFile? = try file()
    if let file { #expect(passthrough.open(node, file) == 1) }
    if let file { #expect(passthrough.open(node, file) == 1) }
    file = nil
    passthrough.release(node)
    #expect(kernel.open == [1])
    passthrough.release(node)
    #expect(kernel.open == [])
    #expect(passthrough.open(node, try self.file()) == 2)
    passthrough.release(node)
    #expect(kernel.open == [])
  }

  @Test("a node that is open through the daemon stays so until its last release")
  func throughDaemon() throws {
    let passthrough = kernel.passthrough()
    kernel.state.withLock { $0.error = ENFILE }
    let file = try file()
    #expect(passthrough.open(node, file) == nil)
    kernel.state.withLock { $0.error = 0 }
    #expect(passthrough.open(node, file) == nil)
    passthrough.release(node)
    #expect(passthrough.open(node, file) == nil)
    passthrough.release(node)
    passthrough.release(node)
    #expect(passthrough.isUsable)
    #expect(passthrough.open(node, file) == 1)
  }

  @Test("after a permanent error the kernel is not asked again", arguments: [EPERM, ELOOP, EOPNOTSUPP, ENOSYS])
  func permanentError(_ error: Int32) throws {
    let passthrough = kernel.passthrough()
    kernel.state.withLock { $0.error = error }
    #expect(passthrough.open(node, try file()) == nil)
    #expect(!passthrough.isUsable)
    #expect(passthrough.open(NodeID(8), try file()) == nil)
    #expect(kernel.calls == 1)
  }

  @Test("a release of a node that is not open has no effect")
  func unknownRelease() throws {
    let passthrough = kernel.passthrough()
    passthrough.release(node)
    #expect(passthrough.open(node, try file()) == 1)
  }

  @Test("closing and reopening race: an open has an id that is not closed")
  func race() throws {
    let passthrough = kernel.passthrough()
    let descriptor = try OpenFile.open(path: "/dev/null", .readOnly)
    let use: @Sendable () -> Void = { [kernel, node] in
      guard let id = passthrough.open(node, BackingFile(descriptor)) else { return }
      #expect(kernel.open.contains(id))
      passthrough.release(node)
    }
    try FUSETests.race(rounds: 3000, prepare: { _ in (use, use) }, check: { _ in #expect(kernel.open.isEmpty) })
  }
}
