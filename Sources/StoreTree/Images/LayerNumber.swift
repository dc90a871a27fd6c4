import OCI

/// The numbers of layers as names, from the lowest up.
enum LayerNumber {
  /// A number with as many digits as the last one has, and at least two, so that a sorted listing is in order.
  static func text(_ index: Int, of count: Int) -> String {
    let width = max(2, String(count - 1).utf8.count)
    let digits = String(index)
    return String(repeating: "0", count: width - digits.utf8.count) + digits
  }

  /// The number that a name stands for; `nil` if it is not the name of one.
  static func index(named name: String, of count: Int) -> Int? {
    guard let index = Int(name), (0..<count).contains(index), text(index, of: count).sameBytes(as: name) else {
      return nil
    }
    return index
  }
}
