public import CAS
public import OCI

extension Digest {
  /// The digest of content, computed without a store.
  public static func of(_ content: [UInt8], _ algorithm: Digest.Algorithm = .sha256) throws -> Digest {
    var digester = Digester(algorithm)
    digester.update(content.span)
    guard let digest = digester.digest else { throw TestFailure("no digest of \(algorithm)") }
    return digest
  }
}

extension Descriptor {
  /// A descriptor of a text, which need not be stored.
  public static func sample(_ text: String, mediaType: String = MediaType.imageManifest) throws -> Descriptor {
    Descriptor(mediaType: mediaType, digest: try .of(text.bytes), size: Int64(text.utf8.count))
  }

  /// A descriptor that differs from those of other numbers by digest and size.
  public static func sample(_ number: Int, mediaType: String = MediaType.imageManifest) throws -> Descriptor {
    Descriptor(mediaType: mediaType, digest: try .of("descriptor \(number)".bytes), size: Int64(number))
  }

  /// A descriptor from its JSON text, in which `DIGEST` is replaced by a digest.
  public static func parsed(_ json: String) throws -> Descriptor {
    let digest = try Digest.of([])
    return try Descriptor(parsing: json.replacing("DIGEST", with: digest.description).bytes)
  }
}

extension String {
  /// Its UTF-8 code units.
  public var bytes: [UInt8] { Array(utf8) }
}

/// The error an operation fails with; `nil` when it succeeds.
public func failure<Result>(_ body: () throws(CASError) -> Result) -> CASError? {
  do throws(CASError) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}

/// The code of the `CASError` that `body` throws.
public func errorCode(_ body: () throws -> Void) -> CASError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? CASError)?.code
  }
}

/// The digests in the error that `body` throws, when it is of the code ``CASError/Code-swift.struct/corrupt``.
public func corruption(_ body: () throws -> Void) -> CASError.Corruption? {
  do {
    try body()
    return nil
  } catch {
    let error = error as? CASError
    return error?.code == .corrupt ? error?.corruption : nil
  }
}
