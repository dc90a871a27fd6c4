import FoundationEssentials
import NIOHTTP1

/// The header `Retry-After` (RFC 9110, section 10.2.3): a number of seconds, or a date.
enum RetryAfter {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// The time to wait; `nil` without the header, or for a malformed one.
  ///
  /// A date is compared with the server's own `Date`, because the clocks of two machines differ.
  static func delay(in headers: HTTPHeaders) -> Duration? {
    guard let text = headers.first(name: "Retry-After")?.trimmingWhitespace(), !text.isEmpty else { return nil }
    if text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
      return .seconds(min(Int64(text) ?? .max, Int64(Int32.max)))
    }
    guard let due = seconds(text) else { return nil }
    let now = headers.first(name: "Date").flatMap(seconds) ?? Int64(Date().timeIntervalSince1970)
    return .seconds(max(due - now, 0))
  }

  /// Seconds since 1970 of a date in one of HTTP's three forms (RFC 9110, section 5.6.7).
  static func seconds(_ text: String) -> Int64? {
    let words = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
    // "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994".
    if words.count == 6, let month = months.firstIndex(of: words[2]) {
      return seconds(words[3], month, words[1], words[4])
    }
    if words.count == 5, let month = months.firstIndex(of: words[1]) {
      return seconds(words[4], month, words[2], words[3])
    }
    return nil
  }

  /// - Parameter month: 0 is January.
  private static func seconds(_ yearText: String, _ month: Int, _ dayText: String, _ time: String) -> Int64? {
    let clock = time.split(separator: ":").map { Int64($0) }
    guard var year = Int64(yearText), let day = Int64(dayText), 1...31 ~= day, 0...9999 ~= year, clock.count == 3,
      let hour = clock[0], let minute = clock[1], let second = clock[2], 0...23 ~= hour, 0...59 ~= minute,
      0...60 ~= second
    else { return nil }
    if yearText.utf8.count == 2 { year += year < 70 ? 2000 : 1900 }
    // Days since 1970 in a calendar whose years begin in March, so that a leap day is the last of a year.
    let shifted = month < 2 ? year - 1 : year
    let monthsSinceMarch = Int64((month + 10) % 12)
    let daysBefore = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400
    let days = daysBefore + (153 * monthsSinceMarch + 2) / 5 + day - 1 - 719_468
    return ((days * 24 + hour) * 60 + minute) * 60 + second
  }
}

extension RegistryResponse {
  /// The wait that the registry asks for; `nil` for answers that do not ask for a later attempt.
  var retryAfter: Duration? { status == 429 || status == 503 ? RetryAfter.delay(in: headers) : nil }
}

extension StringProtocol {
  /// The text without spaces and tabs at its ends.
  func trimmingWhitespace() -> String {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}
