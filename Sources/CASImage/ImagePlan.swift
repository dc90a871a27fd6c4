import CAS
import OCI

/// The layers of an image, and the digests that its configuration states of their decoded content.
struct ImagePlan {
  /// The media types of layers, without a suffix for the compression.
  private static let layerTypes = [
    MediaType.imageLayer, "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.foreign.diff.tar",
  ]
  private static let suffixes = ["", "+gzip", "+zstd", ".gzip", ".zstd"]

  let manifest: Descriptor
  let layers: [LayerScan]
  /// Whether only one layer of the image is shown, and not the tree of all.
  let isOneLayer: Bool

  /// - Parameter number: the only layer to show; `nil` for all.
  init(
    _ descriptor: Descriptor, in engine: any Engine, platform: Platform?, layer number: Int? = nil,
    cancellation: CancellationToken
  ) throws(CASError) {
    isOneLayer = number != nil
    let context = OperationContext("open image", on: descriptor.digest, cancellation: cancellation)
    var descriptor = descriptor
    var manifest = try Self.manifest(descriptor, engine, context)
    if manifest.kind == .index {
      let ownPlatform = try Self.ownPlatform(context)
      descriptor = try engine.image(for: platform ?? ownPlatform, of: descriptor, cancellation: cancellation)
      manifest = try Self.manifest(descriptor, engine, context)
    }
    self.manifest = descriptor
    guard let config = manifest.config else { throw context.malformed("an image without a configuration") }
    let bytes = try engine.contents(of: config, limit: Manifest.maximumSize, cancellation: cancellation)
    guard case .array(let values) = (try? JSON(parsing: bytes))?["rootfs"]?["diff_ids"] else {
      throw context.malformed("not an image with a file system: its configuration has no diff_ids")
    }
    guard values.count == manifest.layers.count, values.count <= Int(UInt16.max) else {
      throw context.malformed("the image has \(manifest.layers.count) layers, and its configuration \(values.count)")
    }
    var layers: [LayerScan] = []
    for (place, (layer, value)) in zip(manifest.layers, values).enumerated() where place == number ?? place {
      guard Self.isLayer(layer.mediaType) else {
        throw context.malformed("not a media type of a layer: \(layer.mediaType)")
      }
      guard let text = value.text, let digest = try? Digest(text) else {
        throw context.malformed("malformed diff_id in the configuration")
      }
      layers.append(
        LayerScan(engine: engine, descriptor: layer, contentDigest: digest, cancellation: cancellation))
    }
    self.layers = layers
  }

  private static func manifest(
    _ descriptor: Descriptor, _ engine: any Engine, _ context: OperationContext
  ) throws(CASError) -> Manifest {
    let bytes = try engine.contents(of: descriptor, limit: Manifest.maximumSize, cancellation: context.cancellation)
    do throws(InvalidValue) {
      return try Manifest(parsing: bytes, mediaType: descriptor.mediaType)
    } catch {
      throw .invalid(context, error)
    }
  }

  private static func isLayer(_ mediaType: String) -> Bool {
    layerTypes.contains { (type) in suffixes.contains { mediaType.sameBytes(as: type + $0) } }
  }

  private static func ownPlatform(_ context: OperationContext) throws(CASError) -> Platform {
    #if arch(arm64)
      let name = "linux/arm64"
    #else
      let name = "linux/amd64"
    #endif
    do throws(InvalidValue) {
      return try Platform(name)
    } catch {
      throw .invalid(context, error)
    }
  }
}
