import CAS
import CASDirectory
import OCI
import TestSupport
import Testing

/// Writers that put different descriptors under one name, each with its own opening of the store.
@Suite struct RacingWriterTests {
  @Test("E8: exactly one of racing writers of different descriptors succeeds", arguments: DirectoryLayout.allCases)
  func racers(layout: DirectoryLayout) throws {
    let folder = try TemporaryFolder()
    let engine = try folder.store("store", layout)
    for round in 0..<10 {
      let wins = AtomicCounter()
      let target = try ReferenceName(reading: "tag\(round)")
      try onThreads(6) { worker in
        guard let own = try? openStore(folder("store")), let mine = try? Descriptor.sample("\(round) \(worker)") else {
          return
        }
        if (try? own.putReference(mine, named: target)) != nil { wins.add() }
      }
      #expect(wins.count == 1)
    }
    #expect(try engine.listReferences().count == 10)
  }
}
