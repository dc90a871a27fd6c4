import CAS
import CASImage
import CASPlatform
import OCI

/// The images of an archive that `docker save` or `podman save` wrote: the file `manifest.json`, and for each image a
/// configuration and layers. Each image gets a manifest of OCI (image-spec, `manifest.md`), the same bytes each time.
struct DockerArchive {
  /// The list of the images.
  static let manifestName = Array("manifest.json".utf8)
  /// The longest `manifest.json` that is read, in bytes, and the most images in it.
  private static let manifestSizeLimit = 4 << 20
  private static let imageLimit = 10_000
  /// The most memory of all manifests that are made, in bytes.
  private static let sizeLimit = 64 << 20
  /// The most symbolic links from a name to a file.
  private static let linkLimit = 16

  /// The parts of an image's configuration that a manifest needs.
  private struct Config {
    var descriptor: Descriptor
    /// The digests of the layers when they are not compressed.
    var layers: [Digest]
  }

  private(set) var blobs: [Digest: ArchiveBlob] = [:]
  private(set) var index = ImageIndex()
  private let content: ArchiveContent
  /// The configurations that were read, by their offsets: images can share them.
  private var configs: [Int64: Config] = [:]
  /// The digests of compressed layers, by their offsets.
  private var digests: [Int64: Digest] = [:]
  private var size = 0

  /// Makes the manifests of all images.
  ///
  /// - Throws: `ArchiveError.invalid` with the name of the malformed or missing member.
  init(_ content: ArchiveContent) throws(ArchiveError) {
    self.content = content
    guard case .file(let file) = content.members.others[Self.manifestName] else {
      throw .invalid(Self.manifestName, Self.absence(in: content.members))
    }
    let text = try content.bytes(of: file, Self.manifestName, limit: Self.manifestSizeLimit)
    let images = try Self.parsing(Self.manifestName) { () throws(InvalidValue) in
      try DockerImage.list(try JSON(parsing: text))
    }
    guard images.count <= Self.imageLimit else {
      throw .invalid(Self.manifestName, "more than \(Self.imageLimit) images")
    }
    var manifests: [Descriptor] = []
    for image in images { manifests.append(try manifest(of: image, modified: file.modified)) }
    index = try Self.parsing(Self.manifestName) { () throws(InvalidValue) in
      try ImageIndex(listing: Self.entries(images, manifests))
    }
  }

  private static func absence(in members: ArchiveMembers) -> String {
    if members.others[Array(ImageLayout.fileName.utf8)] != nil {
      return "not found; the archive is an image layout, which is oci-archive:FILE"
    }
    if members.others[Array("repositories".utf8)] != nil {
      return "not found; Docker before 1.10 made the archive: docker load and docker save convert it"
    }
    return "not found"
  }

  /// The entries of the index: one for each tag, and one for an image without tags. The last image of a tag has it, as after
  /// `docker load`.
  private static func entries(_ images: [DockerImage], _ manifests: [Descriptor]) -> [JSON] {
    var owners: [[UInt8]: Int] = [:]
    for (number, image) in images.enumerated() {
      for tag in image.tags { owners[Array(tag.utf8)] = number }
    }
    var entries: [JSON] = []
    var listed: Set<Digest> = []
    var unnamed: [Descriptor] = []
    for (number, image) in images.enumerated() {
      let tags = image.tags.filter { (tag) in
        // The tag is listed once, even if the image repeats it.
        let key = Array(tag.utf8)
        guard owners[key] == number else { return false }
        owners[key] = nil
        return true
      }
      if tags.isEmpty { unnamed.append(manifests[number]) } else { listed.insert(manifests[number].digest) }
      entries += tags.map { manifests[number].json.annotated(Descriptor.referenceNameKey, $0) }
    }
    return entries + unnamed.filter { listed.insert($0.digest).inserted }.map(\.json)
  }

  /// Makes the manifest of an image, and adds the blobs of the image.
  private mutating func manifest(of image: DockerImage, modified: Timestamp) throws(ArchiveError) -> Descriptor {
    let config = try config(image.config)
    guard config.layers.count == image.layers.count else {
      let count = image.layers.count
      throw .invalid(image.config, "\(config.layers.count) diff_ids, and \(count) layers in manifest.json")
    }
    var layers: [JSON] = []
    for (name, contentDigest) in zip(image.layers, config.layers) {
      layers.append(try layer(name, contentDigest).json)
    }
    let document = JSON.object([
      JSON.Member("schemaVersion", .number("2")), JSON.Member("mediaType", .string(MediaType.imageManifest)),
      JSON.Member("config", config.descriptor.json), JSON.Member("layers", .array(layers)),
    ])
    let bytes = document.canonical.serialized
    var digester = Digester(.sha256)
    digester.update(bytes.span)
    guard let digest = digester.digest else { throw .invalid(image.config, "the hash function returned no digest") }
    let known = blobs[digest]?.bytes != nil
    if !known { size += bytes.count }
    guard bytes.count <= Manifest.maximumSize, size <= Self.sizeLimit else {
      throw .invalid(Self.manifestName, "manifests of more than \(Self.sizeLimit) bytes, or one of too many layers")
    }
    blobs[digest] = ArchiveBlob(
      file: ArchiveFile(content: 0..<Int64(bytes.count), modified: modified, scan: nil), bytes: bytes)
    return Descriptor(mediaType: MediaType.imageManifest, digest: digest, size: Int64(bytes.count))
  }

  private mutating func config(_ name: [UInt8]) throws(ArchiveError) -> Config {
    let (file, _) = try find(name)
    if let known = configs[file.content.lowerBound] { return known }
    let bytes = try content.bytes(of: file, name, limit: Manifest.maximumSize)
    let layers = try Self.parsing(name) { () throws(InvalidValue) in try Self.layers(of: try JSON(parsing: bytes)) }
    var digester = Digester(.sha256)
    digester.update(bytes.span)
    guard let digest = digester.digest else { throw .invalid(name, "the hash function returned no digest") }
    let descriptor = Descriptor(mediaType: MediaType.imageConfig, digest: digest, size: Int64(bytes.count))
    let config = Config(descriptor: descriptor, layers: layers)
    add(file, digest)
    configs[file.content.lowerBound] = config
    return config
  }

  private static func layers(of config: JSON) throws(InvalidValue) -> [Digest] {
    let value = config["rootfs"]?["diff_ids"] ?? .null
    if value == .null { return [] }
    guard case .array(let elements) = value else { throw InvalidValue("diff_ids that are not an array") }
    var layers: [Digest] = []
    for element in elements {
      guard let text = element.text else { throw InvalidValue("a diff_id that is not a string") }
      layers.append(try Digest(text))
    }
    return layers
  }

  /// The descriptor of a layer, which is stored as the archive has it.
  ///
  /// The digest of a layer that is not compressed is its `diff_id`, and the name of a blob has its digest; both are compared
  /// with the content when it is read. Others are hashed now.
  private mutating func layer(_ name: [UInt8], _ contentDigest: Digest) throws(ArchiveError) -> Descriptor {
    let (file, stated) = try find(name)
    let compression = try content.compression(of: file)
    let digest: Digest
    if compression == .plain, contentDigest.algorithm == .sha256 {
      digest = contentDigest
    } else if let stated {
      digest = stated
    } else if let known = digests[file.content.lowerBound] {
      digest = known
    } else {
      digest = try content.digest(of: file)
      digests[file.content.lowerBound] = digest
    }
    add(file, digest)
    let suffix: String
    switch compression {
    case .plain: suffix = ""
    case .gzip: suffix = "+gzip"
    case .zstd: suffix = "+zstd"
    }
    return Descriptor(mediaType: MediaType.imageLayer + suffix, digest: digest, size: file.size)
  }

  private mutating func add(_ file: ArchiveFile, _ digest: Digest) {
    if blobs[digest] == nil {
      blobs[digest] = ArchiveBlob(file: file, bytes: content.members.documents[file.content.lowerBound])
    }
  }

  /// Finds a file by a name in `manifest.json`. Old versions of Docker store a layer that several images have once, and
  /// symbolic links to it.
  ///
  /// - Returns: also the digest in the file's name, if it is that of a blob.
  private func find(_ name: [UInt8]) throws(ArchiveError) -> (ArchiveFile, Digest?) {
    var path = try ArchiveMembers.plainName(name)
    for _ in 0...Self.linkLimit {
      switch content.members[path] {
      case .file(let file): return (file, ArchiveMembers.digest(of: path))
      case .symbolicLink(let target): path = try Self.target(of: path, target)
      case .other: throw .invalid(name, "not a regular file")
      case nil:
        throw .invalid(name, path == name ? "not found" : "not found, as the link leads to \(ArchiveError.text(path))")
      }
    }
    throw .invalid(name, "more than \(Self.linkLimit) symbolic links")
  }

  /// The path to which a symbolic link leads.
  private static func target(of link: [UInt8], _ target: [UInt8]) throws(ArchiveError) -> [UInt8] {
    let slash = UInt8(ascii: "/")
    guard target.first != slash else { throw .invalid(link, "the symbolic link leads out of the archive") }
    var parts = link.split(separator: slash).dropLast().map(Array.init)
    for part in target.split(separator: slash) where !part.elementsEqual(".".utf8) {
      if part.elementsEqual("..".utf8) {
        guard parts.popLast() != nil else { throw .invalid(link, "the symbolic link leads out of the archive") }
      } else {
        parts.append(Array(part))
      }
    }
    return Array(parts.joined(separator: [slash]))
  }

  private static func parsing<Value>(
    _ name: [UInt8], _ body: () throws(InvalidValue) -> Value
  ) throws(ArchiveError) -> Value {
    do throws(InvalidValue) {
      return try body()
    } catch {
      throw .invalid(name, error.reason)
    }
  }
}
