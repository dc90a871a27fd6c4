package import StoreTree
import SystemPackage

/// The records of earlier servers of a ``KeptMount``, and the journal of the next one.
package struct KeptState: Sendable {
  let mount: KeptMount
  let log: StateLog

  /// Reads the records.
  ///
  /// - Throws: if they cannot be read.
  package init(_ mount: KeptMount) throws(MountError) {
    self.mount = mount
    do throws(Errno) {
      log = try StateLog(mount)
    } catch {
      throw MountError("the state of the mount cannot be read: \(error)")
    }
  }

  /// The journal of a tree that is served for the keeper.
  package var journal: any NodeJournal { log }
}
