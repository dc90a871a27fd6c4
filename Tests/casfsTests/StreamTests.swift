import Foundation
import TestSupport
import Testing

@Suite struct StreamTests {
  @Test(
    "C1: unwritable output is an error",
    arguments: [
      "blob put \"$1\" /dev/null", "blob get \"$1\" name", "blob ls \"$1\"", "blob ls -l \"$1\"", "ref get \"$1\" name",
      "ref ls \"$1\"", "ref ls --json \"$1\"", "clean \"$1\"", "gc --dry-run --grace 0 \"$1\"",
      "fsck \"$1/../damaged\"", "--version", "--help",
      "--generate-completion-script bash",
    ])
  func fullDisk(command: String) throws {
    let store = try CommandLineStore()
    let digest = try store.put("hello\n")
    _ = try store.put("garbage\n")
    #expect(
      try SystemCommand.bash("cd \"$1\"/..; cp -r store damaged; touch damaged/foreign", [store.path]).status == 0)
    #expect(try Casfs.run(["ref", "put", store.path, "name", digest]).status == 0)
    let full = try SystemCommand.bash("\"$casfs\" \(command) > /dev/full", [store.path])
    #expect(full.status == 1)
    #expect(full.errors == "casfs: write standard output: No space left on device\n")
    let closed = try SystemCommand.bash("\"$casfs\" \(command) >&-", [store.path])
    #expect(closed.status == 1)
    #expect(closed.errors == "casfs: write standard output: Bad file descriptor\n")
    #expect(try Casfs.run(["blob", "get", store.path, digest]).text == "hello\n")
  }

  @Test("C1: a put without standard streams stores the right bytes")
  func closedStreams() throws {
    let store = try CommandLineStore()
    try store.folder.write("hello\n", to: "a")
    let outcome = try SystemCommand.bash(
      "\"$casfs\" blob put \"$1\" \"$2\" <&- >&- 2>&-", [store.path, store.folder["a"].path])
    #expect(outcome.status == 1)
    #expect(try Casfs.run(["blob", "get", store.path, Known.hello]).text == "hello\n")
    let none = try SystemCommand.bash("\"$casfs\" blob put \"$1\" <&-", [store.path])
    #expect(none.status == 1)
    #expect(none.errors == "casfs: read standard input: Bad file descriptor\n")
  }

  @Test("C1: a closed pipe ends blob get silently")
  func brokenPipe() throws {
    let store = try CommandLineStore()
    let digest = try #require(
      try Casfs.run(["blob", "put", store.path], input: [UInt8](repeating: 10, count: 4 << 20)).lines.first)
    let outcome = try SystemCommand.bash(
      "\"$casfs\" blob get \"$1\" \(digest) | head -1; echo ${PIPESTATUS[0]}", [store.path])
    #expect(outcome.text == "\n\(128 + SIGPIPE)\n")
    #expect(outcome.errors == "")
  }

  @Test(
    "C1: an interrupted blob put ends by the signal and leaves nothing behind", arguments: [SIGINT, SIGTERM, SIGHUP])
  func interrupted(signal: Int32) throws {
    let store = try CommandLineStore()
    let before = try store.folder.files()
    let pipe = Pipe()
    let feeding = try TemporaryFolder()
    // The feeder creates a file once nearly a mebibyte has gone through the pipe, and keeps the pipe open.
    let feeder = try RunningCommand(
      "/usr/bin/env",
      ["bash", "-c", "head -c 1048576 /dev/zero >&2; touch \"$1\"; exec sleep 60", "bash", feeding["fed"].path],
      errors: pipe.fileHandleForWriting)
    defer { feeder.signal(SIGKILL) }
    let put = try RunningCommand(
      "/usr/bin/env", ["--default-signal=INT,TERM,HUP", Casfs.path, "blob", "put", store.path],
      input: pipe.fileHandleForReading)
    defer { put.signal(SIGKILL) }
    try wait { FileManager.default.fileExists(atPath: feeding["fed"].path) }
    put.signal(signal)
    let outcome = try put.outcome()
    #expect(outcome.isKilled)
    #expect(outcome.status == signal)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors == "")
    #expect(try store.folder.files() == before)
  }

  @Test("C2: a long put shows a progress bar on a terminal and erases it; the output stays clean")
  func progress() throws {
    let store = try CommandLineStore()
    let slow =
      "(head -c 3145728 /dev/zero; sleep 1; echo) | \"$casfs\" blob put '\(store.path)' > '\(store.folder["out"].path)'"
    let terminal = try SystemCommand.run("/usr/bin/script", ["-qec", slow, "/dev/null"])
    #expect(terminal.text.contains("3 MiB"))
    #expect(terminal.text.hasSuffix("\r\u{1B}[K"))
    let digest = try String(contentsOf: store.folder["out"], encoding: .utf8)
    #expect(digest.hasPrefix("sha256:") && digest.utf8.count == 72)
    let elsewhere = try SystemCommand.bash(slow)
    #expect(elsewhere.status == 0)
    #expect(elsewhere.errors == "")
  }

  @Test("C2: a short put shows no progress bar")
  func noProgress() throws {
    let store = try CommandLineStore()
    let quick = "echo | \"$casfs\" blob put '\(store.path)' > /dev/null"
    #expect(try SystemCommand.run("/usr/bin/script", ["-qec", quick, "/dev/null"]).text == "")
  }

  private func wait(until isReached: () -> Bool) throws {
    for _ in 0..<6000 {
      if isReached() { return }
      usleep(10_000)
    }
    throw TestFailure("timeout")
  }
}
