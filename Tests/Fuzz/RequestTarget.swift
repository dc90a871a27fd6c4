import CAS
import CASMemory
import SimulatedKernel

/// The fuzzer's input as a source of random numbers, two bytes for each.
private final class InputGenerator: RandomNumberGenerator {
  private var pieces: Pieces

  init(_ input: [UInt8]) {
    pieces = Pieces(input)
  }

  var isEmpty: Bool { pieces.isEmpty }

  func next() -> UInt64 { UInt64(pieces.byte()) << 8 | UInt64(pieces.byte()) }
}

func fuzzRequests(_ input: [UInt8]) {
  do {
    let generator = InputGenerator(input)
    let engine = try MemoryDriver().create("mem:", options: CreateOptions())
    var fuzzer = try RequestFuzzer(on: engine, generator) { !generator.isEmpty }
    try fuzzer.run()
  } catch {
    fatalError("\(error)")
  }
}
