import ArgumentParser
import CAS
import CASPlatform
import OCI

/// `casfs copy`: copies an image to another store.
struct Copy: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Copy an image, with everything it refers to, to another store.",
    discussion: """
      Content that the other store has is not copied again, so a repeated copy continues where it was interrupted. The \
      name is stored last. A name that stands for a different descriptor is refused, unless --force is given.
      """)

  @OptionGroup var source: StoreArgument

  @Argument(help: "The image: a reference, or a digest.", transform: BlobSelector.parse)
  var image: BlobSelector

  @Argument(help: "The store to copy to.", completion: .directory)
  var target: String

  @Argument(help: "The name in that store; without it, the same name.", transform: parseNewName)
  var name: ReferenceName?

  @Flag(help: "Replace a different descriptor of that name.")
  var force = false

  func run() throws {
    let engine = try source.openReadOnly()
    defer { engine.close() }
    let other = try StoreArgument.drivers().open(target)
    defer { other.close() }
    let (descriptor, name) = try found(in: engine)
    var bar: ProgressBar?
    defer { bar?.clear() }
    try engine.copy(descriptor, to: other, named: name, replacing: force) { (progress) in
      bar = bar ?? ProgressBar(total: progress.total)
      bar?.update(progress.done)
    }
  }

  private func found(in engine: any Engine) throws -> (Descriptor, ReferenceName) {
    switch image {
    case .reference(let known): return (try engine.knownReference(named: known), name ?? known)
    case .digest(let digest):
      guard let name else { throw ValidationError("a digest needs a name to be copied to") }
      return (try engine.descriptor(for: digest), name)
    }
  }
}
