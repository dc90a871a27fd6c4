package import CAS
import CASCompression
import CASPlatform
import OCI
import SystemPackage

/// The decoded content of a layer, from its start or from a checkpoint. Only one thread at a time may use it.
package final class LayerStream {
  private enum Decoder {
    case plain
    case gzip(GzipDecoder)
    case zstd(ZstdDecoder)
  }

  /// The length of a read of the blob, in bytes.
  private static let inputSize = 256 << 10

  /// The offset of the next byte, in bytes of decoded content.
  package private(set) var position: Int64
  /// The checkpoints that were passed, at least this many bytes apart; none are made if it is 0.
  private(set) var checkpoints: [Checkpoint] = []
  private let checkpointInterval: Int64
  private var lastCheckpoint: Int64 = 0

  private let reader: any BlobReader
  private let context: OperationContext
  private let onInput: (Span<UInt8>) -> Void
  private var decoder: Decoder
  private var input: [UInt8] = []
  private var inputPosition = 0
  /// The offset in the blob of the end of `input`.
  private var inputEnd: Int64
  /// Whether the header of this member was decoded, or this frame begun.
  private var isInside = false
  /// Whether a member ended, so that what follows may be foreign bytes.
  private var hasMember = false
  /// Whether decoding began within a member, whose trailer zlib does not read then.
  private var isRaw = false
  /// Bytes of that trailer to skip.
  private var trailer = 0
  private var isDone = false

  /// Starts to read compressed content from its start, and makes checkpoints on the way.
  ///
  /// - Parameter checkpointInterval: in bytes of decoded content.
  package convenience init(
    _ reader: any BlobReader, _ compression: LayerCompression, checkpointInterval: Int64, _ context: OperationContext
  ) throws(CASError) {
    try self.init(reader, compression, at: nil, checkpointInterval: checkpointInterval, context)
  }

  /// Starts to read a layer.
  ///
  /// - Parameter checkpoint: the start; `nil` is the start of the layer.
  /// - Parameter checkpointInterval: in bytes of decoded content.
  /// - Parameter onInput: receives each byte of the blob once, in order.
  init(
    _ reader: any BlobReader, _ compression: LayerCompression, at checkpoint: Checkpoint? = nil,
    checkpointInterval: Int64 = 0, _ context: OperationContext, onInput: @escaping (Span<UInt8>) -> Void = { _ in }
  ) throws(CASError) {
    self.reader = reader
    self.context = context
    self.checkpointInterval = checkpointInterval
    self.onInput = onInput
    position = checkpoint?.output ?? 0
    inputEnd = checkpoint?.input ?? 0
    switch compression {
    case .plain:
      decoder = .plain
      inputEnd = position
    case .zstd: decoder = .zstd(try context.mappingDecoding { () throws(DecodingError) in try ZstdDecoder() })
    case .gzip:
      guard let checkpoint else {
        decoder = .gzip(try context.mappingDecoding { () throws(DecodingError) in try GzipDecoder() })
        return
      }
      var byte: [UInt8] = [0]
      if checkpoint.unusedBits > 0 {
        var span = byte.mutableSpan
        _ = try reader.read(into: &span, at: checkpoint.input - 1)
      }
      let first = byte[0]
      decoder = .gzip(
        try context.mappingDecoding { () throws(DecodingError) in
          let window = try ZstdBuffer.decompress(checkpoint.window.span, length: checkpoint.windowSize)
          return try GzipDecoder(window: window.span, unusedBits: Int(checkpoint.unusedBits), of: first)
        })
      isRaw = true
      isInside = true
    }
  }

  /// Decodes until the buffer is full or the content ends.
  ///
  /// - Returns: the number of bytes; less than the length of the buffer only at the end.
  /// - Throws: `CASError.Code.invalid` if the layer is malformed; errors of the blob;
  ///   `CASError.Code.cancelled`.
  package func read(into output: inout MutableSpan<UInt8>) throws(CASError) -> Int {
    var done = 0
    while done < output.count, !isDone {
      var rest = output._mutatingExtracting(droppingFirst: done)
      let count = try decodeSome(into: &rest)
      done += count
      position += Int64(count)
    }
    return done
  }

  /// Reads the blob to its end, so that all of it was input.
  func drain() throws(CASError) {
    repeat { inputPosition = input.count } while try refill()
  }

  private func decodeSome(into output: inout MutableSpan<UInt8>) throws(CASError) -> Int {
    let hasInput: Bool
    if inputPosition < input.count { hasInput = true } else { hasInput = try refill() }
    if trailer > 0 {
      guard hasInput else { throw context.malformed("truncated gzip") }
      let count = min(trailer, input.count - inputPosition)
      inputPosition += count
      trailer -= count
      return 0
    }
    switch decoder {
    case .plain:
      guard hasInput else {
        isDone = true
        return 0
      }
      let count = output.copy(input.span.extracting(inputPosition..<input.count), at: 0)
      inputPosition += count
      return count
    case .gzip(let gzip): return try decode(gzip, hasInput, into: &output)
    case .zstd(let zstd): return try decode(zstd, hasInput, into: &output)
    }
  }

  private func decode(
    _ gzip: GzipDecoder, _ hasInput: Bool, into output: inout MutableSpan<UInt8>
  ) throws(CASError) -> Int {
    if !hasInput, !isInside, hasMember {
      isDone = true
      return 0
    }
    let step: DecodingStep
    do throws(DecodingError) {
      step = try gzip.step(input.span.extracting(inputPosition..<input.count), into: &output)
    } catch {
      guard !isInside, hasMember else { throw context.malformed(error.reason) }
      // Bytes after the last member do no harm: gzip(1) ignores them too.
      isDone = true
      return 0
    }
    inputPosition += step.consumed
    switch step.stop {
    case .buffer:
      guard hasInput || step.produced > 0 else { throw context.malformed("truncated gzip") }
    case .block(let unusedBits):
      isInside = true
      try addCheckpoint(at: position + Int64(step.produced), unusedBits: unusedBits, window: gzip.window)
    case .end:
      hasMember = true
      isInside = false
      if isRaw {
        isRaw = false
        trailer = 8
        decoder = .gzip(try context.mappingDecoding { () throws(DecodingError) in try GzipDecoder() })
      } else {
        gzip.restart()
      }
    }
    return step.produced
  }

  private func decode(
    _ zstd: ZstdDecoder, _ hasInput: Bool, into output: inout MutableSpan<UInt8>
  ) throws(CASError) -> Int {
    if !hasInput, !isInside {
      isDone = true
      return 0
    }
    let step: DecodingStep
    do throws(DecodingError) {
      step = try zstd.step(input.span.extracting(inputPosition..<input.count), into: &output)
    } catch {
      throw context.malformed(error.reason)
    }
    inputPosition += step.consumed
    switch step.stop {
    case .end:
      isInside = false
      try addCheckpoint(at: position + Int64(step.produced), unusedBits: 0) { [] }
    default:
      isInside = true
      guard hasInput || step.produced > 0 else { throw context.malformed("truncated zstd") }
    }
    return step.produced
  }

  private func addCheckpoint(
    at output: Int64, unusedBits: Int, window: () -> [UInt8]
  ) throws(CASError) {
    guard checkpointInterval > 0, output - lastCheckpoint >= checkpointInterval else { return }
    lastCheckpoint = output
    let window = window()
    let packed = try context.mappingDecoding { () throws(DecodingError) in try ZstdBuffer.compress(window.span) }
    checkpoints.append(
      Checkpoint(
        output: output, input: inputEnd - Int64(input.count - inputPosition), unusedBits: UInt8(unusedBits),
        window: packed, windowSize: window.count))
  }

  /// Reads the next bytes of the blob.
  ///
  /// - Returns: `false` at its end.
  private func refill() throws(CASError) -> Bool {
    try context.checkCancellation()
    let wanted = Int(min(Int64(Self.inputSize), reader.size - inputEnd))
    guard wanted > 0 else { return false }
    // Moved out of the property, so that the buffer has one reference and is written in place.
    var bytes = input.count == wanted ? input : [UInt8](repeating: 0, count: wanted)
    input = []
    inputPosition = 0
    let count = try Self.fill(&bytes, from: reader, at: inputEnd)
    guard count == wanted else { throw CASError(.io(.ioError), context, cause: "the blob ends early") }
    onInput(bytes.span)
    input = bytes
    inputEnd += Int64(count)
    return true
  }

  private static func fill(
    _ bytes: inout [UInt8], from reader: any BlobReader, at offset: Int64
  ) throws(CASError) -> Int {
    var span = bytes.mutableSpan
    return try reader.read(into: &span, at: offset)
  }
}
