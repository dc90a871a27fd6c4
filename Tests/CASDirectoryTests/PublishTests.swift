import CAS
import CASPlatform
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import CASDirectory

@Suite("Putting blobs")
struct PublishTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func rootNames() throws -> [String] { try entryNames(folder("store")) }
  private static let clean = ["blobs", "index.json", "oci-layout"]

  @Test("D3: a blob is a file of mode 0444 under its digest, and nothing else is left", arguments: [false, true])
  func puts(named: Bool) throws {
    let engine = try folder.store(named: named)
    for content in ["".bytes, "hello".bytes, [UInt8](repeating: 7, count: 3 << 20)] {
      let address = try engine.putBlob(content)
      #expect(try address.digest == Digest.of(content))
      #expect(address.size == content.count)
      let status = try OpenFile.open(path: engine.file(address.digest), .readOnly).status()
      #expect(status.permissions == 0o444 && status.links == 1 && status.size == content.count)
      #expect(try engine.putBlob(content) == address)
      #expect(try engine.blobContents(address.digest, limit: 4 << 20) == content)
    }
    #expect(try rootNames() == Self.clean)
  }

  @Test("E4: a stage that is discarded, dropped, unexpected or failing leaves nothing", arguments: [false, true])
  func leavesNothing(named: Bool) throws {
    let engine = try folder.store(named: named)
    let discarded = try engine.stageBlob()
    try discarded.write("a".bytes.span, at: 0)
    discarded.discard()
    #expect(errorCode { try discarded.write("a".bytes.span, at: 0) } == .closed)
    do {
      let dropped = try engine.stageBlob()
      try dropped.write("b".bytes.span, at: 0)
      #expect(try rootNames().count == (named ? 4 : 3))
    }
    let wrong = BlobExpectation(digest: try Digest.of("other".bytes))
    #expect(errorCode { _ = try engine.putBlob("c".bytes, expecting: wrong) } == .mismatch)
    #expect(errorCode { _ = try engine.putBlob("c".bytes, expecting: BlobExpectation(size: 2)) } == .mismatch)
    var calls = 0
    #expect(
      errorCode {
        _ = try engine.putBlob { () throws(CASError) in
          calls += 1
          if calls == 3 { throw .notFound(OperationContext("read", on: "source")) }
          return "chunk".bytes
        }
      } == .notFound)
    #expect(try rootNames() == Self.clean)
    #expect(try entryNames(folder("store/blobs/sha256")).isEmpty)
  }

  @Test("D3: concurrent puts of the same and of different blobs all succeed", arguments: [false, true])
  func concurrentPuts(named: Bool) throws {
    let engine = try folder.store(named: named)
    let done = AtomicCounter()
    try onThreads(8) { worker in
      for number in 0..<20 {
        let shared = try? engine.putBlob("shared \(number)".bytes)
        let own = try? engine.putBlob("own \(worker) \(number)".bytes)
        if shared != nil, own != nil { done.add() }
      }
    }
    #expect(done.count == 160)
    #expect(try entryNames(folder("store/blobs/sha256")).count == 20 + 160)
    #expect(try rootNames() == Self.clean)
  }

  @Test("E5: a put heals a copy that is corrupt, truncated or unreadable", arguments: [false, true])
  func heals(named: Bool) throws {
    for damage in ["HELLO", "", "hello and more"] {
      let engine = try folder.store("store-\(damage.count)")
      engine.close()
      let path = folder("store-\(damage.count)")
      let layout = try OpenedLayout(opening: path, OperationContext("open store", on: path))
      let other = DirectoryEngine(layout, options: OpenOptions(), namesTemporaries: named)
      let address = try other.putBlob("hello".bytes)
      try SystemCommand.expect("chmod", "u+w", other.file(address.digest))
      try writeText(damage, other.file(address.digest))
      #expect(throws: CASError.self) { _ = try other.openBlob(address.digest) }
      #expect(try other.putBlob("hello".bytes) == address)
      #expect(try other.text(address.digest) == "hello")
      #expect(try entryNames(layout.path) == Self.clean)
      try removeItem(layout.path)
    }
  }

  @Test("D3: healing never removes the name, and races of healers, writers and readers end well")
  func healsInOneStep() throws {
    let engine = try folder.store()
    let address = try engine.putBlob("hello".bytes)
    let path = engine.file(address.digest)
    let absences = AtomicCounter()
    let failures = AtomicCounter()
    try onThreads(6) { worker in
      for _ in 0..<30 {
        switch worker {
        case 0:
          // Corrupt by rename, as a broken tool would.
          let broken = path + ".broken"
          try? writeText("HELLO", broken)
          _ = unsafe rename(broken, path)
        case 1, 2:
          if !FileManager.default.fileExists(atPath: path) { absences.add() }
        default:
          if (try? engine.putBlob("hello".bytes)) != address { failures.add() }
        }
      }
    }
    #expect(absences.count == 0 && failures.count == 0)
    #expect(try engine.putBlob("hello".bytes) == address)
    #expect(try engine.text(address.digest) == "hello")
    #expect(try rootNames() == Self.clean)
  }

  @Test("D3: puts that race with deletes succeed")
  func racesDeletes() throws {
    let engine = try folder.store()
    let target = try Digest.of("x".bytes)
    let failures = AtomicCounter()
    try onThreads(4) { worker in
      for _ in 0..<50 {
        do {
          if worker == 0 { try engine.deleteBlob(target) } else { _ = try engine.putBlob("x".bytes) }
        } catch {
          failures.add()
        }
      }
    }
    #expect(failures.count == 0)
    try engine.deleteBlob(target)
    try engine.deleteBlob(target)
    #expect(errorCode { _ = try engine.openBlob(target) } == .notFound)
  }

  @Test("D8: a blob put again during a deletion of old blobs is never lost")
  func deletesOldOnly() throws {
    let engine = try #require(try folder.store() as? DirectoryEngine)
    let digest = try Digest.of("x".bytes)
    let now = Timestamp(seconds: Timestamp.now.seconds - 60, nanoseconds: 0)
    _ = try engine.putBlob("x".bytes)
    #expect(try !engine.deleteBlob(digest, ifUnchangedSince: now))
    #expect(try engine.blobInfo(digest).size == 1)
    let losses = AtomicCounter()
    for _ in 0..<30 {
      try SystemCommand.expect("touch", "-d", "2 days ago", engine.file(digest))
      try onThreads(3) { worker in
        if worker == 0 {
          _ = try? engine.deleteBlob(digest, ifUnchangedSince: now)
        } else {
          // The acknowledged put renewed the age, so the blob is there whenever the deletion came.
          _ = try? engine.putBlob("x".bytes)
          if (try? engine.blobInfo(digest)) == nil { losses.add() }
        }
      }
    }
    #expect(losses.count == 0)
    #expect(try engine.deleteBlob(digest, ifUnchangedSince: Timestamp(seconds: now.seconds + 3600, nanoseconds: 0)))
    #expect(try engine.deleteBlob(digest, ifUnchangedSince: now))
    #expect(errorCode { _ = try engine.blobInfo(digest) } == .notFound)
  }

  @Test("D8: a repeated put renews the age of a blob")
  func rejuvenates() throws {
    let engine = try folder.store()
    let address = try engine.putBlob("x".bytes)
    try SystemCommand.expect("touch", "-d", "2 days ago", engine.file(address.digest))
    let old = try engine.blobInfo(address.digest)
    _ = try engine.putBlob("x".bytes)
    let young = try engine.blobInfo(address.digest)
    #expect(young.modified.seconds - old.modified.seconds > 86_400)
    #expect(young.version != old.version)
    #expect(try engine.text(address.digest) == "x")
  }

  @Test("D3: a killed writer leaves no residue")
  func killed() throws {
    try folder.store().close()
    let path = folder("store")
    // More than a pipe holds, so that the writer has read most of it when head ends.
    let script = #"""
      mkfifo "$3"; "$1" blob put "$2" "$3" & put=$!
      exec 3>"$3"; head -c 3000000 /dev/zero >&3
      kill -KILL $put; wait $put; [ $? = 137 ]
      """#
    try SystemCommand.expect("bash", "-c", script, "bash", Casfs.path, path, folder("fifo"))
    #expect(try rootNames() == Self.clean)
    #expect(try openStore(path).clean() == 0)
    #expect(
      try !FileManager.default.fileExists(atPath: path + "/blobs/sha256") || entryNames(path + "/blobs/sha256").isEmpty)
  }

  @Test("E12: clean keeps files of live writers, blobs, references and foreign files")
  func cleans() throws {
    let engine = try folder.store(named: true)
    _ = try engine.putBlob("kept".bytes)
    let stage = try engine.stageBlob()
    try stage.write("alive".bytes.span, at: 0)
    try writeText("", folder("store/.casfs-tmp-abandoned"))
    try writeText("", folder("store/.casfs-other"))
    try writeText("", folder("store/foreign"))
    try FileManager.default.createDirectory(atPath: folder("store/.casfs-tmp-dir"), withIntermediateDirectories: false)
    try makeSymbolicLink(folder("store/.casfs-tmp-link"), to: folder("store/foreign"))
    let other = try openStore(folder("store"))
    #expect(try other.clean() == 1)
    #expect(try other.clean() == 0)
    #expect(!FileManager.default.fileExists(atPath: folder("store/.casfs-tmp-abandoned")))
    let address = try stage.commit(expecting: BlobExpectation(), cancellation: .none)
    #expect(try other.text(address.digest) == "alive")
    #expect(try rootNames().count == 7)
  }

  @Test("E12: a concurrent clean never breaks a put", arguments: [false, true])
  func cleansConcurrently(named: Bool) throws {
    let engine = try folder.store(named: named)
    let failures = AtomicCounter()
    try onThreads(4) { worker in
      for number in 0..<60 {
        do {
          if worker == 0 { _ = try engine.clean() } else { _ = try engine.putBlob("\(worker) \(number)".bytes) }
        } catch {
          failures.add()
        }
      }
    }
    #expect(failures.count == 0)
    #expect(try entryNames(folder("store/blobs/sha256")).count == 180)
  }
}
