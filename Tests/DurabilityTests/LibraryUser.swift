import CAS
import CASDirectory
import CASPlatform
import Foundation
import OCI

/// A user of the library on a shared store, controlled by a script: it does a round each time the script writes the
/// number of the next one into `go`, notes its changes as the script's workers do, and then creates `done.NUMBER`.
struct LibraryUser: Sendable {
  /// The folder with the store `store` and the notes.
  var folder: String
  var seed: UInt64

  /// Runs on a thread of its own until the script writes `end`.
  func start() throws {
    try Thread.start("library") {
      do {
        try work()
      } catch {
        try? "\(error)".write(toFile: folder + "/library.failed", atomically: true, encoding: .utf8)
      }
    }
  }

  private func work() throws {
    var last = "0"
    while true {
      Thread.sleep(for: .milliseconds(20))
      // The file is empty for a moment while it is written.
      guard let word = try? String(contentsOfFile: folder + "/go", encoding: .utf8), !word.isEmpty, word != last else {
        continue
      }
      if word == "end" { return }
      last = word
      try round(word)
      try Data().write(to: URL(filePath: folder + "/done." + word))
    }
  }

  private func round(_ number: String) throws {
    let store = try DriverRegistry([DirectoryDriver()]).open(folder + "/store")
    defer { store.close() }
    var (blobs, tags, won) = ("", "", "")
    for turn in 1...8 {
      let content = Array("library \(seed) \(number) \(turn)".utf8)
      let digest = try store.putBlob(content).digest
      blobs += digest.hex + "\n"
      let descriptor = try store.descriptor(for: digest)
      try store.putReference(descriptor, named: ReferenceName("library.\(turn)"))
      tags += "library.\(turn) \(digest.hex)\n"
      let contested = try ReferenceName("w\(turn)")
      do throws(CASError) {
        try store.putReference(descriptor, named: contested)
        won += "w\(turn) \(digest.hex)\n"
      } catch {
        guard error.code == .clobber else { throw error }
      }
      guard try store.blobContents(digest, limit: 1 << 20) == content else { throw Wrong(digest: digest) }
      try store.forEachBlob { (digest) throws(CASError) in
        do throws(CASError) {
          _ = try store.openBlob(digest)
        } catch {
          // Deleted by its owner.
          if error.code != .notFound { throw error }
        }
      }
    }
    for (name, text) in [("acks", blobs), ("tags", tags), ("won", won)] {
      try text.write(toFile: "\(folder)/work.l/\(name)", atomically: true, encoding: .utf8)
    }
  }

  private struct Wrong: Error {
    var digest: Digest
  }
}
