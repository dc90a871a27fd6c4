import CLinux

/// The memory of this process.
public enum Memory {
  /// Gives what was freed back to the system: `malloc_trim(3)`.
  public static func trim() {
    casfs_trim_memory()
  }
}
