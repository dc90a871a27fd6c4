import CAS
import CASPlatform
import OCI
import SystemPackage

// A stage hashes what is written with one algorithm, which is known before the name that the content gets.
extension IncomingFile {
  /// The number of bytes that are copied together.
  private static let copySize = 1 << 20

  /// Copies the content that is being written into a stage of an algorithm, unless it is in one.
  func restage(as algorithm: Digest.Algorithm, _ context: RequestContext) throws(Errno) {
    func isDone(_ state: State) -> Bool {
      guard let stage = state.stage else { return true }
      let current = state.restaged.map { $0.stage === stage ? $0.algorithm : namespace.algorithm }
      return (current ?? namespace.algorithm) == algorithm
    }
    if state.withLock({ isDone($0) }) { return }
    context.willBlock()
    let old: (any BlobStage)? = state.wait(until: { !$0.isBusy && $0.activeWrites == 0 }) { (state) in
      if isDone(state) { return nil }
      state.isBusy = true
      return state.stage
    }
    guard let old else { return }
    do throws(Errno) {
      let new = try copy(old, algorithm, context)
      state.withLock { state in
        (state.stage, state.restaged) = (new, (new, algorithm))
        state.isBusy = false
      }
    } catch {
      state.withLock { $0.isBusy = false }
      throw error
    }
  }

  private func copy(
    _ old: any BlobStage, _ algorithm: Digest.Algorithm, _ context: RequestContext
  ) throws(Errno) -> any BlobStage {
    let operation = OperationContext("copy content", on: algorithm.rawValue, cancellation: context.cancellation)
    return try shared.errors.map { () throws(CASError) in
      let new = try shared.engine.stageBlob(algorithm: algorithm, copying: nil)
      var offset: Int64 = 0
      while offset < old.size {
        try operation.checkCancellation()
        let piece = try bytes(count: Int(min(old.size - offset, Int64(Self.copySize)))) { (span) throws(CASError) in
          try old.read(into: &span, at: offset)
        }
        if piece.isEmpty { break }
        try new.write(piece.span, at: offset)
        offset += Int64(piece.count)
      }
      // A hole at the end is not written.
      if new.size < old.size { try new.truncate(to: old.size) }
      return new
    }
  }
}
