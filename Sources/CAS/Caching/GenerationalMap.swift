/// A dictionary in bounded memory: two generations, of which the older is dropped when the younger is full.
///
/// It approximates an LRU cache without the cost of a list: an entry that is inserted again within a generation stays.
package struct GenerationalMap<Key: Hashable, Value> {
  private let generationSize: Int
  private var current: [Key: Value] = [:]
  private var previous: [Key: Value] = [:]

  /// Makes an empty map.
  ///
  /// - Parameter generationSize: the number of entries after which the generations rotate; the map has at most twice as
  ///   many.
  package init(generationSize: Int) {
    self.generationSize = generationSize
  }

  /// The value of a key, from either generation.
  package subscript(key: Key) -> Value? { current[key] ?? previous[key] }

  /// Whether a key is in the older generation alone, which the next rotation drops.
  package func isOld(_ key: Key) -> Bool { current[key] == nil && previous[key] != nil }

  /// Sets the value of a key in the younger generation.
  ///
  /// - Returns: the values that a rotation dropped. One of them may have been inserted again since.
  @discardableResult
  package mutating func insert(_ value: Value, for key: Key) -> [Value] {
    let dropped = current.count >= generationSize ? rotate() : []
    current[key] = value
    return dropped
  }

  /// Removes a key from both generations.
  package mutating func remove(_ key: Key) {
    current[key] = nil
    previous[key] = nil
  }

  /// Drops the older generation, and makes the younger one the older.
  ///
  /// - Returns: the values that were dropped. One of them may have been inserted again since.
  @discardableResult
  package mutating func rotate() -> [Value] {
    let dropped = Array(previous.values)
    (previous, current) = (current, [:])
    return dropped
  }
}
