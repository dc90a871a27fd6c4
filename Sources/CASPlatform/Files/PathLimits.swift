import Glibc

/// Limits of file names and paths in bytes: `<linux/limits.h>`.
package enum PathLimits {
  /// The longest file name: `NAME_MAX`.
  package static let name = Int(NAME_MAX)
  /// The longest path, without the zero at its end: `PATH_MAX` - 1.
  package static let path = Int(PATH_MAX) - 1
}
