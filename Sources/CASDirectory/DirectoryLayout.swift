/// Where an image layout keeps its references. Its blobs are in `blobs/ALGORITHM/HEX` in either case.
public enum DirectoryLayout: String, Hashable, Sendable, CaseIterable {
  /// Entries of `index.json`: image-spec 1.0 and later, `image-layout.md`.
  case index
  /// Descriptor files `refs/NAME`: before image-spec 1.0.
  case refs
}
