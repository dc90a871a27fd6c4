import CAS
import CASImage
import CASPlatform
import Logging
import SystemPackage

/// The file systems of the images of a store, and the error numbers of what fails in them.
final class ImageFileSystems: Sendable {
  /// The most errors that are remembered, so that each is logged once.
  private static let reportLimit = 1000

  let catalog: ImageCatalog
  private let errors: ErrorMapper
  private let reported = Monitor<Set<String>>([])

  init(_ engine: any Engine, _ cache: LayerCache?, _ errors: ErrorMapper) {
    catalog = ImageCatalog(engine, cache: cache)
    self.errors = errors
  }

  /// Evaluates an expression that reads an image. A fault of the image is EIO, and logged once.
  func map<Result>(_ body: @autoclosure () throws(CASError) -> Result) throws(Errno) -> Result {
    do throws(CASError) {
      return try body()
    } catch {
      switch error.code {
      case .cancelled: throw .interrupted
      case .invalid, .corrupt, .mismatch, .notFound:
        report(error)
        throw .ioError
      default:
        report(error)
        throw error.code.errno
      }
    }
  }

  private func report(_ error: CASError) {
    errors.counters.add(.failures)
    let isNew = reported.withLock(notifying: .none) { (reported) in
      if reported.count >= Self.reportLimit { reported = [] }
      return reported.insert(error.description).inserted
    }
    if isNew { errors.logger.error("\(error)") }
  }
}
