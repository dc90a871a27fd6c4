import TestSupport
import Testing

/// Commands on stores with several images of one short name.
@Suite struct SharedNameTests {
  /// Runs a script on a store with two images.
  private func run(_ script: String) throws {
    let store = try CommandLineStore()
    let outcome = try SystemCommand.script("SharedName/\(script)", [store.path])
    #expect(outcome.status == 0 && outcome.text == "done\n", "\(outcome.text)\(outcome.errors)")
  }

  @Test("G2: ref ls shows, and ref get, copy and blob get find, every image of a docker save")
  func reads() throws {
    try run("reads.sh")
  }

  @Test("G2: a command that acts on a name keeps the images of other whole names")
  func writes() throws {
    try run("writes.sh")
  }
}
