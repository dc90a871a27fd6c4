import CASPlatform
import OCI

/// A manifest or an index, and what is made of it at its first use, for all directories of its image.
final class KnownManifest: Sendable {
  let manifest: Manifest
  private let madePlatforms = Monitor<[FileName: Descriptor]?>(nil)
  private let madeFiles = Monitor<ArtifactFiles?>(nil)

  init(_ manifest: Manifest) {
    self.manifest = manifest
  }

  /// The entries of an index by name: it can have thousands that are all looked up.
  var platforms: [FileName: Descriptor] {
    madePlatforms.withLock { (made) in
      let platforms = made ?? Dictionary(Self.platforms(of: manifest)) { (first, _) in first }
      made = platforms
      return platforms
    }
  }

  /// The files of an artifact.
  var files: ArtifactFiles {
    madeFiles.withLock { (made) in
      let files = made ?? ArtifactFiles(manifest)
      made = files
      return files
    }
  }

  /// The entries of an index with their names, in their order; none of the manifest of an image.
  static func platforms(of manifest: Manifest) -> [(FileName, Descriptor)] {
    guard manifest.kind == .index else { return [] }
    var platforms: [(FileName, Descriptor)] = []
    var names: Set<FileName> = [FileName("index"), FileName("referrers")]
    for entry in manifest.manifests {
      // Entries with the same platform, or without one, are told apart by their digests.
      let plain = entry.platformName.map(ReferenceView.escaped) ?? ""
      let isTaken = plain.isEmpty || names.contains(FileName(plain))
      let name = FileName(isTaken ? "\(plain)@\(entry.digest)" : plain)
      guard names.insert(name).inserted, name.text.utf8.count <= FileName.maximumLength else { continue }
      platforms.append((name, entry))
    }
    return platforms
  }
}
