import OCI
import Testing

@testable import StoreTree

struct IndexVersionsTests {
  private func index(_ name: String, padding: Int = 0) throws -> IndexText {
    let digest = "sha256:" + String(repeating: "0", count: 64)
    let annotations =
      #"{"\#(Descriptor.referenceNameKey)":"\#(name)","p":"\#(String(repeating: "p", count: padding))"}"#
    let text = #"{"manifests":[{"mediaType":"m","digest":"\#(digest)","size":1,"annotations":\#(annotations)}]}"#
    return try IndexText(parsing: Array(text.utf8))
  }

  @Test("W3: the last 10,000 versions are known, and older ones are forgotten")
  func count() throws {
    let versions = IndexVersions()
    let stamps = try (0...10_100).map { versions.open(try index("\($0)"), process: .unseen).stamp }
    #expect(versions.base(of: stamps[0], process: .unseen) == nil)
    #expect(versions.base(of: stamps[99], process: .unseen) == nil)
    let known = try #require(versions.base(of: stamps[101], process: .unseen))
    #expect(String(decoding: known.text.content, as: UTF8.self).contains(#""101""#))
    #expect(versions.base(of: stamps[10_100], process: .unseen) != nil)
  }

  @Test("W3: versions are forgotten past 32 MiB of differences")
  func size() throws {
    let versions = IndexVersions()
    let stamps = try (0..<30).map { versions.open(try index("\($0)", padding: 2 << 20), process: .unseen).stamp }
    #expect(versions.base(of: stamps[0], process: .unseen) == nil)
    #expect(versions.base(of: stamps[28], process: .unseen) != nil)
  }

  @Test("W3: the last 256 writes of processes are known, and older ones are forgotten")
  func writes() throws {
    let versions = IndexVersions()
    let stamp = versions.open(try index("served"), process: .unseen).stamp
    for process in Int32(1)...300 {
      versions.noteWrite(try index("by-\(process)"), stamp: stamp, process: ProcessIdentity(process))
    }
    func base(_ process: Int32) -> String? {
      versions.base(of: stamp, process: ProcessIdentity(process)).map {
        String(decoding: $0.text.content, as: UTF8.self)
      }
    }
    #expect(base(1)?.contains("served") == true)
    #expect(base(300)?.contains("by-300") == true)
    #expect(base(45)?.contains("by-45") == true)
  }

  @Test("W3: writes are forgotten past 32 MiB of differences")
  func sizeOfWrites() throws {
    let versions = IndexVersions()
    let stamp = versions.open(try index("served"), process: .unseen).stamp
    for process in Int32(1)...20 {
      versions.noteWrite(try index("by-\(process)", padding: 2 << 20), stamp: stamp, process: ProcessIdentity(process))
    }
    func base(_ process: Int32) -> Bool? {
      versions.base(of: stamp, process: ProcessIdentity(process)).map { $0.text.content.count > 2 << 20 }
    }
    #expect(base(1) == false)
    #expect(base(20) == true)
  }
}
