import CAS
import NIOHTTP1
import OCI
import SystemPackage

extension RegistryClient {
  /// Reads and drops the rest of a response, so that the connection can be reused. Status and headers count even if the
  /// body is broken.
  func drop(_ response: RegistryResponse) {
    _ = try? response.exchange.body(limit: Self.errorBodyLimit)
  }

  /// Reads from a response, whose errors become those of the operation.
  func mappingErrors<Result>(_ context: OperationContext, _ body: () throws(RegistryError) -> Result) throws(CASError)
    -> Result
  {
    do throws(RegistryError) {
      return try body()
    } catch {
      try context.checkCancellation()
      throw CASError(error, context, address.repositoryName)
    }
  }

  /// Sends a request, and reads its short response. A response that breaks is requested again.
  ///
  /// - Parameter limit: the longest body in bytes.
  /// - Returns: the body of a response with the status 200; `nil` if it is longer, or of another status, unread.
  func fetch(
    _ request: RegistryRequest, limit: Int, _ context: OperationContext
  ) throws(CASError) -> (RegistryResponse, body: [UInt8]?) {
    var retryPolicy = makeRetryPolicy()
    while true {
      let response = try send(request, context)
      guard response.status == 200 else { return (response, nil) }
      do throws(RegistryError) {
        return (response, try response.exchange.body(limit: limit))
      } catch {
        if error.isTransient, retryPolicy.backOff(context.cancellation) { continue }
        try context.checkCancellation()
        throw CASError(error, context, address.repositoryName)
      }
    }
  }

  /// The reason in the body of an unsuccessful response.
  func reason(of response: RegistryResponse) -> ServerError? {
    let body = response.refusal?.body ?? (try? response.exchange.body(limit: Self.errorBodyLimit)).flatMap(\.self)
    return body.flatMap(ServerError.init)
  }

  /// Maps an unsuccessful response to an error.
  func failure(_ response: RegistryResponse, _ context: OperationContext) -> CASError {
    failure(response, reason(of: response), context)
  }

  func failure(_ response: RegistryResponse, _ reason: ServerError?, _ context: OperationContext) -> CASError {
    let code: CASError.Code =
      switch (response.status, reason?.code) {
      case (_, "DIGEST_INVALID"), (_, "SIZE_INVALID"): .mismatch
      case (405, _), (501, _), (_, "UNSUPPORTED"): .notImplemented
      case (404, _), (410, _): .notFound
      // 412 is a policy's answer, as of a registry that refuses images with vulnerabilities.
      case (401, _), (403, _), (412, _), (451, _): .io(.permissionDenied)
      case (400, _): .invalid
      case (413, _): .io(.fileTooLarge)
      default: .io(.ioError)
      }
    let detail = reason.map { ": \($0)" } ?? ""
    let wait = response.retryAfter == nil ? nil : response.headers.first(name: "Retry-After")
    let sender = response.exchange.forwardingProxy.map { "registry or proxy \($0)" } ?? "registry"
    let pause = wait.map { " with Retry-After: \($0.sanitized)" } ?? ""
    var cause = "\(sender) answered \(response.status)\(pause)\(detail)"
    if code == .io(.permissionDenied) {
      // A user needs to know both: the registry refused, and why there were no credentials.
      let reasons = [response.refusal?.reason, authenticator.helperFailures].compactMap(\.self)
      cause = "permission denied: " + ([cause] + reasons).joined(separator: "; ")
    }
    return CASError(code, context, cause: "\(address.repositoryName): \(cause)")
  }

  /// Makes the error of a response that violates the protocol: EIO.
  func malformedResponse(_ context: OperationContext, _ reason: String) -> CASError {
    CASError(.io(.ioError), context, cause: "\(address.repositoryName): \(reason)")
  }
}
