import CAS
import OCI
import SystemPackage
import Testing

@Suite
struct ErrorTests {
  @Test("E15: each code has one errno")
  func errnos() throws {
    let digest = try digest([])
    let table: [(CASError.Code, Errno)] = [
      (.invalid, .invalidArgument), (.notImplemented, .notSupportedOnSocket), (.clobber, .fileExists),
      (.notFound, .noSuchFileOrDirectory), (.corrupt(expected: digest, actual: digest), .ioError),
      (.mismatch, .badMessage), (.cancelled, .interrupted), (.closed, .badFileDescriptor), (.io(.noSpace), .noSpace),
    ]
    for (code, errno) in table { #expect(code.errno == errno) }
    // EOPNOTSUPP and ENOTSUP are one number on Linux.
    #expect(CASError.Code.notImplemented.errno == .notSupported)
  }

  @Test("E15: the message has operation, subject and cause, in one line")
  func message() throws {
    let error = CASError(.invalid, "open store", "dir:/a\nb\r\u{85}\u{2028}\u{0}", cause: "no\tgood")
    #expect(error.description == "open store dir:/a?b????: no?good")
    #expect(error.during("mount", "x").description == "mount x: no\tgood".replacing("\t", with: "?"))
    #expect(error.during("mount", "x").code == .invalid)
  }

  @Test("E15: the system's errors are in its words, and an absent file is notFound")
  func system() {
    let full = CASError(.noSpace, "put blob", "x")
    #expect(full.code == .io(.noSpace))
    #expect(full.description == "put blob x: \(Errno.noSpace.description)")
    #expect(CASError(.noSuchFileOrDirectory, "open", "x").code == .notFound)
  }

  @Test("E15: what is corrupt or not as expected has both digests in its message")
  func digests() throws {
    let one = try digest([1])
    let two = try digest([2])
    let corrupt = CASError.corrupt("read blob", expected: one, actual: two)
    #expect(corrupt.code == .corrupt(expected: one, actual: two))
    let expectation = BlobExpectation(digest: one)
    let address = BlobAddress(digest: two, size: 1)
    let mismatch = failure { () throws(CASError) in try expectation.check(address) }
    #expect(mismatch?.code == .mismatch)
    for message in [corrupt.description, mismatch?.description ?? ""] {
      #expect(message.contains(one.description) && message.contains(two.description))
    }
  }
}
