/// The mount options of libfuse 2 and 3 that change nothing here, or cannot be applied: old lines of fstab(5) have them.
enum LibfuseWord {
  /// The options of caches in libfuse's own table of inodes (mount.fuse3(8), "High-level mount options"). casfs keeps
  /// its own, in which an inode number never changes and cached content is always right.
  static let withoutEffect: Set<String> = ["kernel_cache", "auto_cache", "noauto_cache", "noforget", "remember"]

  /// Why an option cannot be applied, and what to do; `nil` for a word that is not one.
  static func refusal(of name: String) -> String? {
    if dropped.contains(name) { return "libfuse 3 has no such option; remove it" }
    if timeouts.contains(name) { return "casfs sets the time by what can change; remove it" }
    if negotiated.contains(name) { return "casfs negotiates it with the kernel; remove it" }
    if ownedByLibrary.contains(name) { return "libfuse sets it for each mount; remove it" }
    switch name {
    case "splice_read", "splice_write", "splice_move": return "read=splice is the option for it"
    case "no_splice_read", "no_splice_write", "no_splice_move": return "read=copy is the option for it"
    case "fmask", "dmask": return "umask=022 is the option for files and directories"
    case "modules": return "casfs has no modules of libfuse; remove it"
    default: return nil
    }
  }

  /// Options of libfuse 2 that libfuse 3 no longer has: a file system sets them, or they always hold.
  private static let dropped: Set<String> = [
    "big_writes", "large_read", "nopath", "direct_io", "use_ino", "readdir_ino", "hard_remove", "intr", "intr_signal",
  ]

  private static let timeouts: Set<String> = ["entry_timeout", "negative_timeout", "attr_timeout", "ac_attr_timeout"]

  /// Those of `fuse_parse_conn_info_opts(3)`, and of the threads that libfuse runs.
  private static let negotiated: Set<String> = [
    "max_write", "max_readahead", "max_background", "congestion_threshold", "async_read", "sync_read", "async_dio",
    "no_async_dio", "writeback_cache", "no_writeback_cache", "atomic_o_trunc", "no_remote_lock", "no_remote_flock",
    "no_remote_posix_lock", "time_gran", "clone_fd", "max_idle_threads", "max_threads",
  ]

  /// Those that libfuse gives to the kernel, as `/proc/mounts` shows them.
  private static let ownedByLibrary: Set<String> = ["fd", "rootmode", "user_id", "group_id", "blkdev", "blksize"]
}
