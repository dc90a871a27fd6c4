/// How long the kernel may keep what it was told, in seconds.
enum CacheTimeout {
  /// What never changes while the mount lives.
  static let lasting = 86_400.0
  /// What the kernel is told of when others change it. It sees to it that no lookup's answer overtakes that: a name is
  /// forgotten under the lock of its directory, which a lookup holds. Only what it is not told of needs an end.
  static let watched = 300.0
  /// What others may change: it must show within a second, and views of the store are up to half a second old.
  static let brief = 0.4
  /// What others change rarely; it must show within a second.
  static let second = 0.9
}
