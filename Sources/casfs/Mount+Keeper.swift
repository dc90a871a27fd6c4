import CAS
import CASPlatform
import FUSE
import Logging
import Synchronization
import SystemPackage

/// Mounts with a keeper.
extension Mount {
  /// The mount that this process serves for a keeper.
  static let kept = Mutex<KeptMount?>(nil)

  /// Why the mount gets no keeper; `nil` if it gets one.
  ///
  /// - Throws: the reason if the options ask for one and it is not possible.
  func keeperObstacle(_ options: MountOptions) throws(CASError) -> String? {
    if options.wantsKeeper == false { return "the option nokeeper" }
    let obstacle: String? =
      if directory.utf8.starts(with: "/dev/fd/".utf8) {
        "the mount was made by another program"
      } else if target.store.utf8.starts(with: "mem:".utf8) {
        "the store is in the memory of its process"
      } else if options.forwarded.contains("auto_unmount") {
        "auto_unmount removes the mount of a server that dies"
      } else {
        nil
      }
    guard let obstacle, options.wantsKeeper == true else { return obstacle }
    throw CASError(.invalid, operation: "mount on", subject: directory, cause: "no keeper: \(obstacle)")
  }

  /// Why requests that a dead server had read are not sent to the next one; `nil` if they are.
  static func resendingObstacle(_ options: MountOptions) -> String? {
    options.resends ? Keeper.resendingObstacle : "the option noresend"
  }

  /// Starts a keeper, whose first server mounts, and returns when the mount is usable; in the foreground it does not
  /// return.
  func startKeeper(_ options: MountOptions, _ mountPoint: MountPoint) throws {
    var words = ["mount"]
    if foreground { words.append("-f") }
    if debug { words.append("-d") }
    if create { words.append("--create") }
    words += self.options.flatMap { ["-o", $0] } + ["--", target.store, mountPoint.path]
    func start(readiness: OpenFile?) throws(Errno) {
      try Keeper.start(
        of: mountPoint.path, arguments: words, restartLimit: options.restartLimit, readiness: readiness)
    }
    if foreground || debug { return try start(readiness: nil) }
    let (side, readiness) = try fork()
    switch side {
    case .child: try start(readiness: readiness)
    case .parent(let child): try wait(for: child, readiness)
    }
  }

  /// Serves the mount for a keeper: makes it, or goes on with that of an earlier process.
  func serve(_ options: MountOptions, for kept: KeptMount) throws {
    if kept.isMounted {
      // Looking at the directory would wait for an answer of this process.
      if kept.isBackground { MountLog.useSystemLog() }
      return try resume(options, kept)
    }
    let mountPoint = try MountPoint(directory, allowsNonempty: options.allowsNonempty)
    try serve(options, mountPoint, kept) { if kept.isBackground { Self.detachFromTerminal() } }
  }

  /// Goes on with the mount of an earlier process or program, and logs that, or the reason why not.
  private func resume(_ options: MountOptions, _ kept: KeptMount) throws {
    let logger = Logger(label: "casfs")
    do {
      try serve(options, MountPoint(known: directory), kept) {
        if kept.isReplacement {
          logger.notice("casfs \(Version.current) serves \(directory) now")
        } else {
          logger.warning("the server of \(directory) \(kept.lastEnd); server \(kept.starts) goes on")
        }
      }
    } catch {
      // Standard error leads nowhere in the background.
      if kept.isBackground { logger.error("server \(kept.starts) of \(directory): \(error)") }
      throw error
    }
  }
}
