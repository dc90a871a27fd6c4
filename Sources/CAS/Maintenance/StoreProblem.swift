/// A problem that a check of a store found.
public struct StoreProblem: Hashable, Sendable {
  /// The kind of a problem. The raw values are stable.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Stored content has another digest.
    case corrupt
    /// Stored content cannot be read.
    case unreadable
    /// Content that a reference or manifest refers to is not stored.
    case missing
    /// Images of an index are not stored while others of it are, as after a copy of what one platform needs.
    case incomplete
    /// The size in a descriptor differs from the length of the content.
    case wrongSize = "wrong-size"
    /// Content with the media type of a manifest or index is not one.
    case badManifest = "bad-manifest"
    /// An entry of the index is not a descriptor.
    case badDescriptor = "bad-descriptor"
    /// The name of an entry is not safe.
    case badName = "bad-name"
    /// Several entries of the index have one name.
    case duplicateName = "duplicate-name"
    /// A file may be a blob, and is in the wrong place.
    case misplaced
    /// A file does not belong to the store.
    case foreign
    /// Something deviates from the specification without an effect on content or references.
    case unusual
  }

  /// The kind of the problem.
  public let kind: Kind
  /// Whether the problem is damage: content or a reference is lost, wrong or unusable. The others are notes.
  public var isDamage: Bool {
    switch kind {
    case .corrupt, .unreadable, .missing, .wrongSize, .badManifest, .badDescriptor, .badName: true
    case .incomplete, .duplicateName, .misplaced, .foreign, .unusual: false
    }
  }
  /// The subject: a digest, a reference name, an entry of the index by its number, or a path in the store.
  public let subject: String
  /// The reason, in a few words for a person.
  public let reason: String

  /// Creates a problem from its parts.
  public init(_ kind: Kind, subject: String, reason: String) {
    self.kind = kind
    self.subject = subject
    self.reason = reason
  }
}
