import CAS
import CASPlatform
import Logging
import OCI

/// The layers that are open, for all images of a store: each is read by one caller at a time, and shared.
final class LayerCatalog: Sendable {
  private struct Key: Hashable {
    var blob: Digest
    /// The algorithm of the digest of the decoded content, which one pass computes.
    var algorithm: Digest.Algorithm
  }

  private struct State {
    var layers: [Key: LayerContent] = [:]
    /// The layers that a caller reads.
    var busy: Set<Key> = []
  }

  private let cache: LayerCache?
  private let logger = Logger(label: "casfs")
  private let pieces = PieceCache()
  private let state = Monitor(State())

  init(_ cache: LayerCache?) {
    self.cache = cache
  }

  /// Returns the content of a layer that is open, whose index is in the cache, or that is read now.
  ///
  /// - Parameter refused: the content of the layer by an index from the cache, and why it cannot be shown. The layer is
  ///   read now, unless another caller did so since.
  /// - Parameter progress: called with the number of bytes of the blob that are done.
  /// - Throws: as `LayerScan.run(progress:)`; `CASError.Code.cancelled`.
  func layer(
    _ scan: LayerScan, replacing refused: (layer: LayerContent, error: CASError)? = nil,
    _ progress: (Int64) throws(CASError) -> Void
  ) throws(CASError) -> LayerContent {
    let key = Key(blob: scan.descriptor.digest, algorithm: scan.contentDigest.algorithm)
    let context = OperationContext("read layer", on: scan.descriptor.digest, cancellation: scan.cancellation)
    let found: LayerContent?? = state.wait(
      until: { !$0.busy.contains(key) }, unless: { scan.cancellation.isCancelled }, notifying: .none,
      then: { (state) in
        if let layer = state.layers[key], layer !== refused?.layer { return layer }
        state.layers[key] = nil
        state.busy.insert(key)
        return nil
      })
    guard let found else { throw CASError(.cancelled, context, cause: "cancelled") }
    if let found {
      // Another image may state another size of the same blob.
      try Self.checkSize(scan, context)
      return found
    }
    let opened = Result { () throws(CASError) in
      var uncancelled = scan
      uncancelled.cancellation = .none
      try Self.checkSize(scan, context)
      if refused != nil {
        cache?.remove(key.blob)
      } else if let index = cache?.index(of: key.blob), index.content.algorithm == key.algorithm {
        return LayerContent(index, isFromCache: true, uncancelled, cache, pieces)
      }
      let index = try scan.run(progress: progress)
      // If the new one is the same, the fault is in the image, or in the layer itself.
      if let refused, !index.hasContent(of: refused.layer.index) {
        logger.warning("cached index of layer \(key.blob) is made anew: \(refused.error.cause)")
      }
      cache?.store(index)
      return LayerContent(index, uncancelled, cache, pieces)
    }
    state.withLock { (state) in
      state.busy.remove(key)
      if case .success(let layer) = opened { state.layers[key] = layer }
    }
    return try opened.get()
  }

  private static func checkSize(_ scan: LayerScan, _ context: OperationContext) throws(CASError) {
    let stored = try scan.engine.contentSize(of: scan.descriptor, cancellation: scan.cancellation)
    guard stored == scan.descriptor.size else {
      throw context.malformed("the blob has \(stored) bytes, not \(scan.descriptor.size)")
    }
  }

  /// Closes the layers that no image uses, and frees the memory for reading that was not used since the last call.
  func trim() {
    pieces.trim()
    state.withLock(notifying: .none) { (state) in
      for key in Array(state.layers.keys) {
        guard var layer = state.layers.removeValue(forKey: key) else { continue }
        if isKnownUniquelyReferenced(&layer) { continue }
        layer.trim()
        state.layers[key] = layer
      }
    }
  }
}
