import CAS
import FUSE
import Platform
import SystemPackage

/// The directory a store is mounted on.
struct MountPoint {
  /// Its path, absolute and without links.
  let path: String

  /// Makes sure that the store can be mounted there. A mount of casfs whose daemon was killed is taken away first.
  init(_ argument: String, allowsNonempty: Bool) throws(CASError) {
    do throws(Errno) {
      if try Self.isStale(argument) { Mounting.detach(argument) }
      path = try PathQuery.absolute(argument)
      let directory = try OpenFile.open(path: path, [.readOnly, .directory])
      if !allowsNonempty, try DirectoryStream(directory).next() != nil { throw Errno.directoryNotEmpty }
    } catch {
      throw CASError(error, "mount on", argument)
    }
  }

  private static func isStale(_ path: String) throws(Errno) -> Bool {
    do throws(Errno) {
      _ = try OpenFile.open(path: path, [.readOnly, .directory])
      return false
    } catch {
      guard error == .socketNotConnected else { return false }
      return true
    }
  }
}
