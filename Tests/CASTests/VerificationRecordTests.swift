import CASPlatform
import Foundation
import OCI
import TestSupport
import Testing

@testable import CAS

/// ``VerificationRecord``: the states of files that are remembered, on an invented machine and file system.
@Suite struct VerificationRecordTests {
  let folder: TemporaryFolder
  private let fake = FakeRecordSystem()
  private let digest: Digest
  private static let content = [UInt8](repeating: 7, count: 64 << 10)

  init() throws {
    folder = try TemporaryFolder()
    digest = try Digest.of(Self.content)
    try folder.write(Self.content, to: "blob")
  }

  private var record: VerificationRecord { VerificationRecord(path: folder("record"), fake.system) }
  private func file(_ name: String = "blob") throws -> OpenFile { try OpenFile.open(path: folder(name), .readOnly) }
  private func state(_ file: OpenFile) throws -> VerifiedState { VerifiedState(digest, try file.status().identity) }

  /// Opens the file with a verifier of its own, as a new process does, and waits until it has recorded.
  ///
  /// - Returns: whether the state was known without hashing it.
  private func open(remembers: Bool = true, name: String = "blob") throws -> Bool {
    let verifier = Verifier(record, remembers: remembers)
    let file = try file(name)
    let identity = try file.status().identity
    let isKnown = verifier.recall(digest, file, identity)
    _ = try verifier.ensure(
      file, identity, is: digest, remembers ? .remember : .once, OperationContext("read blob", on: digest))
    verifier.close()
    return isKnown
  }

  /// Changes bytes and keeps size and time of modification, as a disk can, but not the change time.
  private func damage() throws {
    let before = try file().status().identity.modified
    try folder.write([UInt8](repeating: 8, count: Self.content.count), to: "changed")
    try SystemCommand.expect("cp", "--no-preserve=all", folder("changed"), folder("blob"))
    try SystemCommand.expect("touch", "-d", "@\(before.seconds).\(before.nanoseconds)", folder("blob"))
  }

  @Test("V5: the first open of a later process does not hash what an earlier one verified")
  func remembered() throws {
    #expect(try !open())
    #expect(try open())
    #expect(try open())
    #expect(fake.state.withLock { $0.syncs } == 1)
    #expect(try !open(remembers: false))
  }

  @Test("V5: short content is not recorded, and hashed by each process")
  func short() throws {
    let short = [UInt8](repeating: 1, count: Int(VerificationRecord.leastSize) - 1)
    try folder.write(short, to: "short")
    let verified = VerifiedState(try Digest.of(short), try file("short").status().identity)
    #expect(record.candidate(verified, try file("short")) == nil)
    #expect(record.candidate(try state(file()), try file()) != nil)
  }

  @Test("V6: an entry is made when the file is durable, and not if that fails or it changed meanwhile")
  func durable() throws {
    let candidate = try #require(record.candidate(try state(file()), try file()))
    fake.state.withLock { $0.syncFails = true }
    record.insert(candidate)
    #expect(record.contains(try state(file()), try file()) == false)
    fake.state.withLock { $0.syncFails = false }
    try SystemCommand.expect("chmod", "400", folder("blob"))
    record.insert(candidate)
    #expect(fake.state.withLock { $0.syncs } == 2)
    for identity in [candidate.identity, try file().status().identity] {
      #expect(record.contains(VerifiedState(digest, identity), try file()) == false)
    }
  }

  @Test("V6: a file that changed within a tick of the clock before it was hashed is not recorded")
  func recentChange() throws {
    let file = try file()
    var verified = try state(file)
    let now = Timestamp.now
    fake.state.withLock { $0.ahead = 0 }
    verified.identity.changed = now
    #expect(record.candidate(verified, file) == nil)
    verified.identity.changed = now.earlier(bySeconds: -60)
    #expect(record.candidate(verified, file) == nil)
    verified.identity.changed = now.earlier(bySeconds: 1)
    verified.identity.changed.nanoseconds = 1
    verified.identity.modified.nanoseconds = 1
    #expect(record.candidate(verified, file) != nil)
    // A file system that keeps whole seconds.
    (verified.identity.changed.nanoseconds, verified.identity.modified.nanoseconds) = (0, 0)
    #expect(record.candidate(verified, file) == nil)
    verified.identity.changed.seconds -= 60
    #expect(record.candidate(verified, file) != nil)
  }

  @Test("V6: a file that is open for writing, or can be, is not recorded", arguments: [true, nil])
  func writer(hasWriter: Bool?) throws {
    fake.state.withLock { $0.hasWriter = hasWriter }
    #expect(try !open())
    #expect(try !open())
    fake.state.withLock { $0.hasWriter = false }
    #expect(try !open())
    #expect(try open())
  }

  @Test("V6: stored content is recorded if its time of modification is the one it was given")
  func stored() throws {
    let file = try file()
    var verified = try state(file)
    let modified = verified.identity.changed.earlier(byMilliseconds: 100)
    record.insertStored(verified, file, modified: modified)
    #expect(!record.contains(verified, file))
    verified.identity.modified = modified
    record.insertStored(verified, file, modified: modified)
    #expect(record.contains(verified, file))
    verified.identity.changed = modified
    record.insertStored(verified, file, modified: modified)
    #expect(!record.contains(verified, file))
  }

  @Test(
    "V6: nothing is recorded on tmpfs, NFS, FUSE, overlayfs and others",
    arguments: [0x0102_1994, 0x6969, 0x6573_5546, 0x794C_7630, 0])
  func otherFileSystems(type: Int64) throws {
    fake.state.withLock { $0.origin.type = type }
    #expect(try !open())
    #expect(try !open())
    #expect(!FileManager.default.fileExists(atPath: folder("record")))
  }

  @Test("V7: an entry counts on its machine and its file system, for its file alone")
  func otherPlaces() throws {
    #expect(try !open())
    let original = fake.state.withLock { $0 }
    let changes: [(inout FakeRecordSystem.State) -> Void] = [
      { $0.machine = "other" }, { $0.machine = nil }, { $0.origin.type = 0x9123_683E }, { $0.origin.fileSystem += 1 },
      { $0.origin.uuidHigh += 1 }, { $0.origin.uuidLow += 1 }, { $0.origin.generation += 1 },
      { $0.origin.birth.seconds += 1 }, { $0.origin.birth.nanoseconds += 1 },
    ]
    let verified = try state(file())
    for change in changes {
      fake.state.withLock { change(&$0) }
      #expect(!record.contains(verified, try file()))
      fake.state.withLock { $0 = original }
    }
    #expect(record.contains(verified, try file()))
  }

  @Test("V7: an entry counts for its digest, size, times and place alone; the device's number can be another")
  func otherStates() throws {
    #expect(try !open())
    let verified = try state(file())
    let changes: [(inout VerifiedState) throws -> Void] = [
      { $0.digest = try Digest.of("other".bytes) }, { $0.identity.inode += 1 }, { $0.identity.size += 1 },
      { $0.identity.modified.seconds -= 1 }, { $0.identity.modified.nanoseconds ^= 1 },
      { $0.identity.changed.seconds -= 1 }, { $0.identity.changed.nanoseconds ^= 1 },
      { $0.region = 1..<$0.identity.size + 1 },
    ]
    for change in changes {
      var other = verified
      try change(&other)
      #expect(!record.contains(other, try file()))
    }
    var moved = verified
    moved.identity.device += 1
    #expect(record.contains(moved, try file()))
  }

  @Test("V7: a change between two processes is seen, also if size and time of modification are the old ones")
  func changedBetween() throws {
    #expect(try !open())
    try damage()
    #expect(throws: CASError.self) { _ = try open() }
  }

  @Test("V7: an entry of a clock that was set back since does not count")
  func clockSetBack() throws {
    #expect(try !open())
    fake.state.withLock { $0.ahead = -10 }
    #expect(try !open())
    fake.state.withLock { $0.ahead = 10 }
    #expect(try open())
  }

  @Test("V9: damage that any process finds by hashing removes the entry")
  func discredited() throws {
    #expect(try !open())
    let wrong = try Digest.of("other".bytes)
    let file = try file()
    let identity = try file.status().identity
    // As if a disk had lost bytes: the entry of another digest for this state.
    record.insert(try #require(record.candidate(VerifiedState(wrong, identity), file)))
    #expect(record.contains(VerifiedState(wrong, identity), file))
    #expect(throws: CASError.self) {
      _ = try Verifier(record).verify(file, identity, is: wrong, OperationContext("verify blob", on: wrong))
    }
    #expect(!record.contains(VerifiedState(wrong, identity), file))
    #expect(record.contains(VerifiedState(digest, identity), file))
  }

  @Test("V8: a record that cannot be used is not required")
  func unusable() throws {
    try SystemCommand.expect("mkdir", folder("record"))
    #expect(try !open())
    #expect(try !open())
  }

  @Test("V8: the file is below XDG_CACHE_HOME or HOME")
  func userPath() {
    typealias Record = VerificationRecord
    #expect(Record.userPath(environment: ["XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/casfs-verified")
    #expect(Record.userPath(environment: ["XDG_CACHE_HOME": "x", "HOME": "/h"]) == "/h/.cache/casfs-verified")
    let isRoot = CurrentProcess.effectiveUserID == 0
    #expect(Record.userPath(environment: ["HOME": "h"]) == (isRoot ? "/var/cache/casfs-verified" : nil))
  }

  @Test("V11: a sealed file is recorded by its fs-verity digest, with any times, on any file system and machine")
  func sealed() throws {
    fake.state.withLock { state in
      state.verity = VerityDigest(algorithm: 1, bytes: [1, 2, 3])
      state.origin.type = 0x0102_1994
      state.ahead = 0
    }
    #expect(try !open())
    #expect(try open())
    fake.state.withLock { $0.machine = "other" }
    try SystemCommand.expect("cp", folder("blob"), folder("copy"))
    #expect(try open(name: "copy"))
    let verified = try state(file())
    for other in [nil, VerityDigest(algorithm: 2, bytes: [1, 2, 3]), VerityDigest(algorithm: 1, bytes: [1, 2, 4])] {
      fake.state.withLock { $0.verity = other }
      #expect(!record.contains(verified, try file()))
    }
    fake.state.withLock { $0.verity = VerityDigest(algorithm: 1, bytes: [1, 2, 3]) }
    #expect(!record.contains(VerifiedState(try Digest.of("other".bytes), verified.identity), try file()))
    #expect(record.contains(verified, try file()))
    record.remove(verified, try file())
    #expect(!record.contains(verified, try file()))
  }

  @Test("V11: a file that was sealed after its verification counts by its times alone")
  func sealedLater() throws {
    #expect(try !open())
    fake.state.withLock { $0.verity = VerityDigest(algorithm: 1, bytes: [1]) }
    #expect(try open())
    try SystemCommand.expect("touch", folder("blob"))
    #expect(try !open())
    #expect(try open())
  }
}
