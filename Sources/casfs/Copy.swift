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
  @OptionGroup var links: LinkOptions

  @Argument(help: "The image: a reference, or a digest.", transform: BlobSelector.parse)
  var image: BlobSelector

  @Argument(help: "The store to copy to.", completion: .directory)
  var target: String

  @Argument(help: "The name in that store; without it, the same name.", transform: parseNewName)
  var name: ReferenceName?

  @Option(
    help: ArgumentHelp("Copy only the image for this platform.", valueName: "os/arch[/variant]"),
    transform: { (text) in try Platform(text) })
  var platform: Platform?

  @Flag(help: "Copy what is stored of an index, and leave out the rest.")
  var sparse = false

  @Flag(help: "Also copy what refers to the image, such as signatures.")
  var referrers = false

  @Flag(help: "Replace a different descriptor of that name.")
  var force = false

  func validate() throws {
    try ForeignStoreName.check(target)
  }

  func run() throws {
    let engine = try source.openReadOnly(links)
    defer { engine.close() }
    let other = try StoreArgument.drivers().open(target)
    defer { other.close() }
    let (descriptor, name) = try found(in: engine)
    try checkName(name, in: other)
    var bar: ProgressBar?
    defer { bar?.clear() }
    do throws(CASError) {
      let options = CopyOptions(isSparse: sparse, includesReferrers: referrers)
      try engine.copy(descriptor, to: other, named: name, replacing: force, options: options) { (progress) in
        bar = bar ?? ProgressBar(total: progress.total)
        bar?.update(progress.done)
      }
    } catch {
      guard error.underlyingError is IncompleteIndexError else { throw error }
      throw error.appending("; --platform copies one image, and --sparse copies what is there")
    }
  }

  private func found(in engine: any Engine) throws -> (Descriptor, ReferenceName) {
    switch image {
    case .reference(let known):
      let descriptor = try engine.knownReference(named: known)
      guard let platform else { return (descriptor, name ?? known) }
      return (try engine.image(for: platform, named: known, descriptor), name ?? known)
    case .digest(let digest):
      guard let name else { throw ValidationError("a digest needs a name to be copied to") }
      let descriptor = try engine.descriptor(for: digest)
      return (try platform.map { (platform) in try engine.image(for: platform, of: descriptor) } ?? descriptor, name)
    }
  }

  /// Refuses a name that the target cannot have, and tells how to give another.
  private func checkName(_ name: ReferenceName, in other: any Engine) throws(CASError) {
    do throws(CASError) {
      try other.checkNewReference(named: name)
    } catch {
      guard error.code == .invalid, case .reference(let known) = image else { throw error }
      let words = [source.store, known.description, target].map(\.shellQuoted).joined(separator: " ")
      throw error.during(OperationContext("copy image", on: name))
        .appending("; give another: casfs copy \(words) NAME")
    }
  }
}

extension String {
  /// The text as one word of a shell, in single quotes if it has characters that shells interpret.
  fileprivate var shellQuoted: String {
    let isPlain = utf8.allSatisfy { $0.isLetterOrDigit || $0 >= 0x80 || "-._:@+/,=%".utf8.contains($0) }
    return isPlain && !isEmpty
      ? self : "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
