import Foundation
import TestSupport
import Testing

@Suite struct UsageTests {
  @Test(
    "C1: wrong usage exits 64 with one line that refers to the help",
    arguments: [
      ([], "a command is missing (see casfs --help)"),
      (["nonsense"], "unexpected argument 'nonsense' (see casfs --help)"),
      (["--nonsense"], "unknown option '--nonsense' (see casfs --help)"),
      (["blob"], "'casfs blob' needs one of the commands"), (["ref"], "'casfs ref' needs one of the commands"),
      (["create"], "missing expected argument '<store>' (see casfs create --help)"),
      (["create", "s", "--layout", "none"], "the value 'none' is invalid"),
      (["blob", "get", "s"], "missing expected argument"), (["blob", "rm", "s"], "missing expected argument"),
      (["blob", "ls", "-x", "s"], "unknown option '-x' (see casfs blob ls --help)"),
      (["clean", "s", "t"], "unexpected argument 't'"), (["gc"], "missing expected argument"),
      (["gc", "s", "--grace", "5"], "a time is a number with one of the units"),
      (["gc", "s", "--grace=-5s"], "a time is a number"), (["gc", "s", "--grace", "h"], "a time is a number"),
      (["gc", "s", "--grace", "9223372036854775807w"], "the time is longer than 15250284452471w"),
      (["gc", "s", "--grace", "99999999999999999999s"], "the time is longer than 15250284452471w"),
      (["help", "nope"], "unknown command 'nope'"), (["help", "blob", "nope"], "unknown command 'nope'"),
      (
        ["--generate-completion-script", "nope"],
        "completion scripts for 'nope'. Please use --generate-completion-script=<shell> with one of: zsh bash fish"
      ), (["nonsense", "directory"], "unexpected argument"),
      (["blob", "get", "s", "sha256:" + Known.hello.dropFirst(7).uppercased()], "lower-case hexadecimal digits"),
      (["blob", "rm", "s", Known.hello + "0"], "a sha256 digest has 64 digits, not 65"),
      (["blob", "rm", "s", "md5:00"], "algorithm is not sha256 or sha512"),
      (["ref", "put", "s", "name", "latest"], "malformed digest: not of the form sha256:HEX"),
      (["ref", "put", "s", "a b", Known.hello], "malformed reference name: letters, digits and _"),
      (["copy", "s", "a", "t", "--platform", "linux"], "platform is not OS/ARCH or OS/ARCH/VARIANT"),
      (["ref", "put", "s", "a/../b", Known.hello], "'..' component"),
      (["ref", "put", "s", "two\nlines", Known.hello], "control characters"),
      (["ref", "get", "s", ".."], "'..' component"), (["ref", "rm", "s", "../oci-layout"], "'..' component"),
      (["blob", "get", "s", "../oci-layout"], "'..' component"), (["ref", "get", "s", ""], "empty reference name"),
    ])
  func wrongUsage(arguments: [String], reason: String) throws {
    let outcome = try Casfs.run(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.isOneLine, "\(outcome.errors)")
    #expect(outcome.errors.hasPrefix("casfs: wrong usage: ") && outcome.errors.contains(reason), "\(outcome.errors)")
  }

  @Test("C2: --version and --help answer on standard output")
  func information() throws {
    #expect(try Casfs.run(["--version"]).text == "casfs 0.1.0\n")
    for arguments in [["--help"], ["-h"], ["help"], ["blob", "--help"], ["help", "blob", "put"]] {
      let outcome = try Casfs.run(arguments)
      #expect(outcome.status == 0)
      #expect(outcome.text.contains("USAGE: casfs"))
      #expect(outcome.errors == "")
    }
  }

  @Test("C2: the help says what a store is, in lines of at most 80 columns")
  func help() throws {
    let outcome = try SystemCommand.bash("COLUMNS=80 \"$casfs\" --help")
    for form in ["dir:PATH ", "oci-archive:FILE ", "docker://HOST/REPOSITORY "] {
      #expect(outcome.text.contains(form), "\(outcome.text)")
    }
    for line in outcome.text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }

  @Test("C2: completion scripts are generated for each shell, and bash reads its own")
  func completion() throws {
    for shell in ["bash", "zsh", "fish"] {
      let outcome = try Casfs.run(["--generate-completion-script", shell])
      #expect(outcome.status == 0)
      #expect(outcome.text.contains("casfs") && outcome.text.contains("blob"))
    }
    let read = try SystemCommand.bash(
      "set -e; eval \"$(\"$casfs\" --generate-completion-script bash)\"; complete -p casfs")
    #expect(read.status == 0)
    #expect(read.text.contains("casfs"))
  }

  @Test("C1: an error contains no names of Swift types")
  func noTypeNames() throws {
    let folder = try TemporaryFolder()
    let outcome = try Casfs.run(["blob", "ls", folder["absent"].path])
    #expect(outcome.status == 1)
    #expect(outcome.errors.isOneLine)
    for word in ["CASError", "Errno", "Error:", "InvalidValue", "Swift"] { #expect(!outcome.errors.contains(word)) }
  }
}
