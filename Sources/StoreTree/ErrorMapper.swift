import CAS
import Logging
import SystemPackage

/// Maps the engine's errors to the numbers that the kernel hands to the caller, and logs and counts failures.
struct ErrorMapper: Sendable {
  let logger: Logger
  let counters: Counters

  /// Evaluates an expression that uses the engine.
  func map<Result>(_ body: @autoclosure () throws(CASError) -> Result) throws(Errno) -> Result {
    do throws(CASError) {
      return try body()
    } catch {
      throw errno(for: error)
    }
  }

  /// Runs statements that use the engine.
  func map<Result>(_ body: () throws(CASError) -> Result) throws(Errno) -> Result {
    do throws(CASError) {
      return try body()
    } catch {
      throw errno(for: error)
    }
  }

  private func errno(for error: CASError) -> Errno {
    switch error.code {
    case .notFound, .cancelled, .clobber: break
    // The caller is told of its own mistake, and the driver has logged the corrupt blob.
    case .mismatch, .invalid, .corrupt, .io(.resourceBusy): counters.add(.failures)
    default:
      counters.add(.failures)
      logger.error("\(error)")
    }
    return error.code.errno
  }
}
