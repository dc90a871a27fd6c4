import CAS
import CASPlatform
import OCI

/// The answers of a remote store about its references, as ``RemoteReferences`` keeps them.
struct RemoteReferenceState {
  var names: RemoteAnswer<[ReferenceName]>?
  var paths = ReferencePaths()
  /// The position of each name in the listing.
  var places: [ReferenceName: Int] = [:]
  /// The answers to lookups; a failure is that of one name alone.
  var descriptors: [ReferenceName: RemoteAnswer<Result<Descriptor, CASError>>] = [:]
  /// Names that were listed again after they were not found, and when that is to be checked again.
  var listedInVain: [ReferenceName: ContinuousClock.Instant] = [:]
  /// Why the store does not list its names.
  var listingFailure: CASError?
  var index: RemoteAnswer<IndexText>?
  var isListing = false
  /// The position after the last descriptor that was fetched, and how many were: a request for the next position is a
  /// scan.
  var next: (place: Int, count: Int) = (0, 0)
  /// When names were last seen to change; a name that never did is as old as the mount.
  var times: [ReferenceName: Timestamp] = [:]
  var modified: Timestamp
  /// The number of changes made here. An answer to a request from before one is not kept.
  var changes = 0
}

/// An answer, which is used until it expires.
struct RemoteAnswer<Value> {
  var value: Value
  var expiry: ContinuousClock.Instant

  /// The value until it expires.
  var fresh: Value? { .now < expiry ? value : nil }
}

/// The lifetimes of answers.
enum RemoteExpiry {
  private static let minimumLifetime = Duration.milliseconds(500)
  private static let maximumLifetime = Duration.seconds(30)

  /// The expiry of an answer that arrives now: it is used twenty times as long as it took.
  static func ofAnswer(requestedAt begin: ContinuousClock.Instant) -> ContinuousClock.Instant {
    let now = ContinuousClock.now
    return now + min(max(minimumLifetime, (now - begin) * 20), maximumLifetime)
  }
}
