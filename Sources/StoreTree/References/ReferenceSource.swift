import CAS
import CASPlatform
import OCI

/// Where a tree has the references of its store from: what it gives is young enough to be shown.
protocol ReferenceSource: Sendable {
  /// All names by their paths.
  func paths(_ context: RequestContext) throws(CASError) -> ReferencePaths

  /// What a name stands for that was listed without, and when that was last seen to change.
  func descriptor(
    of name: ReferenceName, _ context: RequestContext
  ) throws(CASError) -> (Descriptor, modified: Timestamp)

  /// Entries of the index without a name, by the names they have in `images`.
  func unnamed(_ context: RequestContext) throws(CASError) -> [FileName: Descriptor]

  /// The index.
  func index(_ context: RequestContext) throws(CASError) -> [UInt8]

  /// When any was last seen to change.
  func modified(_ context: RequestContext) throws(CASError) -> Timestamp

  /// Notes a change of these names; of none means that any may have changed. What was read before, or is being read
  /// now, counts no more.
  func refresh(_ names: [ReferenceName])
}

/// The name of a reference, and what it stands for where the store tells that along with the name.
struct ListedReference: Sendable {
  var name: ReferenceName
  var descriptor: Descriptor?
  /// When it was first seen to be so.
  var modified: Timestamp

  /// Whether the name and what it stands for are the same.
  func isSame(as other: ListedReference) -> Bool { name == other.name && descriptor == other.descriptor }
}
