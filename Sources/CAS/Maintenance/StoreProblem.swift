/// Something that is wrong with a store.
public struct StoreProblem: Hashable, Sendable {
  /// What kind of thing is wrong. The raw values are stable.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Stored content is not what its digest says.
    case corrupt
    /// Stored content cannot be read.
    case unreadable
    /// Content that something refers to is not stored.
    case missing
    /// What refers to content says another length than it has.
    case wrongSize = "wrong-size"
    /// A manifest or index is none.
    case badManifest = "bad-manifest"
    /// An entry of the index is no descriptor.
    case badDescriptor = "bad-descriptor"
    /// The name of an entry cannot be used.
    case badName = "bad-name"
    /// Several entries of the index have one name.
    case duplicateName = "duplicate-name"
    /// A file that may be a blob is where nobody finds it.
    case misplaced
    /// A file that belongs to no store.
    case foreign
  }

  /// What kind of thing is wrong.
  public let kind: Kind
  /// What it is wrong with: a digest, a reference name, an entry of the index by its number, or a path in the store.
  public let subject: String
  /// What is wrong, in a few words for a person.
  public let reason: String

  /// Makes a problem of its parts.
  public init(_ kind: Kind, subject: String, reason: String) {
    self.kind = kind
    self.subject = subject
    self.reason = reason
  }
}
