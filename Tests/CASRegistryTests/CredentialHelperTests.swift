import CAS
import Foundation
import TestSupport
import Testing

@testable import CASRegistry

/// Credential helpers that the tests write: shell scripts `docker-credential-NAME`.
struct CredentialHelperTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var environment: [String: String] {
    ["HOME": folder.path, "PATH": "relative:/nonexistent:\(folder("bin")):/usr/bin:/bin", "top": folder.path]
  }

  /// Writes the program of a helper.
  private func program(_ name: String, _ lines: String) throws {
    try folder.write("#!/bin/sh\n\(lines)\n", to: "bin/docker-credential-\(name)")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: folder("bin/docker-credential-\(name)"))
  }

  private func answer(
    _ name: String, timeout: Duration = .seconds(30), _ cancellation: CancellationToken = CancellationToken()
  ) throws -> CredentialHelper.Answer {
    try CredentialHelper(name: name, environment: environment)
      .answer(for: "host:5000", timeout: timeout, cancellation)
  }

  /// The result for a repository of a file `~/.docker/config.json` with this text.
  private func lookup(
    _ text: String, for uri: String = "docker://host:5000/team/app", rejected: Credentials? = nil,
    _ answers: CredentialHelperAnswers = CredentialHelperAnswers()
  ) throws -> CredentialLookup {
    try folder.write(text, to: ".docker/config.json")
    return try CredentialFiles(environment: environment, answers: answers)
      .lookup(for: RegistryAddress(uri), rejected: rejected, CancellationToken())
  }

  private static let reply = #"printf '{"ServerURL":"x","Username":"me","Secret":"p"}'"#

  @Test("N2: a helper is run with get and the server on standard input")
  func question() throws {
    try program("a", #"[ "$*" = get ] && [ "$(cat)" = host:5000 ] && [ ! -e /proc/$$/fd/3 ] && \#(Self.reply)"#)
    #expect(try answer("a") == .credentials(.password(user: "me", "p")))
    try program("b", #"printf '{"Username":"<token>","Secret":"t"}'"#)
    #expect(try answer("b") == .credentials(.identityToken("t")))
  }

  @Test(
    "N2: a helper that has nothing, or fails, has no credentials and tells no secret",
    arguments: [
      ("echo credentials not found in native keychain; exit 1", nil), (#"printf '{"Username":"me","Secret":""}'"#, nil),
      ("echo secret; exit 3", "exit status 3"), ("echo secret", "not JSON"),
      (#"printf '{"Secret":"secret"}'"#, "not JSON"),
      ("exit 0", "not JSON"), ("echo secret >&2; kill -9 $$", "exit status 137"), ("exec yes secret", "longer than"),
      ("yes secret | head -c 300000", "longer than"),
    ] as [(String, String?)])
  func failing(lines: String, reason: String?) throws {
    try program("a", lines)
    switch try answer("a") {
    case .nothing: #expect(reason == nil)
    case .failure(let text): #expect(text.contains(reason ?? "?") && !text.contains("secret"))
    case .credentials: Issue.record("it has credentials")
    }
  }

  @Test(
    "N2: only a program docker-credential-NAME in a directory of PATH is run",
    arguments: ["missing", "../bin/docker-credential-a", "a/b", "", "a b", "plain"])
  func names(name: String) throws {
    try program("a", Self.reply)
    try folder.write("", to: "bin/docker-credential-plain")
    guard case .failure = try answer(name) else {
      Issue.record("it was run")
      return
    }
  }

  @Test("N2: a helper that is late or cancelled is killed with its children", arguments: [false, true])
  func late(isCancelled: Bool) throws {
    try program("a", "sleep 1000 & echo $! >$top/pid; wait")
    let cancellation = CancellationToken()
    if isCancelled {
      let path = folder("pid")
      try onThreads(2) { number in
        if number == 0 {
          _ = eventually { (try? String(contentsOfFile: path, encoding: .utf8))?.hasSuffix("\n") == true }
          cancellation.cancel()
        } else {
          #expect(throws: RegistryError.self) { try answer("a", cancellation) }
        }
      }
    } else {
      #expect(try answer("a", timeout: .seconds(2)) == .failure("no answer within 2 seconds"))
    }
    let child = try folder.text(of: "pid").trimmingCharacters(in: .newlines)
    #expect(eventually { (try? Data(contentsOf: URL(filePath: "/proc/\(child)/cmdline")))?.isEmpty ?? true })
  }

  @Test("N2: a process that a helper leaves behind delays nothing")
  func leftBehind() throws {
    try program("a", "sleep 1000 & echo $! >$top/pid; \(Self.reply)")
    #expect(try answer("a") == .credentials(.password(user: "me", "p")))
    kill(try #require(pid_t(try folder.text(of: "pid").trimmingCharacters(in: .newlines))), SIGKILL)
  }

  @Test("N2: credHelpers precedes credsStore, which precedes auths")
  func order() throws {
    for name in ["a", "b"] {
      try program(name, #"cat >>$top/asked; printf '{"Username":"\#(name)","Secret":"p"}'"#)
    }
    try program("none", "cat >>$top/asked; echo credentials not found in native keychain; exit 1")
    let auths = #""auths":{"host:5000":{"auth":"\#(Data("c:p".utf8).base64EncodedString())"}}"#
    func user(_ text: String) throws -> Credentials? { try lookup(text).credentials }
    #expect(
      try user(#"{"credHelpers":{"host:5000":"a"},"credsStore":"b",\#(auths)}"#) == .password(user: "a", "p"))
    #expect(try user(#"{"credHelpers":{"other":"a"},"credsStore":"b",\#(auths)}"#) == .password(user: "b", "p"))
    #expect(
      try user(#"{"credHelpers":{"host:5000":""},"credsStore":"b",\#(auths)}"#) == .password(user: "c", "p"))
    #expect(try user(#"{"credsStore":"none",\#(auths)}"#) == .password(user: "c", "p"))
    #expect(try folder.text(of: "asked") == "host:5000host:5000host:5000")
    let failing = try lookup(#"{"credsStore":"missing",\#(auths)}"#)
    #expect(failing.credentials == .password(user: "c", "p"))
    #expect(failing.failures == ["credential helper docker-credential-missing: program not found"])
    let hub = #"{"credHelpers":{"https://index.docker.io/v1/":"none"}}"#
    #expect(try lookup(hub, for: "docker://docker.io/alpine") == CredentialLookup())
    #expect(try folder.text(of: "asked").hasSuffix("host:5000https://index.docker.io/v1/docker.io"))
  }

  @Test("N2: concurrent callers ask a helper once, and again when its credentials are rejected")
  func once() throws {
    try program("a", #"echo >>$top/asked; n=$(wc -l <$top/asked); printf '{"Username":"me","Secret":"%s"}' $n"#)
    let answers = CredentialHelperAnswers()
    let text = #"{"credsStore":"a"}"#
    _ = try lookup(text, answers)
    try onThreads(8) { _ in
      #expect(throws: Never.self) {
        let found = try CredentialFiles(environment: environment, answers: answers)
          .lookup(for: RegistryAddress("docker://other/app"), CancellationToken())
        #expect(found.credentials == .password(user: "me", "2"))
      }
    }
    #expect(try lookup(text, rejected: .password(user: "me", "1"), answers).credentials == .password(user: "me", "3"))
    #expect(try lookup(text, rejected: .password(user: "me", "1"), answers).credentials == .password(user: "me", "3"))
    #expect(try folder.text(of: "asked") == "\n\n\n")
  }
}
