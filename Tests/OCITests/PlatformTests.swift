import OCI
import Testing

@Suite
struct PlatformTests {
  @Test(
    "N7: spellings of one platform are equal",
    arguments: [
      ("linux/amd64", "linux/x86_64", "linux/amd64"), ("Linux/AMD64", "linux/x86-64/v1", "linux/amd64"),
      ("linux/arm64", "linux/aarch64", "linux/arm64"), ("linux/arm64/v8", "linux/arm64/8", "linux/arm64"),
      ("linux/arm", "linux/armhf", "linux/arm/v7"), ("linux/arm/7", "linux/arm/v7", "linux/arm/v7"),
      ("linux/armel", "linux/arm/6", "linux/arm/v6"), ("linux/i386", "linux/386", "linux/386"),
      ("macos/arm64", "darwin/arm64", "darwin/arm64"), ("linux/amd64/v2", "linux/x86_64/v2", "linux/amd64/v2"),
    ])
  func equal(_ one: String, _ other: String, _ normal: String) throws {
    #expect(try Platform(one) == Platform(other))
    #expect(try Platform(one).description == normal)
  }

  @Test(
    "N7: other forms are rejected", arguments: ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/am d64", "linux/é"])
  func malformed(_ text: String) {
    #expect(throws: InvalidValue.self) { try Platform(text) }
  }

  @Test("N7: an attestation, and what states no platform, is for none")
  func none() throws {
    for text in [
      #"{"os":"unknown","architecture":"unknown"}"#, #"{"os":"linux"}"#, "[]", #"{"os":1,"architecture":"a"}"#,
    ] {
      #expect(try Platform(JSON(parsing: Array(text.utf8))) == nil)
    }
  }
}
