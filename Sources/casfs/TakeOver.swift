import ArgumentParser
import CAS
import FUSE
import StoreTree

/// The question of a server to the program that is installed now, whether that can go on with the mount. Users never ask
/// it: the first word is followed by the versions of the states, and by the arguments of the server.
enum TakeOver {
  /// The first word of the question.
  static let word = "take-over"
  /// The beginning of the answer of a program that can.
  static let answer = "casfs "
  /// The longest answer in bytes.
  static let outputLimit = 4096

  /// The words of the question.
  ///
  /// - Parameter arguments: those of the server.
  static func words(_ arguments: [String]) -> [String] {
    [word, String(Keeper.stateVersion), String(Handover.version)] + arguments
  }

  /// Answers the question: a line on standard output, which is all that the server reads.
  ///
  /// - Returns: the exit status.
  static func reply(to words: [String]) -> Int32 {
    let (line, status): (String, Int32)
    do {
      let states = words.dropFirst().prefix(2).compactMap { UInt32($0) }
      // Keepers of earlier versions are served too.
      guard words.first == word, states.count == 2, 1...Keeper.stateVersion ~= states[0], states[1] == Handover.version
      else { throw ValidationError("its states have other versions") }
      let mount = try Mount.parse(Array(try CommandWords(Array(words.dropFirst(3))).words.dropFirst()))
      _ = try MountOptions(mount.options)
      (line, status) = (answer + Version.current, 0)
    } catch {
      (line, status) = (Mount.message(for: error), 1)
    }
    var output = Output()
    do throws(CASError) {
      try output.line(line)
      try output.flush()
      return status
    } catch {
      return 1
    }
  }
}
