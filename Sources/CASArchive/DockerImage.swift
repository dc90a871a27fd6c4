import OCI

/// An element of the file `manifest.json` of `docker save`. Members besides these are ignored.
struct DockerImage {
  /// `Config`: the name of the configuration in the archive.
  var config: [UInt8]
  /// `Layers`: the names of the layers, the lowest first.
  var layers: [[UInt8]]
  /// `RepoTags`: names as in `docker.io/library/alpine:3.20`.
  var tags: [String]

  /// Reads the list of all images.
  ///
  /// - Throws: `InvalidValue` if it is not one.
  static func list(_ value: JSON) throws(InvalidValue) -> [DockerImage] {
    guard case .array(let elements) = value else { throw InvalidValue("not a JSON array") }
    var images: [DockerImage] = []
    for element in elements {
      guard let config = element["Config"]?.text, !config.isEmpty else { throw InvalidValue("an image without Config") }
      images.append(
        DockerImage(
          config: Array(config.utf8), layers: try texts("Layers", of: element).map { Array($0.utf8) },
          tags: try texts("RepoTags", of: element)))
    }
    return images
  }

  /// The strings of an array; none if it is absent or `null`.
  private static func texts(_ name: String, of value: JSON) throws(InvalidValue) -> [String] {
    switch value[name] {
    case nil, .null: return []
    case .array(let elements):
      var texts: [String] = []
      for element in elements {
        guard let text = element.text else { throw InvalidValue("\(name) has an element that is not a string") }
        texts.append(text)
      }
      return texts
    default: throw InvalidValue("\(name) is not an array")
    }
  }
}
