import TestSupport
import Testing

/// Faults while blobs and manifests are written.
@Suite(.needs(.fuse, .tools("curl", "docker-registry", "jq", "python3", "skopeo"))) struct WriteFaultTests {
  /// Faults titled `begin` are of the request that begins an upload; others of requests with content.
  private static let cases = [
    FaultCase("begin: 500 twice", .done, #""status": 500, "times": 2"#),
    FaultCase("begin: 500 always", .eio, #""status": 500, "times": -1"#),
    FaultCase("begin: no answer once", .done, #""refuse": true"#),
    FaultCase("begin: no place", .eio, #""claim": {"Location": null}, "times": -1"#),
    FaultCase("begin: a place that is no URL", .eio, #""claim": {"Location": "file:///tmp/x"}, "times": -1"#),
    FaultCase("cut once", .done, #""take": 1000"#),
    FaultCase("cut always", .eio, #""take": 1000, "times": -1"#),
    FaultCase("no answer", .done, #""lost": true"#),
    FaultCase("503 once", .done, #""status": 503"#),
    FaultCase("503 always", .eio, #""status": 503, "times": -1"#),
    FaultCase("429 with Retry-After", .done, #""status": 429, "headers": {"Retry-After": "1"}"#),
    FaultCase("507 always", .eio, #""status": 507, "times": -1"#),
    FaultCase(
      "another digest acknowledged", .eio,
      #""claim": {"Docker-Content-Digest": "sha256:0000000000000000000000000000000000000000000000000000000000000000"}, "times": -1"#
    ),
    FaultCase("accepted and not stored", .eio, #""status": 201, "times": -1"#),
  ]

  @Test(
    "I2, E4: close fails when the registry has not stored the blob, and nothing of it is stored",
    arguments: [RegistryServer.test, .proxied])
  func uploads(server: RegistryServer) throws {
    try ScriptedMount().run(
      server, "WriteFault/uploads.sh", ["cases": FaultCase.lines(Self.cases)], seconds: 150)
  }

  @Test("R2, E8: a tag that the registry rejects is an error, and the old one stays")
  func manifests() throws {
    try ScriptedMount().run(.test, "WriteFault/manifests.sh")
  }
}
