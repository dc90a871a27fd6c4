import CAS
import CASCompression

extension OperationContext {
  /// The error of a layer, or an image, that is malformed.
  func malformed(_ reason: String) -> CASError {
    CASError(.invalid, self, cause: reason)
  }

  /// Maps the error of decoding to that of the operation.
  func mappingDecoding<Result>(_ body: () throws(DecodingError) -> Result) throws(CASError) -> Result {
    do throws(DecodingError) {
      return try body()
    } catch {
      throw malformed(error.reason)
    }
  }
}
