import Foundation
import TestSupport
import Testing

/// The files of images, below `images/NAME/rootfs` and `images/NAME/diffs`.
@Suite(.needs(.fuse, .root, .tools("tar", "getfattr", "jq"))) struct RootFileSystemTests {
  @Test("F2, F3, F4, F11: find, stat, tar, getfattr, image ls and readers find in rootfs what tar makes of the layers")
  func image() throws {
    try ScriptedMount().run("RootFileSystem/image.sh")
  }

  @Test(
    "F2, F7: rootfs of an image that buildah made, by gzip and Zstandard, is what overlayfs shows",
    .needs(.tools("buildah", "busybox", "setcap", "setfattr")))
  func built() throws {
    let depth = ProcessInfo.processInfo.environment["CASFS_IMAGE_LAYERS"] ?? "5"
    try ScriptedMount().run("RootFileSystem/built.sh", ["depth": depth], seconds: 900)
  }

  @Test("F5: a damaged layer is EIO with both digests, and the rest of the mount goes on")
  func damaged() throws {
    try ScriptedMount().run("RootFileSystem/damaged.sh")
  }

  @Test("F6: a mount makes an index file with malformed entries anew, and logs it", .needs(.tools("python3")))
  func index() throws {
    try ScriptedMount().run("RootFileSystem/index.sh")
  }

  @Test("F5: the files of a plain layer are read from its blob in every way of reading, and never where it is damaged")
  func plain() throws {
    try ScriptedMount().run("RootFileSystem/plain.sh")
  }

  @Test(
    "F10: the root file system of an image is a mount of its own, for chroot and below overlayfs",
    .needs(.tools("python3")))
  func mounted() throws {
    try ScriptedMount().run("RootFileSystem/mounted.sh")
  }

  @Test(
    "F10: programs run in rootfs: directly, by chroot, where it is bound, and below overlayfs",
    .needs(.tools("busybox")))
  func programs() throws {
    try ScriptedMount().run("RootFileSystem/programs.sh")
  }
}
