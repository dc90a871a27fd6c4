import FoundationEssentials
import OCI

/// A bearer token of a token server, with its lifetime.
struct BearerToken: Sendable {
  /// The lifetime in seconds of a token without a valid `expires_in` (token specification, "Token Response Fields").
  private static let defaultLifetime = 60.0
  private static let maximumLifetime = 86_400.0

  let value: String
  /// How long it is used, from the response on.
  let lifetime: Duration
  /// The refresh token that replaces the one which was sent (RFC 6749, section 6).
  let refreshToken: String?

  /// Parses the response of a token server; `nil` without a token that can stand in a header.
  ///
  /// - Parameter now: the time of the response.
  init?(_ body: [UInt8], now: Date) {
    guard let reply = try? JSON(parsing: body),
      let value = [reply["token"]?.text, reply["access_token"]?.text].compactMap({ $0 }).first(where: { !$0.isEmpty }),
      value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return nil }
    self.value = value
    refreshToken = reply["refresh_token"]?.text.flatMap { $0.isEmpty ? nil : $0 }
    var seconds = Self.seconds(reply["expires_in"])
    // The lifetime counts from `issued_at`, but the server's clock may differ: only a plausible age is subtracted.
    if let age = reply["issued_at"]?.text.flatMap(Self.date).map({ now.timeIntervalSince($0) }), 0..<seconds ~= age {
      seconds -= age
    }
    // A tenth is reserved for the transfer of the request that uses the token.
    lifetime = .seconds(max(1, min(seconds, Self.maximumLifetime) * 0.9))
  }

  private static func seconds(_ value: JSON?) -> Double {
    let text: String? =
      switch value {
      case .number(let digits): digits
      case .string(let digits): digits
      default: nil
      }
    guard let seconds = text.flatMap({ Double($0) }), seconds.isFinite, seconds > 0 else { return defaultLifetime }
    return seconds
  }

  /// Parses a time of RFC 3339, without fractions of a second.
  private static func date(_ text: String) -> Date? {
    var text = text
    if let point = text.firstIndex(of: "."),
      let end = text[text.index(after: point)...].firstIndex(where: { !$0.isNumber })
    {
      text.removeSubrange(point..<end)
    }
    return try? Date(text, strategy: .iso8601)
  }
}
