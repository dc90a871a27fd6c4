import Platform

/// One line on the terminal that says how far a long piece of work is. Short work shows nothing, and nothing stays.
struct ProgressBar {
  private static let width = 24
  /// What is over before this shows nothing.
  private static let patience = Duration.milliseconds(500)
  private static let interval = Duration.milliseconds(100)

  private let total: Int64?
  private let start = ContinuousClock.now
  private var shown: ContinuousClock.Instant?
  private let isEnabled: Bool

  /// Starts at nothing.
  ///
  /// - Parameter total: how many bytes there are to do, where that is known.
  /// - Parameter isEnabled: whether to show anything when standard error is a terminal.
  init(total: Int64?, isEnabled: Bool = true) {
    self.total = total
    self.isEnabled = isEnabled && StandardStream.error.isTerminal
  }

  /// Shows that so many bytes are done.
  mutating func update(_ done: Int64) {
    guard isEnabled else { return }
    let now = ContinuousClock.now
    guard shown.map({ now - $0 >= Self.interval }) ?? (now - start >= Self.patience) else { return }
    shown = now
    draw("\r\(Self.line(done, of: total))\u{1B}[K")
  }

  /// Takes the line away.
  mutating func clear() {
    if shown != nil { draw("\r\u{1B}[K") }
    shown = nil
  }

  private static func line(_ done: Int64, of total: Int64?) -> String {
    let mebibytes = done >> 20
    // A file that grows is never more than done.
    guard let total, total > 0, done <= total else { return "\(mebibytes) MiB" }
    let share = Double(done) / Double(total)
    let filled = Int(share * Double(width))
    let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: width - filled)
    return "[\(bar)] \(Int(share * 100))% of \(total >> 20) MiB"
  }

  private func draw(_ text: String) {
    // A bar that cannot be shown is no reason to fail.
    try? StandardStream.error.write(Array(text.utf8).span)
  }
}
