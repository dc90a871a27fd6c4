/// The version of casfs.
enum Version {
  static let current = "0.1.0"
}
