/// The two forms of an image layout, which keep references in different places.
public enum DirectoryLayout: String, Hashable, Sendable, CaseIterable {
  /// References are entries of `index.json` (image-spec 1.0 and later).
  case index
  /// References are files below `refs` (before image-spec 1.0).
  case refs
}
