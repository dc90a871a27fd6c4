import Glibc

/// A version of Linux, such as 6.12.95.
package struct KernelVersion: Comparable {
  let numbers: [Int]

  /// Makes a version of its numbers.
  package init(_ numbers: Int...) {
    self.numbers = numbers
  }

  /// Reads the release of `uname(2)`, such as `6.1.0-18-amd64`.
  ///
  /// - Returns: `nil` if it does not begin with two numbers.
  package init?(release: String) {
    let version = release.prefix { $0.isNumber || $0 == "." }
    numbers = version.split(separator: ".").prefix(3).compactMap { Int($0) }
    guard numbers.count >= 2 else { return nil }
  }

  /// The version of the running kernel.
  static var current: KernelVersion? {
    var name = utsname()
    guard unsafe uname(&name) == 0 else { return nil }
    return unsafe withUnsafeBytes(of: &name.release) { bytes in
      unsafe KernelVersion(release: String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
    }
  }

  package static func < (left: KernelVersion, right: KernelVersion) -> Bool {
    left.numbers.lexicographicallyPrecedes(right.numbers)
  }

  package static func == (left: KernelVersion, right: KernelVersion) -> Bool { left.numbers == right.numbers }

  /// Why requests must not be sent again on this kernel: `FUSE_NOTIFY_RESEND` is there since Linux 6.9, and up to some
  /// releases it can free a request that is in use (CVE-2026-64265).
  package var resendingObstacle: String? {
    let faulty = [
      KernelVersion(6, 9)..<KernelVersion(6, 12, 96), KernelVersion(6, 13)..<KernelVersion(6, 18, 39),
      KernelVersion(6, 19)..<KernelVersion(7, 1, 4),
    ]
    let text = numbers.map(String.init).joined(separator: ".")
    if self < KernelVersion(6, 9) { return "Linux \(text) cannot send requests again; 6.9 can" }
    guard let range = faulty.first(where: { $0.contains(self) }) else { return nil }
    let mended = range.upperBound.numbers.map(String.init).joined(separator: ".")
    return "Linux \(text) has a fault in sending requests again (CVE-2026-64265); \(mended) has not"
  }
}

extension Keeper {
  /// Why requests must not be sent again on this machine; `nil` if they can.
  package static var resendingObstacle: String? {
    guard let version = KernelVersion.current else { return "the version of the kernel is unknown" }
    return version.resendingObstacle
  }
}
