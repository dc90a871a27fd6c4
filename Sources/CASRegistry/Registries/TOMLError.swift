/// The violation of TOML's grammar, or of what a setting may be.
struct TOMLError: Error, Hashable {
  /// The line, from 1.
  var line: Int
  var reason: String
}
