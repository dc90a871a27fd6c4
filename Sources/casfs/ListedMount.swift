import CAS
import CASPlatform
import FUSE
import OCI
import SystemPackage

/// A mount in the table of this process, and its answer to the question for its status.
struct ListedMount {
  /// The time limit for the answers of all mounts.
  static let timeout = Duration.seconds(5)

  /// The state of a mount.
  enum State: String {
    /// Its daemon answers.
    case serving
    /// Its daemon has not answered in time.
    case hung
    /// Its daemon was killed.
    case dead
    /// Its daemon refuses this user, because another user mounted it without `allow_other`.
    case denied
    /// Another mount covers it.
    case hidden
    /// The question has failed in another way.
    case failed

    fileprivate init(_ error: Errno) {
      switch error {
      case .socketNotConnected, .connectionAbort: self = .dead
      case .permissionDenied: self = .denied
      // Another file system answers for the path, or has no such path.
      case .noData, .notSupportedOnSocket, .noSuchFileOrDirectory, .notDirectory: self = .hidden
      default: self = .failed
      }
    }
  }

  /// The directory.
  let directory: String
  /// The source that mount(8) shows.
  let source: String
  let state: State
  /// The status, if the daemon answers.
  let status: JSON?

  /// The store's URI; the source if the daemon does not answer.
  var store: String { status?["store"]?.text ?? source }

  /// Asks the mounts of this process's mount namespace for their status, all of them concurrently. It must be called
  /// while the process has one thread.
  ///
  /// A store that is mounted once and bound to further directories is listed once.
  ///
  /// - Parameter selected: whether a mount is asked.
  static func all(
    timeout: Duration = timeout, where selected: (MountTable.Entry) -> Bool = { _ in true }
  ) throws(CASError) -> [Self] {
    let mounts = try mappingErrno(OperationContext("list the mounts of", on: "this machine")) { () throws(Errno) in
      // A bound subdirectory has no status.
      let entries = try MountTable().filter { $0.type == "fuse.casfs" && $0.root == "/" && selected($0) }
      // A mount that cannot be asked counts as failed.
      let asked = entries.map { entry in (entry, try? ForkedQuery { Self.question(entry) }) }
      let deadline = ContinuousClock.now + timeout
      return asked.map { (entry, query) in (entry.device, Self(entry, query.map { $0.answer(by: deadline) } ?? [])) }
    }
    var listed: [(device: String, mount: Self)] = []
    for (device, mount) in mounts {
      if let known = listed.firstIndex(where: { $0.device == device }) {
        if listed[known].mount.state == .hidden { listed[known].mount = mount }
      } else {
        listed.append((device, mount))
      }
    }
    return listed.map(\.mount)
  }

  /// Returns the status as the daemon wrote it, or the number of the error.
  private static func question(_ entry: MountTable.Entry) -> [UInt8] {
    do throws(Errno) {
      let path = String(decoding: entry.path, as: UTF8.self)
      guard try PathQuery.device(of: path) == entry.device else { throw .noData }
      return try PathQuery.attribute(MountStatus.attribute, of: path)
    } catch {
      return Array(String(error.rawValue).utf8)
    }
  }

  /// - Parameter answer: that of ``question(_:)``; `nil` if it has not come in time.
  private init(_ entry: MountTable.Entry, _ answer: [UInt8]?) {
    directory = String(decoding: entry.path, as: UTF8.self)
    source = entry.source
    let value = answer.flatMap { try? JSON(parsing: $0) }
    if case .object = value { status = value } else { status = nil }
    state =
      if answer == nil {
        .hung
      } else if status != nil {
        .serving
      } else {
        State(value?.integer.flatMap { Int32(exactly: $0) }.map { Errno(rawValue: $0) } ?? .ioError)
      }
  }

  /// Asks the mount of a directory, as ``all(timeout:where:)``.
  ///
  /// - Throws: `CASError.Code.invalid` if no store is mounted there.
  static func one(at directory: String) throws(CASError) -> Self {
    let context = OperationContext("status of", on: directory)
    let path = try mappingErrno(context, try PathQuery.absolute(directory))
    let mounts = try all { String(decoding: $0.path, as: UTF8.self) == path }
    guard let mount = mounts.first(where: { $0.state != .hidden }) ?? mounts.first else {
      throw CASError(.invalid, context, cause: "no store is mounted there")
    }
    return mount
  }

  /// An object with the directory, the state, and the members of the status.
  var json: JSON {
    let place = [JSON.Member("directory", .string(directory)), JSON.Member("state", .string(state.rawValue))]
    guard case .object(let members) = status else { return .object(place + [JSON.Member("store", .string(source))]) }
    return .object(place + members)
  }
}
