import ArgumentParser
import CAS
import CASPlatform
import FUSE
import FoundationEssentials
import Logging
import StoreTree
import Synchronization
import SystemPackage

/// Whether the mount has ended, which any thread can note.
final class MountEnd: Sendable {
  private let state = Atomic(false)

  var isSet: Bool { state.load(ordering: .acquiring) }

  func set() { state.store(true, ordering: .releasing) }
}

/// The replacement of the server's program by the one that is installed now.
extension Mount {
  /// Replaces the program of this process, and returns if that fails: this program serves then.
  ///
  /// - Parameter hasEnded: whether the mount has ended.
  func reload(_ session: Session, _ kept: KeptMount, _ signals: BlockedSignals, hasEnded: MountEnd) {
    let context = OperationContext("reload", on: directory)
    let isPending = signals.isPending
    do throws(CASError) {
      let program = try InstalledProgram(
        at: kept.program, takingOver: kept.arguments, isCancelled: { isPending() || hasEnded.isSet }, context)
      do throws(Errno) {
        try session.replaceProgram(by: program.file)
      } catch {
        let cause =
          switch error {
          case .resourceBusy: "requests under way take too long"
          case .notSupportedOnSocket: "the store cannot go on with files that are being written"
          default: "replace the program by \(kept.program): \(error)"
          }
        throw CASError(.io(error), context, cause: cause)
      }
    } catch {
      session.didFailToReload(error.cause)
      Logger(label: "casfs").error("\(error); casfs \(Version.current) goes on")
    }
  }

  /// The state that the program before has left.
  static func handover(of kept: KeptMount) -> Handover? {
    do throws(Errno) {
      return try kept.takeHandover()
    } catch {
      Logger(label: "casfs").error("the state of open files cannot be read: \(error)")
      return nil
    }
  }
}

/// The casfs that is installed where the program of a server was.
struct InstalledProgram {
  /// The time limit for its answer.
  private static let timeout = Duration.seconds(10)

  /// The program, which stays this one if another is installed in its place.
  let file: OpenFile

  /// Opens the program, and asks whether it can go on with a mount.
  ///
  /// - Parameter arguments: those of the server.
  /// - Throws: the reason if it cannot, or does not answer.
  init(
    at path: String, takingOver arguments: [String], isCancelled: () -> Bool, _ context: OperationContext
  ) throws(CASError) {
    let full = FilePath(path)
    guard let name = full.lastComponent?.string else {
      throw CASError(.invalid, context, cause: "the path of the program is unknown")
    }
    let file = try Self.open(path, context)
    let words = TakeOver.words(arguments)
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = full.removingLastComponent().string
    let outcome: ChildProcess.FilterOutcome
    do throws(ChildProcess.FilterFailure) {
      outcome = try ChildProcess.filter(
        name, words, environment: environment, input: [], outputLimit: TakeOver.outputLimit, timeout: Self.timeout,
        isCancelled: isCancelled)
    } catch {
      let cause =
        switch error {
        case .notStarted(let error): "\(path): \(error)"
        case .outputTooLong: "\(path) is not casfs"
        case .timedOut: "\(path) does not answer"
        case .cancelled: "the mount is ending"
        }
      throw CASError(.invalid, context, cause: cause)
    }
    let answer = String(decoding: outcome.output, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
    guard outcome.status == 0, answer.hasPrefix(TakeOver.answer) else {
      let reason = outcome.status == 0 || answer.isEmpty ? "exit status \(outcome.status)" : String(answer)
      throw CASError(.invalid, context, cause: "\(path) cannot take the mount over: \(reason.onOneLine)")
    }
    // The answer is that of the file that has the path, which may be another one meanwhile.
    let identities = try mappingErrno(context) { () throws(Errno) in
      (try file.status().identity, try OpenFile.open(path: path, .pathOnly).status().identity)
    }
    guard identities.0 == identities.1 else {
      throw CASError(.io(.resourceBusy), context, cause: "\(path) is being installed")
    }
    self.file = file
  }

  private static func open(_ path: String, _ context: OperationContext) throws(CASError) -> OpenFile {
    do throws(Errno) {
      return try OpenFile.open(path: path, .pathOnly)
    } catch {
      throw CASError(error, context, file: path)
    }
  }
}
