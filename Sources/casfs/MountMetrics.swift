import OCI

/// The status of mounts as metrics, for `casfs status --format openmetrics`.
struct MountMetrics {
  /// A metric, and the member of the status that has its value.
  private struct Source {
    let family: MetricFamily
    let path: [String]
  }

  private static let sources = [
    Source(
      family: MetricFamily("casfs_read_only", .gauge, help: "Whether nothing can be written."), path: ["read_only"]),
    Source(
      family: MetricFamily("casfs_commits_pending", .gauge, help: "Closed files that are not published yet."),
      path: ["commits_pending"]),
    Source(
      family: MetricFamily("casfs_nodes", .gauge, help: "Files and directories that the kernel knows."),
      path: ["nodes"]),
    Source(family: MetricFamily("casfs_open_files", .gauge, help: "Open files."), path: ["open_files"]),
    Source(
      family: MetricFamily("casfs_restarts", .counter, help: "Servers of the mount that have died."),
      path: ["restarts"]),
    counter("casfs_read_bytes", "bytes_read", unit: "bytes", help: "Bytes read through the daemon."),
    counter("casfs_written_bytes", "bytes_written", unit: "bytes", help: "Bytes written."),
    counter("casfs_opens", "opens", help: "Opened files."),
    counter("casfs_verifications", "verifications", help: "Blobs that were compared with their digests."),
    counter("casfs_commits", "commits", help: "Files that were published as blobs."),
    counter("casfs_discards", "discards", help: "Files that were dropped without being published."),
    counter("casfs_failures", "failures", help: "Operations that failed because of damage or of the system."),
    counter("casfs_merges", "merges", help: "Writes of index.json that were merged into the index."),
    counter("casfs_conflicts", "conflicts", help: "Names that two writers of index.json moved from one base."),
    counter("casfs_refusals", "refusals", help: "Writes of index.json and of blobs that were refused."),
  ]

  private static func counter(_ name: String, _ member: String, unit: String? = nil, help: String) -> Source {
    Source(family: MetricFamily(name, .counter, unit: unit, help: help), path: ["counters", member])
  }

  /// The exposition, without a newline at the end. A family without a sample is left out.
  let text: String

  init(_ mounts: [ListedMount]) {
    var up = MetricFamily("casfs_up", .gauge, help: "Whether the mount answers.")
    var properties = MetricFamily("casfs_mount", .gauge, help: "A mount that answers, with its properties as labels.")
    var families = Self.sources.map(\.family)
    for mount in Self.distinct(mounts) {
      let labels = [(name: "directory", value: mount.directory)]
      up.add(mount.state == .serving ? 1 : 0, labels)
      guard let status = mount.status else { continue }
      properties.add(
        1,
        labels
          + ["store", "driver", "version", "verify", "read_mode"].compactMap { name in
            status[name]?.text.map { (name, $0) }
          })
      for (index, source) in Self.sources.enumerated() {
        // A daemon of another version may lack a member.
        guard let value = source.path.reduce(status, { $0?[$1] }) else { continue }
        if case .bool(let isTrue) = value { families[index].add(isTrue ? 1 : 0, labels) }
        if let number = value.integer { families[index].add(number, labels) }
      }
    }
    let shown = ([up, properties] + families).filter { !$0.isEmpty }
    text = (shown.map(\.text) + [MetricFamily.end]).joined(separator: "\n")
  }

  /// One mount of each directory, since samples with the same labels are an error: the uppermost, which covers the others.
  private static func distinct(_ mounts: [ListedMount]) -> [ListedMount] {
    mounts.enumerated().filter { (index, mount) in
      !mounts[(index + 1)...].contains { $0.directory.sameBytes(as: mount.directory) }
    }.map(\.element)
  }
}
