import Testing

@testable import FUSE

@Suite struct MountFailureTests {
  private static let denied = "fusermount3: mount failed: Permission denied\n"

  @Test("M5: an EACCES of fusermount3 names AppArmor and its profile where AppArmor is enabled")
  func confined() {
    let text = MountFailure(message: Self.denied, isConfined: true).description
    #expect(text.hasPrefix("fusermount3: mount failed: Permission denied; "))
    #expect(text.contains("AppArmor") && text.hasSuffix("/etc/apparmor.d/fusermount3"))
  }

  @Test("M5: other failures do not name AppArmor")
  func others() {
    let free = MountFailure(message: Self.denied, isConfined: false).description
    #expect(free == "fusermount3: mount failed: Permission denied")
    let busy = "fuse: mount failed: Device or resource busy\n"
    #expect(MountFailure(message: busy, isConfined: true).description == "fuse: mount failed: Device or resource busy")
    let own = "fuse: failed to open /dev/fuse: Permission denied\n"
    let unreadable = MountFailure(message: own, isConfined: true).description
    #expect(unreadable == "fuse: failed to open /dev/fuse: Permission denied")
    #expect(MountFailure(message: "", isConfined: true).description == "the kernel refused it")
    #expect(MountFailure(message: "a\nb\n", isConfined: true).description == "a; b")
  }
}
