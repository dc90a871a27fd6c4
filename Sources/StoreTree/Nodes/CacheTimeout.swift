/// How long the kernel may cache a name or attributes: libfuse's `entry_timeout` and `attr_timeout`.
///
/// A change by another process must show within a second, unless the kernel is notified of it.
enum CacheTimeout {
  /// For attributes that the next request can change.
  static let none = Duration.zero
  /// For names and attributes that do not change while the mount lives.
  static let lasting = Duration.seconds(86_400)
  /// For names that the kernel is notified of. A reply to a lookup cannot overtake the notification: the kernel drops
  /// a name under the lock of its directory, which a lookup holds. The timeout only bounds a missed one.
  static let watched = Duration.seconds(300)
  /// For names and attributes that change often. The reference listing behind it is up to half a second old itself.
  static let brief = Duration.milliseconds(400)
  /// For names and attributes that change rarely, and are read from the store each time.
  static let second = Duration.milliseconds(900)
}
