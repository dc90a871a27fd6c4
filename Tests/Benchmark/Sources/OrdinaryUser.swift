import Glibc

/// The reads, as a user without privileges.
enum OrdinaryUser {
  static let name = "user"

  /// Prepares the mount without changing the machine: a /dev/fuse that all users may open, in a mount
  /// namespace of its own.
  private static let script = """
    set -e
    folder=$1; shift
    mknod "$folder/fuse" c 10 229
    chmod 666 "$folder/fuse"
    mount --bind "$folder/fuse" /dev/fuse
    export TMPDIR="$folder/user" HOME="$folder/user"
    exec setpriv --reuid 65534 --regid 65534 --clear-groups "$folder/benchmark" --casfs "$folder/casfs" "$@"
    """

  /// Runs this program as that user, which prints a table of its own.
  ///
  /// - Parameter arguments: for it.
  static func run(_ setting: Setting, _ arguments: [String]) throws {
    let folder = setting.workspace.path
    // The user may not be able to reach the programs where they are.
    try Program.run(["install", "-m", "755", "/proc/\(getpid())/exe", folder + "/benchmark"])
    try Program.run(["install", "-m", "755", setting.casfs, folder + "/casfs"])
    try Program.run(["install", "-d", "-o", "65534", "-g", "65534", folder + "/user"])
    try Program.run(
      ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", folder, "--rows", Reads.name]
        + arguments, output: nil)
  }
}
