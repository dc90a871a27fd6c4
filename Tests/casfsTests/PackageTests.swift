import Foundation
import TestSupport
import Testing

/// The files of the Debian package, as `.package/files` makes them. `.ci/package` builds the package itself.
@Suite struct PackageTests {
  private static let package = Project.folder.appending(path: ".package")

  /// The paths in the package of this build.
  private static func installed(in folder: TemporaryFolder) throws -> [String] {
    let files = package.appending(path: "files").path
    try SystemCommand.expect(files, Casfs.path, folder["root"].path)
    return try SystemCommand.expect("find", folder["root"].path, "!", "-type", "d", "-printf", "%P\n")
      .split(separator: "\n").map(String.init)
  }

  @Test("P1: the package has the programs, all manual pages, the completions, the unit and the examples")
  func files() throws {
    let folder = try TemporaryFolder()
    let paths = Set(try Self.installed(in: folder))
    let pages = try FileManager.default.contentsOfDirectory(atPath: Project.folder.appending(path: "man").path)
    let manual = pages.map { "usr/share/man/man\($0.suffix(1))/\($0).gz" }
    let documents = ["copyright", "changelog.gz", "NOTICE.gz"].map { "usr/share/doc/casfs/\($0)" }
    let examples = ["fstab", "images.conf", "srv-images.automount", "srv-images.mount"].map {
      "usr/share/doc/casfs/examples/\($0)"
    }
    let expected =
      [
        "usr/bin/casfs", "usr/sbin/mount.casfs", "usr/sbin/mount.fuse.casfs",
        "usr/share/man/man8/mount.fuse.casfs.8.gz", "usr/share/bash-completion/completions/casfs",
        "usr/share/zsh/vendor-completions/_casfs", "usr/share/fish/vendor_completions.d/casfs.fish",
        "usr/lib/systemd/system/casfs@.service", "usr/share/lintian/overrides/casfs",
      ] + manual + documents + examples
    #expect(paths == Set(expected))
    // Links lead to files of the package, and the helper is casfs.
    let helper = folder["root/usr/sbin/mount.casfs"].path
    let outcome = try SystemCommand.run(helper, ["absent-store", folder.path, "-n", "-o", "frobnicate"])
    #expect(outcome.status == 1 && outcome.errors.contains("unknown mount option 'frobnicate'"))
    let page = folder["root/usr/share/man/man8/mount.fuse.casfs.8.gz"].path
    #expect(try SystemCommand.expect("zcat", page).contains(".Dt MOUNT.CASFS 8"))
    let notice = try SystemCommand.expect("zcat", folder["root/usr/share/doc/casfs/NOTICE.gz"].path)
    #expect(notice.contains("==== swift-nio/NOTICE.txt"))
  }

  @Test("P1: systemd accepts the unit and the examples", .needs(.tools("systemd-analyze")))
  func units() throws {
    let folder = try TemporaryFolder()
    for name in ["casfs@.service", "examples/srv-images.mount", "examples/srv-images.automount"] {
      let text = try String(contentsOf: Self.package.appending(path: name), encoding: .utf8)
      let file = name.split(separator: "/").last.map(String.init) ?? name
      try folder.write(
        text.replacingOccurrences(of: "/usr/bin/casfs", with: Casfs.path),
        to: file.replacingOccurrences(of: "@.", with: "@images."))
    }
    for name in ["casfs@images.service", "srv-images.mount", "srv-images.automount"] {
      let printed = try SystemCommand.expect(
        "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", folder[name].path)
      // Units of the machine can have warnings too.
      #expect(!printed.contains("images"), "\(printed)")
    }
  }

  @Test(
    "P1: the lines of the example of fstab have words that casfs takes, and are well-formed", .needs(.tools("findmnt")))
  func fstab() throws {
    let file = Self.package.appending(path: "examples/fstab")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(lines.count == 3)
    for line in lines {
      let fields = line.split(separator: " ")
      #expect(fields.count == 6 && fields[2] == "casfs")
      let outcome = try Casfs.run(["mount", "-o", "fake," + fields[3], String(fields[0]), String(fields[1])])
      #expect(outcome.status == 0, "\(line): \(outcome.errors)")
    }
    #expect(try SystemCommand.expect("findmnt", "-F", file.path, "-n", "-o", "FSTYPE").contains("casfs"))
  }
}
