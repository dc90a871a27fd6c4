import CAS
import CASDirectory
import OCI
import SystemPackage

/// Uses a store in a directory from asynchronous code, as a server or a build tool would, and fails when something is
/// not as documented.
@main struct Adoption {
  static func main() async throws {
    let path = CommandLine.arguments.dropFirst().first ?? "adoption-store"
    let store = try await create(path)
    try await putConcurrently(into: store)
    try await cancelledPut(into: store)
    try putFile(into: store)
    store.close()
    print("done")
  }

  private static func create(_ path: String) async throws -> any Engine {
    try DriverRegistry([DirectoryDriver()]).create(path)
  }

  /// Tasks may outnumber the threads of the cooperative pool: each put blocks a thread of its own.
  private static func putConcurrently(into store: any Engine) async throws {
    let digests = try await withThrowingTaskGroup(of: Digest.self) { (group) in
      for number in 0..<32 {
        group.addTask {
          try await store.run { (engine, cancellation) throws(CASError) in
            try engine.putBlob(Array("blob \(number)".utf8), cancellation: cancellation).digest
          }
        }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    try expect(digests.count == 32, "32 blobs")
    for digest in digests {
      let content = try await store.run { (engine, _) throws(CASError) in
        try engine.blobContents(digest, limit: 100)
      }
      try expect(content.starts(with: "blob ".utf8), "the content of \(digest)")
    }
  }

  /// Cancelling a task cancels the operation, and leaves nothing behind.
  private static func cancelledPut(into store: any Engine) async throws {
    let (started, signal) = AsyncStream.makeStream(of: Void.self)
    try await withThrowingTaskGroup(of: Void.self) { (group) in
      group.addTask {
        do throws(CASError) {
          _ = try await endlessPut(into: store) { signal.yield() }
        } catch {
          guard error.code == .cancelled else { throw error }
          return
        }
        throw Failure(description: "an endless put has ended")
      }
      for await _ in started { break }
      group.cancelAll()
      try await group.waitForAll()
    }
    try expect(try store.clean(cancellation: .none) == 0, "no temporary file")
  }

  private static func endlessPut(
    into store: any Engine, started: @escaping @Sendable () -> Void
  ) async throws(CASError) -> BlobAddress {
    try await store.run { (engine, cancellation) throws(CASError) in
      try engine.putBlob(cancellation: cancellation) { () throws(CASError) in
        started()
        return [UInt8](repeating: 0, count: 1024)
      }
    }
  }

  /// A path and a descriptor of swift-system are sources of a blob.
  private static func putFile(into store: any Engine) throws {
    let path = FilePath("/etc/hostname")
    let byPath = try store.putBlob(contentsOf: path)
    let descriptor = try FileDescriptor.open(path, .readOnly)
    let byDescriptor = try descriptor.closeAfter { try store.putBlob(contentsOf: descriptor) }
    try expect(byPath == byDescriptor, "one address for one content")
  }

  private static func expect(_ condition: Bool, _ what: String) throws {
    if !condition { throw Failure(description: "not so: \(what)") }
  }
}

/// Why the library does not do what it says.
struct Failure: Error, CustomStringConvertible {
  let description: String
}
