/// The progress of one step of a decoder.
package struct DecodingStep: Hashable, Sendable {
  /// The place at which a step stopped.
  package enum Stop: Hashable, Sendable {
    /// The input is used up, or the output is full.
    case buffer
    /// The header of a gzip member, or a block of DEFLATE, ended; this many bits of the last byte are not used yet.
    case block(unusedBits: Int)
    /// The member, or the frame, ended and was checked.
    case end
  }

  /// The number of bytes of input that were used.
  package let consumed: Int
  /// The number of bytes of output that were written.
  package let produced: Int
  /// The place at which the step stopped.
  package let stop: Stop
}
