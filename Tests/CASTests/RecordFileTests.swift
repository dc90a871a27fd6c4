import CASPlatform
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import CAS

/// ``RecordFile``: the table of a record.
@Suite struct RecordFileTests {
  let folder: TemporaryFolder
  var path: String { folder("record") }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func opened() throws -> RecordFile { try #require(try RecordFile.open(path, creates: true)) }

  /// Fingerprints of one bucket.
  private func neighbours(_ count: Int) -> [Fingerprint] {
    let first = Fingerprint(of: [0])
    let all = (0...).lazy.map { Fingerprint(of: Array("\($0)".utf8)) }
    return Array(all.filter { RecordFile.offset(of: $0) == RecordFile.offset(of: first) }.prefix(count))
  }

  @Test("V8: entries are there for every later process, and nothing else is")
  func entries() throws {
    let entered = (0..<200).map { Fingerprint(of: [UInt8($0)]) }
    let others = (0..<200).map { Fingerprint(of: [UInt8($0), 1]) }
    let file = try opened()
    for fingerprint in entered { try file.insert(fingerprint, now: 10) }
    for file in [file, try opened()] {
      for fingerprint in entered { #expect(try file.contains(fingerprint, now: 10)) }
      for fingerprint in others { #expect(try !file.contains(fingerprint, now: 10)) }
    }
    try file.remove(entered[7])
    #expect(try !opened().contains(entered[7], now: 10))
    #expect(try opened().contains(entered[8], now: 10))
  }

  @Test("V8: a file is not created to look in it, and is created for its user alone")
  func creation() throws {
    #expect(try RecordFile.open(path, creates: false) == nil)
    #expect(!FileManager.default.fileExists(atPath: path))
    _ = try #require(try RecordFile.open(folder("cache/record"), creates: true))
    let status = try OpenFile.open(path: folder("cache/record"), .readOnly).status()
    #expect(status.permissions == 0o600)
    #expect(status.size == Int64(4097 * 4096))
    #expect(status.allocatedSize <= 64 << 10)
    #expect(try folder.files() == ["cache/record"])
  }

  @Test("V7: an entry from the future does not count, since the clock was set back")
  func future() throws {
    let fingerprint = Fingerprint(of: [1])
    let file = try opened()
    try file.insert(fingerprint, now: 1000)
    #expect(try !file.contains(fingerprint, now: 999))
    #expect(try file.contains(fingerprint, now: 1000))
    try file.insert(fingerprint, now: 900)
    #expect(try file.contains(fingerprint, now: 900))
  }

  @Test("V8: in a full bucket the oldest entry makes way, and the file does not grow")
  func fullBucket() throws {
    let file = try opened()
    let all = neighbours(RecordBucket.slotCount + 1)
    // The oldest is neither the first nor the last.
    for (time, fingerprint) in all.dropLast().enumerated() {
      try file.insert(fingerprint, now: (Int64(time) + 60) % 64)
    }
    try file.insert(try #require(all.last), now: 100)
    let missing = try all.indices.filter { try !file.contains(all[$0], now: 100) }
    #expect(missing == [4])
    #expect(try OpenFile.open(path: path, .readOnly).status().size == Int64(4097 * 4096))
  }

  @Test("V8: a torn entry does not count, at whatever byte the write ended, nor one with a changed bit")
  func tornEntry() throws {
    let fingerprint = Fingerprint(of: [3])
    let slot = RecordBucket.slot(fingerprint, seconds: 5)
    #expect(RecordBucket(slot).contains(fingerprint, now: 5))
    for count in 0..<slot.count { #expect(!RecordBucket(Array(slot.prefix(count))).contains(fingerprint, now: 5)) }
    for bit in 0..<slot.count * 8 {
      var changed = slot
      changed[bit / 8] ^= 1 << (bit % 8)
      #expect(!RecordBucket(changed).contains(fingerprint, now: .max))
    }
  }

  @Test("V8: random bytes hold no entry, and take new ones")
  func randomBytes() throws {
    var generator = SeededGenerator(17)
    for round in 0..<50 {
      let length = Int.random(in: 0...2 * RecordBucket.size, using: &generator)
      let bucket = RecordBucket((0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
      let fingerprint = Fingerprint(of: [UInt8(round)])
      #expect(!bucket.contains(fingerprint, now: .max))
      #expect(bucket.slots(of: fingerprint).isEmpty)
      #expect((0..<RecordBucket.slotCount).contains(bucket.slot(for: fingerprint)))
    }
  }

  @Test(
    "V8: a file of another format is replaced, and a cut one is usable",
    arguments: [[], Array("casfs verified 2\n".utf8), [UInt8](repeating: 0xFF, count: 100), RecordFile.header])
  func otherFormat(content: [UInt8]) throws {
    try folder.write(content, to: "record")
    try SystemCommand.expect("chmod", "600", path)
    let fingerprint = Fingerprint(of: [9])
    try opened().insert(fingerprint, now: 1)
    #expect(try opened().contains(fingerprint, now: 1))
    #expect(try folder.files() == ["record"])
  }

  @Test("V8: a file that another user can read or write, a link, a hard link or a FIFO is not believed")
  func distrusted() throws {
    let fingerprint = Fingerprint(of: [9])
    try opened().insert(fingerprint, now: 1)
    for mode in ["620", "602", "640", "604"] {
      try SystemCommand.expect("chmod", mode, path)
      #expect(throws: Errno.permissionDenied) { _ = try opened() }
    }
    try SystemCommand.expect("chmod", "600", path)
    try FileManager.default.createSymbolicLink(atPath: folder("link"), withDestinationPath: path)
    #expect(throws: Errno.tooManySymbolicLinkLevels) { _ = try RecordFile.open(folder("link"), creates: true) }
    try FileManager.default.linkItem(atPath: path, toPath: folder("second"))
    #expect(throws: Errno.permissionDenied) { _ = try opened() }
    try SystemCommand.expect("mkfifo", "-m", "600", folder("fifo"))
    #expect(throws: Errno.invalidArgument) { _ = try RecordFile.open(folder("fifo"), creates: true) }
  }

  @Test("V8: a file of another user is not believed", .needs(.root))
  func otherUser() throws {
    _ = try opened()
    try SystemCommand.expect("chown", "65534", path)
    #expect(throws: Errno.permissionDenied) { _ = try opened() }
  }

  @Test("V8: several processes use one file concurrently")
  func concurrentUse() throws {
    let first = try opened()
    try onThreads(4) { thread in
      guard let file = thread == 0 ? first : try? opened() else { return }
      for number in 0..<50 { try? file.insert(Fingerprint(of: [UInt8(thread), UInt8(number)]), now: 1) }
    }
    let file = try opened()
    let found = try (0..<200).filter { try file.contains(Fingerprint(of: [UInt8($0 / 50), UInt8($0 % 50)]), now: 1) }
    // Two that write one free slot of a bucket concurrently keep one of their entries, which is rare.
    #expect(found.count > 150)
  }
}
