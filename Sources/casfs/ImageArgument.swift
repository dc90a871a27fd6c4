import ArgumentParser
import CAS
import CASImage
import CASPlatform
import OCI

/// The image argument of a command: a reference or a digest in a store, and a platform.
struct ImageArgument: ParsableArguments {
  @OptionGroup var target: StoreArgument
  @OptionGroup var links: LinkOptions

  @Argument(help: "The image: a reference, or a digest.", transform: BlobSelector.parse)
  var image: BlobSelector

  @Option(
    help: ArgumentHelp(
      "The platform, of an index; without it, Linux on this processor.", valueName: "os/arch[/variant]"),
    transform: { (text) in try Platform(text) })
  var platform: Platform?

  /// Opens the image, and shows the progress of reading its layers.
  func open(in engine: any Engine) throws(CASError) -> Image {
    let descriptor: Descriptor
    switch image {
    case .digest(let digest): descriptor = try engine.descriptor(for: digest)
    case .reference(let name): descriptor = try engine.knownReference(named: name)
    }
    var bar: ProgressBar?
    defer { bar?.clear() }
    return try Image(
      descriptor, in: engine, platform: platform,
      cache: StoreArgument.layerCache()
    ) { (done, total) in
      bar = bar ?? ProgressBar(total: total)
      bar?.update(done)
    }
  }
}
