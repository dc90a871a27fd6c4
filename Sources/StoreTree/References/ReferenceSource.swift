import CAS
import CASPlatform
import OCI

/// A view of the store's references that is new enough to be shown.
protocol ReferenceSource: Sendable {
  /// Every name, by its path.
  func paths(_ context: RequestContext) throws(CASError) -> ReferencePaths

  /// Names that are found but not listed: whole names of images that are listed by a short name.
  func aliases(_ context: RequestContext) throws(CASError) -> ReferencePaths

  /// The descriptor of a name that was listed alone, or the error of this name alone, and the time when it was last seen to
  /// change.
  func descriptor(
    of name: ReferenceName, _ context: RequestContext
  ) throws(CASError) -> (Result<Descriptor, CASError>, modified: Timestamp)

  /// A reference of a store that does not list its references, by its path; `nil` if it has none there.
  func unlisted(_ path: [FileName], _ context: RequestContext) throws(CASError) -> ListedReference?

  /// The reason why the store does not list its references, so that only those that are asked for are found.
  func listingFailure(_ context: RequestContext) throws(CASError) -> CASError?

  /// The entries of the index without a name, by their names in `images`.
  func unnamed(_ context: RequestContext) throws(CASError) -> [FileName: Descriptor]

  /// The content of `index.json`.
  func index(_ context: RequestContext) throws(CASError) -> IndexText

  /// When a reference was last seen to change.
  func modified(_ context: RequestContext) throws(CASError) -> Timestamp

  /// Invalidates answers from before, and those of queries under way.
  ///
  /// - Parameter names: the names that changed; empty when any may have.
  func refresh(_ names: [ReferenceName])
}

extension ReferenceSource {
  func unlisted(_ path: [FileName], _ context: RequestContext) throws(CASError) -> ListedReference? { nil }

  func listingFailure(_ context: RequestContext) throws(CASError) -> CASError? { nil }
}

/// A reference in a listing.
struct ListedReference: Sendable {
  var name: ReferenceName
  /// The entry of the index with the descriptor, which is read when it is needed; `nil` where the store lists names alone.
  var entry: (index: ImageIndex, position: Int)?
  /// When the reference was first seen in this state.
  var modified: Timestamp
}
