/// The version of this program, in the one place that has it.
enum Version {
  static let current = "0.1.0"
}
