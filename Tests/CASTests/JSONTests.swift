import CAS
import OCI
import TestSupport
import Testing

@Suite(.boundedInTime)
struct JSONTests {
  private struct Sample: Encodable {
    var zebra = "a/b"
    var apple = [3, 1, 2]
    var Big = ["b10": 1, "b9": 2, "B": 3, "é": 4, "z": 5]
    var text = "tab\t quote\" back\\ line\n é \u{1}"
    var absent: String?
  }

  @Test("E6: the JSON of a value is deterministic to the byte", arguments: StoreKind.every)
  func exactBytes(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let expected =
        #"{"Big":{"B":3,"b10":1,"b9":2,"z":5,"é":4},"apple":[3,1,2],"#
        + #""text":"tab\t quote\" back\\ line\n é \u0001","zebra":"a/b"}"#
      var digests: Set<Digest> = []
      for _ in 0..<20 { digests.insert(try store.engine.putBlobJSON(Sample()).digest) }
      let digest = try #require(digests.first)
      #expect(digests.count == 1)
      let content = try store.engine.blobContents(digest, limit: 1000)
      #expect(String(decoding: content, as: UTF8.self) == expected)
    }
  }

  @Test("E6: members are ordered by the bytes of their names, not by Unicode equivalence")
  func order() throws {
    let engine = try #require(StoreKind.all.first).driver.create("mem:", options: CreateOptions())
    let value = ["\u{FB01}": 1, "\u{1F600}": 2, "e\u{301}z": 3, "\u{E9}a": 4, "ez": 5]
    let content = try engine.blobContents(engine.putBlobJSON(value).digest, limit: 1000)
    let expected = "{\"ez\":5,\"e\u{301}z\":3,\"\u{E9}a\":4,\"\u{FB01}\":1,\"\u{1F600}\":2}"
    #expect(content == Array(expected.utf8))
  }

  @Test("E6: a value without a JSON form is invalid and stores nothing", arguments: StoreKind.every)
  func noForm(_ kind: StoreKind) throws {
    try withStore(kind) { (store) throws in
      let error = failure { () throws(CASError) in try store.engine.putBlobJSON(["depth": Double.nan]) }
      #expect(error?.code == .invalid)
      for word in ["Double", "EncodingError", "Optional", "\n"] {
        #expect(error?.description.contains(word) == false)
      }
      #expect(try store.digests().isEmpty)
    }
  }
}
