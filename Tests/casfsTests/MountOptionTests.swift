import TestSupport
import Testing

/// The words of `-o`, without a mount: a word that is accepted leads to the error that the directory does not exist.
@Suite struct MountOptionTests {
  @Test(
    "M3: every word of mount(8), fstab(5) and systemd.mount(5) is accepted",
    arguments: [
      "async", "atime", "noatime", "auto", "noauto", "defaults", "dev", "nodev", "diratime", "nodiratime", "dirsync",
      "exec", "noexec", "group", "iversion", "noiversion", "mand", "nomand", "_netdev", "nofail", "relatime",
      "norelatime", "strictatime", "nostrictatime", "lazytime", "nolazytime", "suid", "nosuid", "silent", "loud",
      "owner", "ro", "rw", "sync", "user", "user=me", "nouser", "users", "X-mount.mkdir", "X-mount.subdir=a",
      "x-systemd.automount", "x-systemd.requires=a.mount", "x-gvfs-show", "comment=systemd.automount", "comment",
      "uhelper=udisks2", "helper=x", "symfollow", "fsname=me", "subtype=x", "max_read=65536", "sloppy,frobnicate",
      "frobnicate,sloppy", "kernel_cache,auto_cache,noauto_cache,noforget,remember=60", "nonempty", "verify=remember",
    ])
  func accepted(word: String) throws {
    let outcome = try Casfs.run(["mount", "-o", word, "/absent/store", "/absent/directory"])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("No such file or directory"), "\(outcome.errors)")
  }

  @Test("M3: a label of SELinux, which may have commas in quotes, is for the kernel, or dropped without SELinux")
  func labels() throws {
    for name in ["context", "fscontext", "defcontext", "rootcontext"] {
      let word = "\(name)=\"system_u:object_r:tmp_t:s0:c127,c456\""
      let outcome = try SystemCommand.bash(
        "if [ -e /sys/fs/selinux/enforce ]; then exit 9; fi; \"$casfs\" mount -o \"$1\" /absent/store /absent/directory",
        [word + ",ro"])
      #expect(outcome.status == 9 || outcome.errors.contains("No such file or directory"), "\(outcome.errors)")
    }
  }

  @Test(
    "M3: a word that cannot be applied is refused with the reason and the way to have it",
    arguments: [
      ("verify", "verify needs a value: verify=once"),
      ("verify=never", "verify is one of once, remember, always, none, not 'never'"), ("read", "read needs a value"),
      ("umask", "umask needs a value"),
      ("fsname=", "fsname needs a value"), ("context", "context needs a value"), ("ro=1", "ro takes no value"),
      ("umask=9", "umask takes an octal number, not '9'"), ("uid=me", "uid takes a number, not 'me'"),
      ("remount,ro", "mount -i -o remount,ro DIRECTORY"), ("bind", "mount --bind its directory"),
      ("nosymfollow", "mount -o remount,bind,nosymfollow DIRECTORY"), ("rprivate", "mount --make-rprivate DIRECTORY"),
      ("loop", "not a block device"),
      ("big_writes", "mount option big_writes is refused: libfuse 3 has no such option; remove it"),
      ("direct_io", "remove it"), ("use_ino,hard_remove", "use_ino is refused"), ("large_read", "remove it"),
      ("attr_timeout=0", "attr_timeout is refused: casfs sets the time"), ("ac_attr_timeout=1", "remove it"),
      ("entry_timeout=1.5", "remove it"), ("negative_timeout=0", "remove it"), ("splice_read", "read=splice"),
      ("no_splice_write", "read=copy"), ("max_write=4096", "negotiates it with the kernel; remove it"),
      ("async_read", "remove it"), ("user_id=0", "libfuse sets it"), ("fmask=022", "umask=022"),
      ("modules=iconv", "no modules"), ("max_read", "max_read needs a value: max_read=131072"),
      ("frobnicate=1", "unknown mount option 'frobnicate=1'"),
    ])
  func refused(word: String, reason: String) throws {
    let outcome = try Casfs.run(["mount", "-o", word, "/absent/store", "/absent/directory"])
    #expect(outcome.status == 64)
    #expect(outcome.errors.isOneLine && outcome.errors.contains(reason), "\(outcome.errors)")
  }
}
