package import CAS
import CLinux
import FUSE
import OCI

/// A fuzzer of the FUSE protocol: sends random requests, one by one or concurrently, and checks their effects.
package struct RequestFuzzer<Source: RandomNumberGenerator> {
  private let kernel: SimulatedKernel
  private var generator: RequestGenerator<Source>
  private var recent: [WireRequest] = []
  private let hasMore: () -> Bool

  /// The number of requests sent.
  package private(set) var count = 0

  /// Starts a session of a store.
  ///
  /// - Parameter hasMore: called before each burst; `false` ends the run.
  package init(on engine: any Engine, _ source: Source, while hasMore: @escaping () -> Bool) throws {
    kernel = try SimulatedKernel(engine)
    generator = RequestGenerator(source)
    self.hasMore = hasMore
  }

  /// Sends all requests. Each gets exactly one reply, blobs match their digests, and the session still serves valid
  /// requests.
  ///
  /// - Throws: a ``Finding`` with the last requests before it.
  package mutating func run() throws {
    do {
      try kernel.commitAndRead("before")
      while hasMore() { try burst() }
      try kernel.commitAndRead("after")
      try kernel.requireIntactStore()
      try kernel.end(unmounting: generator.number(2) == 0)
    } catch {
      let requests = recent.map {
        "\($0.opcode) \($0.node) \($0.body.prefix(80)) \($0.excessLength) \($0.truncatedSize ?? -1)"
      }
      throw Finding("\(error), after \(count) requests, the last:\n\(requests.joined(separator: "\n"))")
    }
  }

  /// Sends one request, or several without waiting, and then waits for the replies.
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
      if let reply = kernel.takeReply(to: unique) { generator.learn(request, reply) }
    }
  }
}

extension SimulatedKernel {
  /// Commits a file and reads its blob, as a kernel would.
  ///
  /// - Parameter word: tells the content and the name from those of another call.
  fileprivate func commitAndRead(_ word: String) throws {
    let content = Array("sane \(word)\n".utf8)
    let digest = BlobAddress(of: content)?.digest
    func reply(_ opcode: Opcode, _ node: UInt64, _ body: [UInt8]) throws -> WireReply {
      let reply = try ask(WireRequest(opcode, node, body))
      guard reply.error == 0 else { throw Finding("\(opcode) \(word): error \(reply.error)") }
      return reply
    }
    let incoming = try reply(.lookup, 1, wire("incoming")).node
    let name = "sane file \(word)"
    let created = try reply(.create, incoming, wire(fuse_create_in()) + wire(name))
    let (node, handle) = (created.node, created.createdHandle)
    let write = wire(fuse_write_in()) {
      $0.fh = handle
      $0.size = UInt32(content.count)
    }
    _ = try reply(.write, node, write + content)
    _ = try reply(.flush, node, wire(fuse_flush_in()) { $0.fh = handle })
    _ = try reply(.release, node, wire(fuse_release_in()) { $0.fh = handle })
    let blobs = try reply(.lookup, 1, wire("blobs")).node
    let algorithm = try reply(.lookup, blobs, wire("sha256")).node
    let blob = try reply(.lookup, algorithm, wire(digest?.hex ?? "")).node
    let open = try reply(.open, blob, wire(fuse_open_in())).handle
    let read = wire(fuse_read_in()) {
      $0.fh = open
      $0.size = 4096
    }
    let actual = try reply(.read, blob, read).body
    guard actual == content else { throw Finding("wrong content of a blob \(word): \(actual)") }
    _ = try reply(.release, blob, wire(fuse_release_in()) { $0.fh = open })
    _ = try reply(.unlink, incoming, wire(name))
  }

  /// Checks every blob and reference.
  fileprivate func requireIntactStore() throws {
    try engine.forEachBlob { (digest) throws(CASError) in
      let content = try engine.blobContents(digest, limit: 64 << 20)
      let actual = BlobAddress(of: content, digest.algorithm)?.digest
      guard actual == digest else {
        throw CASError(
          .mismatch, operation: "check blob", subject: digest.description,
          cause: "digest \(actual?.description ?? "nothing")")
      }
    }
    for reference in try engine.listReferences() {
      let info = try engine.blobInfo(reference.descriptor.digest)
      guard info.size == reference.descriptor.size, reference.name.isGrammatical else {
        throw Finding("wrong reference \(reference.name): \(reference.descriptor)")
      }
    }
  }
}

extension BlobAddress {
  /// The address of content.
  init?(of content: [UInt8], _ algorithm: Digest.Algorithm = .sha256) {
    var digester = Digester(algorithm)
    digester.update(content.span)
    guard let digest = digester.digest else { return nil }
    self.init(digest: digest, size: digester.count)
  }
}
