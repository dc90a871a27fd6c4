import CAS
import CASMemory
import SimulatedKernel

/// Two bytes of the input are one choice of what is sent.
private final class Choices: RandomNumberGenerator {
  private var pieces: Pieces

  init(_ input: [UInt8]) {
    pieces = Pieces(input)
  }

  var isEmpty: Bool { pieces.isEmpty }

  func next() -> UInt64 { UInt64(pieces.byte()) << 8 | UInt64(pieces.byte()) }
}

func fuzzRequests(_ input: [UInt8]) {
  do {
    let choices = Choices(input)
    let engine = try MemoryDriver().create("mem:", options: CreateOptions())
    var fuzzer = try RequestFuzzer(on: engine, choices) { !choices.isEmpty }
    try fuzzer.run()
  } catch {
    fatalError("\(error)")
  }
}
