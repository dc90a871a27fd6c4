import CASPlatform
package import OCI

extension Descriptor {
  /// The content that the descriptor embeds, compared with its digest and size; `nil` if it has none.
  ///
  /// - Throws: `InvalidValue` if it is malformed or other content.
  package func embeddedContent() throws(InvalidValue) -> [UInt8]? {
    guard let content = try embeddedData() else { return nil }
    var digester = Digester(digest.algorithm)
    digester.update(content.span)
    guard digester.digest == digest else { throw InvalidValue("embedded data with another digest") }
    return content
  }
}

/// Content in memory as an open blob.
package final class EmbeddedReader: BlobReader {
  package let digest: Digest
  private let content: [UInt8]

  package init(_ digest: Digest, _ content: [UInt8]) {
    self.digest = digest
    self.content = content
  }

  package var size: Int64 { Int64(content.count) }

  package func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(CASError) -> Int {
    guard let start = Int(exactly: offset), start >= 0 else {
      throw CASError(.invalid, OperationContext("read blob", on: digest), cause: "negative offset: \(offset)")
    }
    guard start < content.count else { return 0 }
    // An array, as a span of part of the content would outlive its access.
    let part = Array(content[start..<min(content.count, start + buffer.count)])
    return buffer.copy(part.span, at: 0)
  }
}

extension Engine {
  /// Opens the content of a descriptor: the stored blob, else the content that the descriptor embeds.
  ///
  /// - Throws: as ``Engine/openBlob(_:cancellation:)``; ``CASError/Code-swift.struct/invalid`` if the blob is not stored
  ///   and the embedded content is not that of the descriptor.
  package func openContent(
    of descriptor: Descriptor, cancellation: CancellationToken = .none
  ) throws(CASError) -> any BlobReader {
    do throws(CASError) {
      return try openBlob(descriptor.digest, cancellation: cancellation)
    } catch {
      return EmbeddedReader(descriptor.digest, try embeddedContent(of: descriptor, after: error))
    }
  }

  /// Returns the content of a descriptor as ``openContent(of:cancellation:)`` finds it, up to a length in bytes.
  package func contents(
    of descriptor: Descriptor, limit: Int, cancellation: CancellationToken = .none
  ) throws(CASError) -> [UInt8] {
    do throws(CASError) {
      return try blobContents(descriptor.digest, limit: limit, cancellation: cancellation)
    } catch {
      let content = try embeddedContent(of: descriptor, after: error)
      guard content.count <= limit else {
        throw CASError(
          .invalid, operation: "read blob", subject: descriptor.digest.description, cause: "longer than \(limit) bytes")
      }
      return content
    }
  }

  /// Returns the length of the content of a descriptor, in bytes, as ``openContent(of:cancellation:)`` finds it.
  package func contentSize(
    of descriptor: Descriptor, cancellation: CancellationToken = .none
  ) throws(CASError) -> Int64 {
    do throws(CASError) {
      return try blobInfo(descriptor.digest, cancellation: cancellation).size
    } catch {
      return Int64(try embeddedContent(of: descriptor, after: error).count)
    }
  }

  /// The content that a descriptor embeds, in place of a blob that is not stored.
  ///
  /// - Throws: the error of the blob, if it is another one, or if the descriptor embeds no content.
  private func embeddedContent(of descriptor: Descriptor, after error: CASError) throws(CASError) -> [UInt8] {
    guard error.code == .notFound else { throw error }
    do throws(InvalidValue) {
      if let content = try descriptor.embeddedContent() { return content }
    } catch {
      throw .invalid(OperationContext("read blob", on: descriptor.digest), error)
    }
    throw error
  }
}
