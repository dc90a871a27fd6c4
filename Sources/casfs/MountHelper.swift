import ArgumentParser
import SystemPackage

/// The calling convention of mount(8) for its helper programs, "EXTERNAL HELPERS":
/// `mount.casfs STORE DIRECTORY [-sfnv] [-N NAMESPACE] [-o OPTIONS] [-t TYPE]`.
struct MountHelper {
  /// The exit status that mount(8) documents for its helpers.
  private enum Status: Int32 {
    case wrongUsage = 1
    case mountFailed = 32
  }

  /// The arguments of `casfs` that do the same.
  let arguments: [String]

  /// Whether a program is called as a helper: by the name of a link such as `mount.casfs` or `mount.fuse.casfs`.
  static func isName(_ program: String) -> Bool {
    FilePath(program).lastComponent?.string.utf8.starts(with: "mount.".utf8) == true
  }

  /// Translates the arguments of a helper.
  ///
  /// - Throws: a `ValidationError` for a namespace, and for letters that mount(8) does not have.
  init(_ helperArguments: [String]) throws {
    var translated = ["mount"]
    var rest = helperArguments[...]
    while let argument = rest.popFirst() {
      guard argument.utf8.starts(with: "-".utf8), argument.utf8.count > 1 else {
        translated.append(argument)
        continue
      }
      if argument.utf8.starts(with: "--".utf8) {
        translated.append(argument)
        continue
      }
      var letters = argument.unicodeScalars.dropFirst()
      while let letter = letters.popFirst() {
        switch letter {
        case "n", "v": continue
        case "s": translated += ["-o", "sloppy"]
        case "f": translated += ["-o", "fake"]
        case "r", "w": translated += ["-o", letter == "r" ? "ro" : "rw"]
        case "o", "t", "N":
          guard let value = letters.isEmpty ? rest.popFirst() : String(letters) else {
            throw ValidationError("missing value for '-\(letter)'")
          }
          letters = "".unicodeScalars[...]
          if letter == "o" { translated += ["-o", value] }
          if letter == "N" { throw ValidationError("no mount in another namespace; nsenter(1) can run this there") }
        default: throw ValidationError("unknown option '-\(letter)'")
        }
      }
    }
    arguments = translated
  }

  /// Returns the exit status that a helper has for one of `casfs`.
  static func status(_ status: Int32) -> Int32 {
    switch status {
    case 0: 0
    case ExitCode.validationFailure.rawValue: Status.wrongUsage.rawValue
    default: Status.mountFailed.rawValue
    }
  }
}
