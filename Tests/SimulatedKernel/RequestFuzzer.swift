package import CAS
import FUSE
import OCI

/// Requests that no kernel sends, one after the other or many at once, and a look at what they have done.
package struct RequestFuzzer<Source: RandomNumberGenerator> {
  private let kernel: SimulatedKernel
  private var generator: RequestGenerator<Source>
  private var recent: [WireRequest] = []
  private let goesOn: () -> Bool

  /// How many requests were sent.
  package private(set) var count = 0

  /// Makes an assault on the session of a store.
  ///
  /// - Parameter goesOn: whether there are more; asked before each.
  package init(on engine: any Engine, _ source: Source, while goesOn: @escaping () -> Bool) throws {
    kernel = try SimulatedKernel(engine)
    generator = RequestGenerator(source)
    self.goesOn = goesOn
  }

  /// Does it all: no request stays unanswered or is answered twice, what is stored is what it is called, and the session
  /// answers a sane request as if nothing had been.
  ///
  /// - Throws: a ``Finding``, with the last requests before it.
  package mutating func run() throws {
    do {
      try kernel.requireSane("before")
      while goesOn() { try burst() }
      try kernel.requireSane("after")
      try kernel.requireSound()
      try kernel.end(unmounting: generator.number(2) == 0)
    } catch {
      let requests = recent.map { "\($0.opcode) \($0.node) \($0.body.prefix(80)) \($0.exaggeration) \($0.cut ?? -1)" }
      throw Finding("\(error), after \(count) requests, the last:\n\(requests.joined(separator: "\n"))")
    }
  }

  /// Sends a request, or some at once, and waits for the answers.
  private mutating func burst() throws {
    var sent: [(UInt64, WireRequest)] = []
    for _ in 0..<(generator.number(8) == 0 ? 2 + generator.number(14) : 1) {
      let request = generator.request()
      recent = recent.suffix(19) + [request]
      count += 1
      sent.append((try kernel.send(request), request))
    }
    try kernel.settle()
    for (unique, request) in sent {
      if let answer = kernel.takeAnswer(to: unique) { generator.learn(request, answer) }
    }
  }
}

extension SimulatedKernel {
  /// Commits a file and reads its blob, as a kernel would.
  fileprivate func requireSane(_ word: String) throws {
    let content = Array("sane \(word)\n".utf8)
    let digest = BlobAddress(of: content)?.digest
    func number(_ opcode: Opcode, _ node: UInt64, _ body: [UInt8], at offset: Int = 0) throws -> UInt64 {
      let answer = try ask(WireRequest(opcode, node, body))
      guard answer.error == 0 else { throw Finding("\(opcode) \(word): error \(answer.error)") }
      return answer.number(at: offset)
    }
    let zeros = { [UInt8](repeating: 0, count: $0) }
    let incoming = try number(.lookup, 1, WireRequest.bytes("incoming"))
    let name = "sane file \(word)"
    let made = try ask(WireRequest(.create, incoming, zeros(16) + WireRequest.bytes(name)))
    guard made.error == 0 else { throw Finding("create \(word): error \(made.error)") }
    let (node, handle) = (made.number(at: 0), WireRequest.bytes(made.number(at: 128)))
    let count = WireRequest.bytes(UInt32(content.count))
    _ = try number(.write, node, handle + zeros(8) + count + zeros(20) + content)
    _ = try number(.flush, node, handle + zeros(16))
    _ = try number(.release, node, handle + zeros(16))
    let blobs = try number(.lookup, 1, WireRequest.bytes("blobs"))
    let algorithm = try number(.lookup, blobs, WireRequest.bytes("sha256"))
    let blob = try number(.lookup, algorithm, WireRequest.bytes(digest?.hex ?? ""))
    let open = WireRequest.bytes(try number(.open, blob, zeros(8)))
    let answer = try ask(WireRequest(.read, blob, open + zeros(8) + WireRequest.bytes(4096 as UInt32) + zeros(20)))
    guard answer.error == 0, answer.body == content else { throw Finding("a blob is read \(word) as \(answer)") }
    _ = try number(.release, blob, open + zeros(16))
    _ = try number(.unlink, incoming, WireRequest.bytes(name))
  }

  /// Looks at all that is stored.
  fileprivate func requireSound() throws {
    try engine.forEachBlob { (digest) throws(CASError) in
      let content = try engine.blobContents(digest, limit: 64 << 20)
      let actual = BlobAddress(of: content, digest.algorithm)?.digest
      guard actual == digest else {
        throw CASError(
          .mismatch, operation: "look at", subject: digest.description,
          cause: "it is \(actual?.description ?? "nothing")")
      }
    }
    for reference in try engine.listReferences() {
      let info = try engine.blobInfo(reference.descriptor.digest)
      guard info.size == reference.descriptor.size, reference.name.isGrammatical else {
        throw Finding("reference \(reference.name) is of \(reference.descriptor)")
      }
    }
  }
}

extension BlobAddress {
  /// The address that content has.
  init?(of content: [UInt8], _ algorithm: Digest.Algorithm = .sha256) {
    var digester = Digester(algorithm)
    digester.update(content.span)
    guard let digest = digester.digest else { return nil }
    self.init(digest: digest, size: digester.count)
  }
}
