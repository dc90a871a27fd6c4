import CAS
import OCI
import SystemPackage
import TestSupport
import Testing

@Suite
struct ErrorTests {
  @Test("E15: each code has one errno")
  func errnos() {
    let table: [(CASError.Code, Errno)] = [
      (.invalid, .invalidArgument), (.notImplemented, .notSupportedOnSocket), (.clobber, .fileExists),
      (.notFound, .noSuchFileOrDirectory), (.corrupt, .ioError),
      (.mismatch, .badMessage), (.cancelled, .interrupted), (.closed, .badFileDescriptor), (.io(.noSpace), .noSpace),
    ]
    for (code, errno) in table { #expect(code.errno == errno) }
    // EOPNOTSUPP and ENOTSUP are one number on Linux.
    #expect(CASError.Code.notImplemented.errno == .notSupported)
  }

  @Test("E15: a message is one line with operation, subject and cause")
  func message() throws {
    let error = CASError(
      .invalid, operation: "open store", subject: "dir:/a\nb\r\u{85}\u{2028}\u{0}", cause: "no\tgood")
    #expect(error.description == "open store dir:/a?b????: no?good")
    #expect(
      error.during(OperationContext("mount", on: "x")).description == "mount x: no\tgood".replacing("\t", with: "?"))
    #expect(error.during(OperationContext("mount", on: "x")).code == .invalid)
  }

  @Test("E15: system errors use the system's words, and an absent file is notFound")
  func system() {
    let full = CASError(.noSpace, OperationContext("put blob", on: "x"))
    #expect(full.code == .io(.noSpace))
    #expect(full.description == "put blob x: \(Errno.noSpace.description)")
    #expect(CASError(.noSuchFileOrDirectory, OperationContext("open", on: "x")).code == .notFound)
  }

  @Test("E15: the message of corrupt or mismatched content has both digests")
  func digests() throws {
    let one = try Digest.of([1])
    let two = try Digest.of([2])
    let corrupt = CASError.corrupt(OperationContext("read blob", on: one), expected: one, actual: two)
    #expect(corrupt.code == .corrupt)
    #expect(corrupt.corruption == CASError.Corruption(expected: one, actual: two))
    let expectation = BlobExpectation(digest: one)
    let address = BlobAddress(digest: two, size: 1)
    let mismatch = failure { () throws(CASError) in try expectation.check(address) }
    #expect(mismatch?.code == .mismatch)
    for message in [corrupt.description, mismatch?.description ?? ""] {
      #expect(message.contains(one.description) && message.contains(two.description))
    }
  }
}
