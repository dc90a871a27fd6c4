import Glibc

/// The reason that something could not be measured.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }

  /// The system call that failed last, by `errno`.
  init(call: String, _ subject: String) {
    description = unsafe "\(call) \(subject): \(String(cString: strerror(errno)))"
  }

  /// The result of a system call that did not fail.
  @discardableResult
  static func check<Result: SignedInteger>(_ result: Result, _ call: String, _ subject: String) throws -> Result {
    guard result >= 0 else { throw Failure(call: call, subject) }
    return result
  }
}
