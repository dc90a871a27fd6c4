// Random and malformed requests over a socket in the place of /dev/fuse. To run longer, or to repeat a run:
//
//     SEED=1 MINUTES=10 swift test --filter FUSETests
//
// Round N has the seed SEED + N.
import CAS
import CASDirectory
import CASMemory
import Foundation
import SimulatedKernel
import TestSupport
import Testing

@Suite struct MalformedRequestTests {
  @Test(
    "D6 V2: each malformed request gets one reply, and nothing wrong is stored or served",
    arguments: ["mem:", "dir:"])
  func everything(_ scheme: String) throws {
    let options = StressOptions(minutes: 1.0 / 12)
    let deadline = Date.now + options.minutes * 60 / 2
    var rounds: UInt64 = 0
    var requests = 0
    defer { print("\(scheme) seed \(options.seed): \(rounds) rounds, \(requests) requests") }
    repeat {
      let folder = FileManager.default.temporaryDirectory.appending(path: "casfs-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      let uri = scheme == "mem:" ? scheme : scheme + folder.path
      let engine = try DriverRegistry([MemoryDriver(), DirectoryDriver()]).create(uri)
      var left = 2000
      var fuzzer = try RequestFuzzer(on: engine, SeededGenerator(options.seed &+ rounds)) {
        left -= 1
        return left >= 0
      }
      do {
        try fuzzer.run()
      } catch {
        Issue.record("seed \(options.seed &+ rounds): \(error)")
        return
      }
      requests += fuzzer.count
      rounds += 1
    } while Date.now < deadline
  }
}
