/// A place in a compressed layer from which decoding can start: the boundary of a DEFLATE block, or a Zstandard frame.
struct Checkpoint: Hashable, Sendable {
  /// The offset in the decoded content, in bytes.
  var output: Int64
  /// The offset in the blob of the next byte, in bytes.
  var input: Int64
  /// The number of bits of the byte before that are not decoded yet.
  var unusedBits: UInt8
  /// The content before, to which the next may refer, compressed by Zstandard; empty if it refers to none of it.
  var window: [UInt8]
  /// The length of that content, in bytes.
  var windowSize: Int
}
