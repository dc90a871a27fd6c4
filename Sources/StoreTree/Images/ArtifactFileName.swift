import CASPlatform
import OCI
import SystemPackage

/// The names of an artifact's files: the path that a layer has in its annotations.
enum ArtifactFileName {
  /// The annotation of ORAS (image-spec, `annotations.md`).
  private static let titleKey = "org.opencontainers.image.title"
  /// The annotation of ModelPack (model-spec, `annotations.md`).
  private static let modelPathKey = "org.cncf.model.filepath"
  private static let versionKey = "org.opencontainers.image.version"
  private static let helmConfig = "application/vnd.cncf.helm.config.v1+json"
  /// The layers of a Helm chart, and the ends of their file names. Their annotations have no names.
  private static let helmEndings = [
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip": ".tgz",
    "application/vnd.cncf.helm.chart.provenance.v1.prov": ".tgz.prov",
  ]

  /// The most directories and names in one path.
  static let maximumDepth = 64

  /// The path that a layer has; `nil` if it has none.
  static func path(of layer: Descriptor, in manifest: Manifest) -> String? {
    if let path = layer.annotation(titleKey) ?? layer.annotation(modelPathKey) { return path }
    guard manifest.config?.mediaType == helmConfig, let ending = helmEndings[layer.mediaType],
      let name = manifest.annotation(titleKey), let version = manifest.annotation(versionKey)
    else { return nil }
    return "\(name)-\(version)\(ending)"
  }

  /// The file names in a path. Parts that are empty or `.` are dropped.
  ///
  /// - Throws: `InvalidValue` if the path leads out of its directory, or a name in it cannot be that of a file.
  static func names(in path: String) throws(InvalidValue) -> [FileName] {
    guard path.utf8.count <= PathLimits.path else { throw InvalidValue("path longer than \(PathLimits.path) bytes") }
    guard path.utf8.first != UInt8(ascii: "/") else { throw InvalidValue("absolute path") }
    guard !path.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      throw InvalidValue("control characters")
    }
    var names: [FileName] = []
    for part in path.utf8.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
      guard !part.elementsEqual("..".utf8) else { throw InvalidValue("'..' in the path") }
      guard part.count <= FileName.maximumLength else {
        throw InvalidValue("name longer than \(FileName.maximumLength) bytes")
      }
      let text = String(Substring(part))
      names.append(FileName(NameText.isPlain(text) ? text : NameText.text(of: Array(part))))
    }
    guard !names.isEmpty else { throw InvalidValue("path without a name") }
    guard names.count <= maximumDepth else { throw InvalidValue("path of more than \(maximumDepth) names") }
    return names
  }
}
