import CASPlatform

/// One line on the terminal that says how far a long piece of work is. Short work shows nothing, and nothing stays.
struct ProgressBar {
  private static let width = 24
  /// What is over before this shows nothing.
  private static let showDelay = Duration.milliseconds(500)
  private static let interval = Duration.milliseconds(100)

  /// What is counted.
  enum Unit {
    case bytes
    case blobs

    fileprivate func text(_ count: Int64) -> String {
      switch self {
      case .bytes: "\(count >> 20) MiB"
      case .blobs: "\(count) blobs"
      }
    }
  }

  private let total: Int64?
  private let unit: Unit
  private let start = ContinuousClock.now
  private var shown: ContinuousClock.Instant?
  private let isEnabled: Bool

  /// Starts at nothing.
  ///
  /// - Parameter total: how much there is to do, where that is known.
  /// - Parameter isEnabled: whether to show anything when standard error is a terminal.
  init(total: Int64?, of unit: Unit = .bytes, isEnabled: Bool = true) {
    self.total = total
    self.unit = unit
    self.isEnabled = isEnabled && StandardStream.error.isTerminal
  }

  /// Shows that so much is done.
  mutating func update(_ done: Int64) {
    guard isEnabled else { return }
    let now = ContinuousClock.now
    guard shown.map({ now - $0 >= Self.interval }) ?? (now - start >= Self.showDelay) else { return }
    shown = now
    draw("\r\(line(done))\u{1B}[K")
  }

  /// Takes the line away.
  mutating func clear() {
    if shown != nil { draw("\r\u{1B}[K") }
    shown = nil
  }

  private func line(_ done: Int64) -> String {
    // A file that grows is never more than done.
    guard let total, total > 0, done <= total else { return unit.text(done) }
    let share = Double(done) / Double(total)
    let filled = Int(share * Double(Self.width))
    let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: Self.width - filled)
    return "[\(bar)] \(Int(share * 100))% of \(unit.text(total))"
  }

  private func draw(_ text: String) {
    // A bar that cannot be shown is no reason to fail.
    try? StandardStream.error.write(Array(text.utf8).span)
  }
}
