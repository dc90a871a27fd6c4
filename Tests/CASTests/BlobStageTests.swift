import CAS
import OCI
import TestSupport
import Testing

@Suite(.boundedInTime)
struct BlobStageTests {
  @Test("E4: a stage takes gaps, overwrites and truncation", arguments: StoreKind.every)
  func edits(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let stage = try store.engine.stageBlob()
      #expect(stage.size == 0)
      #expect(try stage.contents().isEmpty)
      try stage.write([1, 2, 3], at: 5)
      #expect(try stage.contents() == [0, 0, 0, 0, 0, 1, 2, 3])
      try stage.write([9, 9], at: 4)
      #expect(try stage.contents() == [0, 0, 0, 0, 9, 9, 2, 3])
      try stage.truncate(to: 6)
      #expect(try stage.contents() == [0, 0, 0, 0, 9, 9])
      // Truncated content does not return.
      try stage.truncate(to: 9)
      #expect(try stage.contents() == [0, 0, 0, 0, 9, 9, 0, 0, 0])
      try stage.write([], at: 100)
      #expect(stage.size == 9)
      try stage.writeOut()
      #expect(try store.digests().isEmpty)
      let address = try stage.commit(expecting: BlobExpectation(), cancellation: .none)
      #expect(address.digest == (try Digest.of([0, 0, 0, 0, 9, 9, 0, 0, 0])))
      #expect(address.size == 9)
      #expect(try store.holds([address.digest]))
    }
  }

  @Test("E4: any number of stages is written in turn, by pieces as tools write them", arguments: StoreKind.every)
  func inTurn(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      var generator = SeededGenerator(1)
      let piece = generator.bytes(32 << 10)
      // Stages that are discarded hold memory back from no other.
      for _ in 0..<10 {
        let stage = try store.engine.stageBlob()
        try stage.write(piece, at: 0)
        stage.discard()
      }
      let stages = try (0..<12).map { _ in try store.engine.stageBlob() }
      for part in 0..<12 {
        for (number, stage) in stages.enumerated() {
          try stage.write([UInt8(number)] + piece, at: stage.size + Int64(part % 2))
        }
      }
      for (number, stage) in stages.enumerated() {
        let content = try stage.contents()
        #expect(content.count == 12 * (piece.count + 1) + 6 && content[0] == UInt8(number))
        let address = try stage.commit(expecting: BlobExpectation(), cancellation: .none)
        #expect(address.digest == (try Digest.of(content)))
      }
    }
  }

  @Test("E4: random edits have the same result as in an array", arguments: StoreKind.every, [1, 2, 3, 4] as [UInt64])
  func model(_ kind: StoreKind, _ seed: UInt64) throws {
    try withStore(kind) { (store) throws in
      var generator = SeededGenerator(seed)
      let base = generator.bytes(150_000)
      let baseDigest = try store.engine.putBlob(base).digest
      let isCopy = seed % 2 == 0
      let stage = try store.engine.stageBlob(algorithm: .sha512, copying: isCopy ? baseDigest : nil)
      var model = isCopy ? base : []
      for _ in 0..<60 {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
          let size = Int.random(in: 0...300_000, using: &generator)
          try stage.truncate(to: Int64(size))
          model = Array(model.prefix(size))
          model += [UInt8](repeating: 0, count: size - model.count)
        case 1:
          let start = Int.random(in: 0...(model.count + 10), using: &generator)
          var read = [UInt8](repeating: 0, count: 70_000)
          var span = read.mutableSpan
          let count = try stage.read(into: &span, at: Int64(start))
          #expect(Array(read[..<count]) == Array(model.dropFirst(start).prefix(70_000)))
        default:
          let bytes = generator.bytes(Int.random(in: 0...80_000, using: &generator))
          let start = Int.random(in: 0...min(model.count + 70_000, 300_000), using: &generator)
          try stage.write(bytes, at: Int64(start))
          if !bytes.isEmpty {
            if model.count < start + bytes.count {
              model += [UInt8](repeating: 0, count: start + bytes.count - model.count)
            }
            model.replaceSubrange(start..<start + bytes.count, with: bytes)
          }
        }
        #expect(stage.size == Int64(model.count))
      }
      let address = try stage.commit(expecting: BlobExpectation(), cancellation: .none)
      #expect(address == BlobAddress(digest: try Digest.of(model, .sha512), size: Int64(model.count)))
      #expect(try store.reopen().blobContents(address.digest, limit: model.count) == model)
      #expect(try store.engine.blobContents(baseDigest, limit: base.count) == base)
    }
  }

  @Test("E4: the digest is right after sequential writes, truncation and a restart", arguments: StoreKind.every)
  func restart(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      for cut in [0, 2, 3] as [Int64] {
        let stage = try store.engine.stageBlob()
        try stage.write([1, 2, 3], at: 0)
        try stage.truncate(to: cut)
        try stage.write([4, 5], at: cut)
        try stage.write([6], at: cut + 2)
        let address = try stage.commit(expecting: BlobExpectation(), cancellation: .none)
        #expect(address.digest == (try Digest.of(Array([1, 2, 3].prefix(Int(cut))) + [4, 5, 6])))
      }
    }
  }

  @Test("E4: a refused commit stores nothing, and the stage can still be written", arguments: StoreKind.every)
  func refusedCommit(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let stage = try store.engine.stageBlob()
      try stage.write([1, 2], at: 0)
      let expectation = BlobExpectation(digest: try Digest.of([1, 2, 3]), size: 3)
      let refused = failure { () throws(CASError) in
        try stage.commit(expecting: expectation, cancellation: .none)
      }
      #expect(refused?.code == .mismatch)
      let token = CancellationToken()
      token.cancel()
      let cancelled = failure { () throws(CASError) in
        try stage.commit(expecting: BlobExpectation(), cancellation: token)
      }
      #expect(cancelled?.code == .cancelled)
      #expect(try store.digests().isEmpty)
      try stage.write([3], at: 2)
      #expect(try stage.commit(expecting: expectation, cancellation: .none).size == 3)
    }
  }

  @Test("E4: a discarded, released or committed stage rejects writes", arguments: StoreKind.every)
  func ended(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let files = store.files()
      let discarded = try store.engine.stageBlob()
      try discarded.write([1], at: 0)
      discarded.discard()
      discarded.discard()
      do {
        let forgotten = try store.engine.stageBlob()
        try forgotten.write([2], at: 0)
      }
      #expect(store.files() == files)
      let committed = try store.engine.stageBlob()
      try committed.write([3], at: 0)
      let digest = try committed.commit(expecting: BlobExpectation(), cancellation: .none).digest
      for stage in [discarded, committed] {
        let failures = [
          failure { () throws(CASError) in try stage.write([4], at: 0) },
          failure { () throws(CASError) in try stage.truncate(to: 0) },
          failure { () throws(CASError) in try stage.contents() },
          failure { () throws(CASError) in try stage.writeOut() },
          failure { () throws(CASError) in try stage.commit(expecting: BlobExpectation(), cancellation: .none) },
        ]
        for error in failures { #expect(error?.code == .closed) }
      }
      committed.discard()
      #expect(try store.holds([digest]))
      #expect(try store.engine.blobContents(digest, limit: 1) == [3])
    }
  }

  @Test("E4: impossible offsets and sizes are rejected", arguments: StoreKind.every)
  func range(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      #expect(failure { () throws(CASError) in try store.engine.stageBlob().write([1], at: -1) } != nil)
      #expect(failure { () throws(CASError) in try store.engine.stageBlob().write([1], at: .max) } != nil)
      #expect(failure { () throws(CASError) in try store.engine.stageBlob().truncate(to: -1) } != nil)
      #expect(failure { () throws(CASError) in try store.engine.stageBlob().truncate(to: .min) } != nil)
      #expect(try store.digests().isEmpty)
    }
  }
}
