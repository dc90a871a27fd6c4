import CAS
import Foundation
import OCI
import Synchronization
import TestSupport
import Testing

@Suite(.boundedInTime)
struct CleanTests {
  @Test("E12: all of 2,000 puts succeed under a concurrent clean", arguments: StoreKind.all)
  func putsUnderClean(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let other = try store.reopen()
      let writing = Atomic(3)
      let cleans = Atomic(0)
      try onThreads(4) { (thread) in
        if thread == 3 {
          // At least once, even if the other threads are faster.
          repeat {
            #expect(failure { () throws(CASError) in try other.clean() } == nil)
            cleans.add(1, ordering: .relaxed)
          } while writing.load(ordering: .acquiring) > 0
          return
        }
        for number in stride(from: thread, to: 2000, by: 3) {
          let error = failure { () throws(CASError) in try store.engine.putBlob(Array("\(number)".utf8)) }
          #expect(error == nil)
        }
        writing.subtract(1, ordering: .releasing)
      }
      #expect(cleans.load(ordering: .relaxed) > 0)
      #expect(try store.digests().count == 2000)
      for number in stride(from: 0, to: 2000, by: 97) {
        let content = Array("\(number)".utf8)
        #expect(try store.engine.blobContents(Digest.of(content), limit: 10) == content)
      }
    }
  }

  @Test("E12: clean keeps blobs, references and the files of live writers", arguments: StoreKind.all)
  func keeps(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let digest = try store.engine.putBlob([1]).digest
      let name = try ReferenceName("a")
      try store.engine.putReference(Descriptor.sample(1), named: name)
      let stage = try store.engine.stageBlob()
      try stage.write([2], at: 0)
      #expect(try store.engine.clean() == 0)
      #expect(try store.reopen().clean() == 0)
      try stage.write([3], at: 1)
      let committed = try stage.commit(expecting: BlobExpectation(), cancellation: .none).digest
      #expect(try store.engine.blobContents(committed, limit: 2) == [2, 3])
      #expect(try store.digests() == [digest, committed].sorted())
      #expect(try store.engine.reference(named: name) == Descriptor.sample(1))
    }
  }

  @Test("E12: clean removes the files of dead writers and no foreign file", arguments: StoreKind.directories)
  func removes(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let digest = try store.engine.putBlob([1]).digest
      let root = store.folder.appending(path: "store")
      for name in ["README", "tmp", "blobs/sha256/tmp", "blobs/sha256/.hidden", ".lock"] {
        try Data([1]).write(to: root.appending(path: name))
      }
      let before = store.files()
      for number in 0..<3 {
        try Data([1]).write(to: root.appending(path: ".casfs-tmp-\(number)"))
      }
      #expect(try store.engine.clean() == 3)
      #expect(store.files() == before)
      #expect(try store.engine.clean() == 0)
      #expect(try store.digests() == [digest])
    }
  }
}
