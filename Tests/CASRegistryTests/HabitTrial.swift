import CAS
import Foundation
import OCI
import TestSupport

@testable import CASRegistry

/// The operations that send one kind of request to a repository, and their results.
final class HabitTrial {
  /// The content that `Server/habits.py` stores in each repository.
  private static let layer = Array((0..<400).map { _ in Array(UInt8.min...UInt8.max) }.joined())
  /// Content that one request cannot carry where requests are limited, and that several pieces have.
  private static let longContent = [UInt8](repeating: 1, count: 280_000)
  private static let veryLongContent = [UInt8](repeating: 2, count: 600_000)
  private static let config = Array("{}".utf8)
  private static let unreachable = Array("unreachable".utf8)

  private let kind: RequestKind
  private let engine: RegistryEngine
  /// The errors of the operations that failed.
  private(set) var failures: [String] = []
  /// Faults in the results of the operations that succeeded.
  private var faults: [String] = []
  /// Blobs that must be stored afterwards.
  private var stored: [Digest] = []
  private var newTag: Digest?
  private var isTagDeleted: Bool?
  private var isBlobDeleted: Bool?

  init(_ server: HabitServer, _ repository: String, _ kind: RequestKind) throws {
    self.kind = kind
    engine = try server.open(repository, isReadOnly: kind == .tags)
    // A registry of this kind refuses long requests, so that casfs sends pieces.
    if kind == .patch { engine.repository.client.pieceLimit.recordRefusal(ofLength: 300_000) }
  }

  deinit { engine.close() }

  func run() {
    switch kind {
    case .headBlob:
      read()
      put()
      deleteBlob()
    case .blob: read()
    case .headManifest:
      read()
      attempt { _ = try self.engine.reference(named: ReferenceName("v1")) }
      deleteTag()
    case .manifest: read()
    case .start, .upload, .patch: put()
    case .putManifest: putTag()
    case .tags: list()
    case .deleteManifest: deleteTag()
    case .deleteBlob: deleteBlob()
    }
  }

  private func attempt(_ body: () throws -> Void) {
    do {
      try body()
    } catch let error as CASError {
      failures.append("\(error)")
    } catch {
      faults.append("\(error)")
    }
  }

  private func expect(_ condition: Bool, _ fault: String) {
    if !condition { faults.append(fault) }
  }

  private func read() {
    attempt {
      let descriptor = try engine.reference(named: ReferenceName("v1"))
      let content = try engine.blobContents(descriptor.digest, limit: 1 << 20)
      let manifest = try Manifest(parsing: content, mediaType: descriptor.mediaType)
      expect(Int64(content.count) == descriptor.size, "the manifest has \(content.count) bytes")
      expect(Manifest.kind(of: descriptor.mediaType) != nil, "the tag has the type \(descriptor.mediaType)")
      for (part, content) in zip(manifest.layers + [manifest.config].compactMap { $0 }, [Self.layer, Self.config]) {
        expect(try engine.blobInfo(part.digest).size == content.count, "\(part.digest) has another length")
        expect(try engine.blobContents(part.digest, limit: 1 << 20) == content, "\(part.digest) has other content")
        expect(try engine.blobInfo(part.digest).size == content.count, "\(part.digest) has another length now")
      }
    }
  }

  private func list() {
    attempt { expect(try engine.referenceNames().map(\.description).sorted() == ["kept", "v1"], "other names") }
    attempt { expect(try engine.listReferences().count == 2, "other references") }
  }

  private func put() {
    attempt {
      stored.append(try engine.putBlob(kind == .patch ? Self.veryLongContent : Self.longContent).digest)
      stored.append(try engine.putBlob([]).digest)
    }
  }

  private func putTag() {
    attempt {
      let config = try Descriptor.of(Self.config, "application/vnd.oci.image.config.v1+json")
      let manifest = Array(
        #"{"schemaVersion":2,"config":\#(String(decoding: config.json.serialized, as: UTF8.self)),"layers":[]}"#.utf8)
      let descriptor = try Descriptor.of(manifest, "application/vnd.oci.image.manifest.v1+json")
      stored.append(try engine.putBlob(manifest).digest)
      try engine.putReference(descriptor, named: ReferenceName("new"))
      newTag = descriptor.digest
    }
  }

  private func deleteTag() {
    isTagDeleted = false
    attempt {
      try engine.deleteReference(named: ReferenceName("v1"))
      isTagDeleted = true
    }
  }

  private func deleteBlob() {
    isBlobDeleted = false
    attempt {
      try engine.deleteBlob(Descriptor.of(Self.unreachable, "").digest)
      isBlobDeleted = true
    }
  }

  /// The faults in the results and in the content that the registry has now; `nil` without one.
  func fault(in content: HabitServer.Content) -> String? {
    for (name, digest) in content.blobs.merging(content.manifests, uniquingKeysWith: { (first, _) in first }) {
      expect(name == digest, "the registry has wrong content under \(name)")
    }
    do {
      for bytes in [Self.layer, Self.config] {
        expect(content.blobs[try Descriptor.of(bytes, "").digest.description] != nil, "a blob was lost")
      }
      let unreachable = try Descriptor.of(Self.unreachable, "").digest.description
      if isBlobDeleted != false { expect((content.blobs[unreachable] == nil) == (isBlobDeleted == true), "deletion") }
    } catch {
      faults.append("\(error)")
    }
    expect(content.tags["kept"].map { content.manifests[$0] != nil } == true, "a tag was lost")
    if isTagDeleted != false { expect((content.tags["v1"] == nil) == (isTagDeleted == true), "deletion of a tag") }
    for digest in stored { expect(content.blobs[digest.description] != nil, "a blob that was put is not there") }
    if let newTag { expect(content.tags["new"] == newTag.description, "a tag that was put is not there") }
    return faults.isEmpty ? nil : faults.joined(separator: "; ")
  }
}

extension Descriptor {
  fileprivate static func of(_ content: [UInt8], _ mediaType: String) throws -> Descriptor {
    var digester = Digester(.sha256)
    digester.update(content.span)
    guard let digest = digester.digest else { throw TestFailure("no digest") }
    return Descriptor(mediaType: mediaType, digest: digest, size: Int64(content.count))
  }
}
