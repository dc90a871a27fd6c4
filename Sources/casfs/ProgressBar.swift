import CASPlatform

/// A progress bar on standard error, if that is a terminal. Short work shows none, and the line is cleared at the end.
struct ProgressBar {
  private static let width = 24
  /// The time before the bar appears.
  private static let showDelay = Duration.milliseconds(500)
  private static let interval = Duration.milliseconds(100)

  /// The unit of the progress.
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

  /// Creates a bar that is not visible yet.
  ///
  /// - Parameter total: the amount of work; `nil` if it is unknown.
  /// - Parameter isEnabled: `false` to show nothing even on a terminal.
  init(total: Int64?, of unit: Unit = .bytes, isEnabled: Bool = true) {
    self.total = total
    self.unit = unit
    self.isEnabled = isEnabled && StandardStream.error.isTerminal
  }

  /// Shows the amount of work that is done.
  mutating func update(_ done: Int64) {
    guard isEnabled else { return }
    let now = ContinuousClock.now
    guard shown.map({ now - $0 >= Self.interval }) ?? (now - start >= Self.showDelay) else { return }
    shown = now
    draw("\r\(line(done))\u{1B}[K")
  }

  /// Clears the line.
  mutating func clear() {
    if shown != nil { draw("\r\u{1B}[K") }
    shown = nil
  }

  private func line(_ done: Int64) -> String {
    // A growing file can exceed its total.
    guard let total, total > 0, done <= total else { return unit.text(done) }
    let share = Double(done) / Double(total)
    let filled = Int(share * Double(Self.width))
    let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: Self.width - filled)
    return "[\(bar)] \(Int(share * 100))% of \(unit.text(total))"
  }

  private func draw(_ text: String) {
    // A failure to show the bar does not fail the command.
    try? StandardStream.error.write(Array(text.utf8).span)
  }
}
