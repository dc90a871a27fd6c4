package import CASPlatform
import CKeeper
import Glibc
package import SystemPackage

/// The process that holds a mount while the processes that serve it come and go: a supervisor with the connection to the
/// kernel. It is this program under another name, and runs nothing but C code of its own.
package enum Keeper {
  /// Whether a program was started as a keeper, by its name.
  package static func isName(_ program: String) -> Bool { program.utf8.starts(with: CASFS_KEEPER_NAME.utf8) }

  /// The process id of the keeper of a mount, found by its name in `/proc/PID/cmdline`.
  ///
  /// Any process can take such a name, so the number is for waiting and not for signals.
  package static func process(of mountPoint: String) -> Int32? {
    let title = Array((CASFS_KEEPER_NAME + mountPoint).utf8) + [0]
    return DirectoryStream.readableNames(in: "/proc").lazy.compactMap { Int32($0) }.first { process in
      let file = try? OpenFile.open(path: "/proc/\(process)/cmdline", .readOnly)
      return (try? file?.remainingContents(limit: 1 << 16)) == title
    }
  }

  /// The version of the state that keepers and servers share.
  package static var stateVersion: UInt32 { UInt32(casfs_keeper_version) }

  /// Runs this process as a keeper.
  ///
  /// - Returns: its exit status.
  package static func run() -> Int32 { casfs_keeper_run() }

  /// Becomes the keeper of a mount: `execve(2)`. All descriptors but the standard streams are closed.
  ///
  /// - Parameter arguments: the arguments of the program that the servers run.
  /// - Parameter restartLimit: the deaths of servers within ten seconds after which no other is started; 0 for no limit.
  /// - Parameter readiness: gets a byte when the mount is usable, after which the keeper leaves the terminal; `nil` for a
  ///   keeper in the foreground.
  /// - Throws: E2BIG if path or arguments are too long, or an error of the system; it does not return otherwise.
  package static func start(
    of mountPoint: String, arguments: [String], restartLimit: UInt32, readiness: OpenFile?
  ) throws(Errno) {
    var words: [UnsafePointer<CChar>?] = unsafe arguments.map { unsafe UnsafePointer(strdup($0)) }
    defer { unsafe words.forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) } }
    unsafe casfs_keeper_start(mountPoint, &words, Int32(words.count), restartLimit, readiness?.rawValue ?? -1)
    throw Errno(rawValue: errno)
  }
}
