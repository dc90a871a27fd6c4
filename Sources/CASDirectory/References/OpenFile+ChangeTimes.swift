import CASPlatform
import SystemPackage

extension OpenFile {
  /// The changes that are tried, and the time that they may take in milliseconds. As a clock without fine times ticks once
  /// a millisecond at most, it cannot tell so many apart in that time.
  private static let (triedChanges, trialLimit) = (16, 8)

  /// Whether the file system of this directory gives a change of a file another change time than those that `statx(2)`
  /// has told, however soon it follows: multigrain timestamps, Linux 6.13. It is tried on an unnamed file.
  func tellsChangesApart() -> Bool {
    guard let file = try? TemporaryFile.unnamed(in: self)?.file else { return false }
    let start = ContinuousClock.now
    do throws(Errno) {
      var last = try file.status().identity.changed
      for _ in 0..<Self.triedChanges {
        try file.write([0].span, at: 0)
        let next = try file.status().identity.changed
        guard last < next else { return false }
        last = next
      }
    } catch {
      return false
    }
    return ContinuousClock.now - start < .milliseconds(Self.trialLimit)
  }
}
