// The entry points of libFuzzer; `run` in this directory builds and starts it. A violated property ends the process,
// and libFuzzer saves the input.
import Glibc

/// The fuzz target with the name in `FUZZ_TARGET`.
private let target: @Sendable ([UInt8]) -> Void = {
  let targets: [String: @Sendable ([UInt8]) -> Void] = [
    "acl": fuzzAccessControlList, "archive": fuzzArchive, "descriptor": fuzzDescriptor, "digest": fuzzDigest,
    "index": fuzzIndex, "json": fuzzJSON, "layer": fuzzLayer, "layer-index": fuzzLayerIndex,
    "layout": fuzzLayout, "merge": fuzzMerge, "names": fuzzNames, "options": fuzzMountOptions, "pax": fuzzPaxRecords,
    "process": fuzzProcessText, "record": fuzzRecord, "requests": fuzzRequests, "text": fuzzReferenceText,
  ]
  let name = unsafe getenv("FUZZ_TARGET").flatMap { unsafe String(validatingCString: $0) } ?? ""
  guard let target = targets[name] else {
    print("FUZZ_TARGET is one of \(targets.keys.sorted().joined(separator: ", "))")
    exit(64)
  }
  return target
}()

@_cdecl("LLVMFuzzerInitialize")
func initialize(_: UnsafeMutableRawPointer?, _: UnsafeMutableRawPointer?) -> Int32 {
  _ = target
  return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  target(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

/// Ends the process, as a finding, if a property is violated.
func require(_ holds: Bool, _ what: @autoclosure () -> String, line: Int = #line) {
  if !holds { fatalError("line \(line): \(what())") }
}

/// The pieces of an input.
struct Pieces {
  private var rest: ArraySlice<UInt8>

  init(_ input: [UInt8]) {
    rest = input[...]
  }

  /// The next byte; 0 at the end.
  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  /// The bytes up to the next mark, which is removed too.
  mutating func bytes(upTo mark: UInt8) -> [UInt8] {
    let piece = rest.prefix { $0 != mark }
    rest = rest.dropFirst(piece.count + 1)
    return Array(piece)
  }

  /// Whether the input is exhausted.
  var isEmpty: Bool { rest.isEmpty }

  /// The rest of the input.
  var remainder: [UInt8] { Array(rest) }
}
