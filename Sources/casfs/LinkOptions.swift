import ArgumentParser
import CASDirectory

/// The option of commands that read a store in a directory whose parts may be symbolic links.
struct LinkOptions: ParsableArguments {
  @Flag(help: "Read blobs, references and directories that are symbolic links.")
  var followLinks = false

  /// The driver of directories.
  var driver: DirectoryDriver { DirectoryDriver(followsLinks: followLinks) }
}
