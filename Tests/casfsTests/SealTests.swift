import Foundation
import TestSupport
import Testing

/// `casfs seal`, and the mount option `fsverity`.
@Suite struct SealTests {
  @Test("V10: casfs seal prints what it sealed, or says in one line that the file system has no fs-verity")
  func directory() throws {
    let store = try CommandLineStore()
    let digest = try store.put("hello\n")
    let outcome = try Casfs.run(["seal", store.path])
    if outcome.status == 0 {
      #expect(outcome.lines == [digest])
      #expect(try Casfs.run(["seal", store.path]).output.isEmpty)
    } else {
      #expect(outcome.errors == "casfs: seal blobs \(store.path): the file system has no fs-verity\n")
      #expect(outcome.output.isEmpty)
      try FileManager.default.createDirectory(at: store.folder["mount"], withIntermediateDirectories: false)
      let mount = try Casfs.run(["mount", "-o", "fsverity", store.path, store.folder["mount"].path])
      #expect(mount.status == 1)
      #expect(mount.errors.hasSuffix("the file system has no fs-verity\n") && mount.errors.isOneLine)
    }
    #expect(try Casfs.run(["blob", "get", store.path, digest]).text == "hello\n")
  }

  @Test("V10: only a store in a directory can be sealed")
  func archive() throws {
    let store = try CommandLineStore()
    let archive = store.folder["store.tar"].path
    try SystemCommand.expect("tar", "-C", store.path, "-cf", archive, ".")
    let outcome = try Casfs.run(["seal", "oci-archive:\(archive)"])
    #expect(outcome.status == 1)
    #expect(outcome.errors.hasSuffix("only a store in a directory can be sealed\n") && outcome.errors.isOneLine)
  }
}
