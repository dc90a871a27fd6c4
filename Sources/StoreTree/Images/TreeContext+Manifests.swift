import CAS
import OCI
import SystemPackage

extension TreeContext {
  /// The manifest of a descriptor, from the cache or the store, or the reason why its content is not one.
  func manifest(
    of descriptor: Descriptor, _ context: RequestContext
  ) throws(Errno) -> Result<KnownManifest, InvalidValue> {
    if let known = manifests.manifest(descriptor) { return known }
    context.willBlock()
    let content: [UInt8]
    do throws(CASError) {
      content = try engine.blobContents(
        descriptor.digest, limit: Manifest.maximumSize, cancellation: context.cancellation)
    } catch {
      guard error.code == .notFound, let embedded = Self.embedded(in: descriptor) else {
        // A missing or corrupt blob can be put later, so this failure is not cached.
        return .failure(InvalidValue(error.cause))
      }
      do throws(InvalidValue) {
        content = try embedded.get()
      } catch {
        return .failure(error)
      }
    }
    let manifest = Result { () throws(InvalidValue) in
      KnownManifest(try Manifest(parsing: content, mediaType: descriptor.mediaType))
    }
    manifests.remember(manifest, of: descriptor)
    return manifest
  }

  /// The content that a descriptor embeds, or the reason why it is wrong; `nil` if it has none.
  private static func embedded(in descriptor: Descriptor) -> Result<[UInt8], InvalidValue>? {
    do throws(InvalidValue) {
      return try descriptor.embeddedContent().map { .success($0) }
    } catch {
      return .failure(error)
    }
  }
}
