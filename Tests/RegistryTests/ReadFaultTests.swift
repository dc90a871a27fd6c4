import TestSupport
import Testing

/// Faults while blobs are read.
@Suite(.needs(.fuse, .tools("curl", "docker-registry", "jq", "python3"))) struct ReadFaultTests {
  private static let cases = [
    FaultCase("cut once", .done, #""cut": 1000"#),
    FaultCase("cut after each 100000 bytes", .done, #""cut": 100000, "times": -1"#),
    FaultCase("cut before the first byte, always", .eio, #""cut": 0, "times": -1"#),
    FaultCase("cut, and a range is answered with all of it", .done, #""cut": 200000, "whole": true, "times": 2"#),
    FaultCase("no answer twice", .done, #""refuse": true, "times": 2"#),
    FaultCase("no answer ever", .eio, #""refuse": true, "times": -1"#),
    FaultCase("500 twice", .done, #""status": 500, "times": 2"#),
    FaultCase("503 once", .done, #""status": 503"#),
    FaultCase("502 always", .eio, #""status": 502, "times": -1"#),
    FaultCase("429 with Retry-After", .done, #""status": 429, "headers": {"Retry-After": "1"}"#),
    FaultCase(
      "429 with a Retry-After of an hour", .eio, #""status": 429, "headers": {"Retry-After": "3600"}, "times": -1"#),
    FaultCase("a wrong byte, always", .eio, #""flip": 150000, "times": -1"#),
    FaultCase("a wrong byte once", .either, #""flip": 299999"#),
    FaultCase("a wrong byte, then cut", .either, #""flip": 10, "cut": 200000"#),
    FaultCase("short, always", .eio, #""drop": 5, "times": -1"#),
    FaultCase("short once", .done, #""drop": 5"#),
    FaultCase("long, always", .either, #""add": 5, "times": -1"#),
    FaultCase("other content", .eio, #""replace": "other", "times": -1"#),
    FaultCase("no content", .eio, #""replace": "", "times": -1"#),
    FaultCase("a length that is too small", .either, #""claim": {"Content-Length": "1000"}, "times": -1"#),
    FaultCase("a length that is too large", .either, #""claim": {"Content-Length": "300010"}, "times": -1"#),
    FaultCase("a length that is none", .eio, #""claim": {"Content-Length": "-1"}, "times": -1"#),
    FaultCase(
      "another digest in the header", .either, #""claim": {"Docker-Content-Digest": "sha256:00"}, "times": -1"#),
    FaultCase("slow", .done, #""slow": 0.005"#),
    FaultCase("late", .done, #""late": 1.5"#),
    FaultCase(
      "a redirection to nowhere", .eio, #""status": 307, "headers": {"Location": "http://127.0.0.1:1/"}, "times": -1"#),
    FaultCase("a redirection in a circle", .eio, #""status": 302, "headers": {"Location": "?x"}, "times": -1"#),
    FaultCase(
      "a redirection to a file", .eio, #""status": 302, "headers": {"Location": "file:///etc/passwd"}, "times": -1"#),
    FaultCase(
      "a part that was not asked for", .eio,
      #""status": 206, "headers": {"Content-Range": "bytes 7-9/10"}, "body": "abc", "times": -1"#),
  ]

  @Test(
    "V1, V2, E7: a read through a mount with a fault gives EIO or the right content, and recovers",
    arguments: [RegistryServer.test, .proxied])
  func mounted(server: RegistryServer) throws {
    try ScriptedMount().run(server, "ReadFault/mounted.sh", ["cases": FaultCase.lines(Self.cases)], seconds: 120)
  }

  @Test(
    "V1, V2, C1: a command with a fault prints the right content, or one line with the reason",
    arguments: [RegistryServer.test, .proxied])
  func command(server: RegistryServer) throws {
    try ScriptedMount().run(server, "ReadFault/command.sh", ["cases": FaultCase.lines(Self.cases)], seconds: 120)
  }

  @Test("V4: an unverified read with a fault is resumed or EIO, and its parts are right")
  func unverified() throws {
    let cases = Self.cases.filter { !$0.title.contains("wrong byte") && !$0.title.contains("content") }
    try ScriptedMount().run(.test, "ReadFault/unverified.sh", ["cases": FaultCase.lines(cases)], seconds: 120)
  }

  @Test(
    "E7: a broken transfer is resumed, and retries back off")
  func resumption() throws {
    try ScriptedMount().run(.test, "ReadFault/resumption.sh")
  }

  @Test("E7: concurrent readers share a few connections")
  func connections() throws {
    try ScriptedMount().run(.test, "ReadFault/connections.sh")
  }
}
