import CAS
import CASImage
import OCI
import StoreTree

/// The state of a mount: its description, the way of reading, and the state of the tree.
public struct MountStatus: Sendable {
  /// The extended attribute of the mount's root that has the status as one line of JSON.
  public static let attribute = "user.casfs.status"

  let description: MountDescription?
  let readMode: ReadMode
  let tree: TreeStatus
  /// How often the program could not be replaced, and the reason of the last time; `nil` for a mount without a keeper.
  let reloadFailures: (count: Int, last: String?)?

  /// The attribute's value. The order of the members is that of `casfs status`.
  var content: [UInt8] {
    var members: [JSON.Member] = []
    if let description {
      members += [
        JSON.Member("version", .string(description.version)), JSON.Member("store", .string(description.store)),
        JSON.Member("driver", .string(description.driver)), Self.number("process", description.process),
      ]
      if let keeper = description.keeper {
        members.append(Self.number("keeper", keeper))
        if let obstacle = description.resendingObstacle { members.append(JSON.Member("no_resend", .string(obstacle))) }
        members += [
          Self.number("reloads", description.reloads),
          Self.number("reload_failures", reloadFailures?.count ?? 0),
        ]
        if let reason = reloadFailures?.last { members.append(JSON.Member("reload_error", .string(reason))) }
      } else if let obstacle = description.keeperObstacle {
        members.append(JSON.Member("no_keeper", .string(obstacle)))
      }
      members += [
        Self.number("restarts", description.restarts),
        JSON.Member("read_only", .bool(description.isReadOnly)),
        JSON.Member("verify", .string(description.verification.rawValue)),
      ]
    }
    members += [
      JSON.Member("read_mode", .string(readMode.rawValue)), Self.number("commits_pending", tree.pendingCommits),
      Self.number("nodes", tree.nodes), Self.number("open_files", tree.openFiles),
      JSON.Member("opening_images", .array(tree.images.map(Self.progress))),
      JSON.Member("counters", .object(tree.counters.map { Self.number($0.name, $0.value) })),
    ]
    return JSON.object(members).serialized
  }

  private static func progress(_ image: ImageProgress) -> JSON {
    .object([
      JSON.Member("manifest", .string(image.manifest.description)), number("bytes_done", image.done),
      number("bytes", image.total),
    ])
  }

  private static func number(_ name: String, _ value: some BinaryInteger) -> JSON.Member {
    JSON.Member(name, .number(String(value)))
  }
}
