import TestSupport

/// Generates steps that make sense, by trying them on a model.
struct Generator {
  /// The kind of steps.
  enum Kind: Sendable {
    /// Names, processes and references, with short content.
    case everything
    /// One file in one process, read and written in every way, with long content.
    case content
  }

  private var random: SeededGenerator
  private let kind: Kind
  private let model = Model()
  /// Recent lengths of the file: truncated and extended to one of them, it has an old length and new content.
  private var lengths = [0]
  /// Steps to do next: some faults need an exact sequence.
  private var planned: [Step.Action] = []

  private static let paths = ["a", "b", "c", "d", "d/a", "d/e", "d/e/a", "e", "e/b", "#1", "sha256:#2", "d/#1"]
  private static let names = ["a", "b", "c", "x", "x/c"]

  /// A sequence of `count` steps, with a look after most of them and at the end.
  static func steps(_ kind: Kind, seed: UInt64, count: Int) -> [Step] {
    var generator = Generator(random: SeededGenerator(seed), kind: kind)
    return generator.steps(count)
  }

  private init(random: SeededGenerator, kind: Kind) {
    self.random = random
    self.kind = kind
  }

  private mutating func steps(_ count: Int) -> [Step] {
    var steps: [Step] = []
    func add(_ step: Step) -> Bool {
      guard model.answer(to: step) != nil else { return false }
      steps.append(step)
      return true
    }
    if kind == .content { _ = add(Step(process: 0, action: .open(0, "a", .keep))) }
    var attempts = 0
    while steps.count < count, attempts < count * 100 {
      attempts += 1
      let process = kind == .content ? 0 : number(3)
      let isAdded = add(Step(process: process, action: kind == .content ? contentAction() : action()))
      if let length = model.entries["a"]?.file?.content.count, !lengths.contains(length) {
        lengths = lengths.suffix(3) + [length]
      }
      // Not after every step, because a look fills the kernel's caches.
      if isAdded, number(10) < (kind == .content ? 2 : 6) { _ = add(Step(process: 3, action: .look)) }
    }
    for process in 0..<3 { _ = add(Step(process: process, action: .exit)) }
    return steps + [Step(process: 3, action: .look)]
  }

  private mutating func number(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
  private mutating func path() -> String { Self.paths[number(Self.paths.count)] }
  private mutating func name() -> String { Self.names[number(Self.names.count)] }
  private mutating func one<Value>(of values: [Value]) -> Value { values[number(values.count)] }

  private mutating func action() -> Step.Action {
    let slot = number(4)
    switch number(100) {
    case 0..<22: return .open(slot, path(), one(of: Step.Mode.allCases + [.new, .new, .append]))
    case 22..<38: return .write(slot, count: one(of: [1, 5, 5, 5, 4096, 5000]), tag: number(4))
    case 38..<41: return .pwrite(slot, at: number(8000), count: 1 + number(3000), tag: number(4))
    case 41..<43: return .read(slot, count: number(6000))
    case 43..<46: return .pread(slot, at: number(100), count: number(6000))
    case 46..<48: return .seek(slot, number(6000))
    case 48..<51: return .ftruncate(slot, one(of: [0, 3, 5, 5, 4096, number(9000)] + lengths))
    case 51..<53: return .truncate(path(), one(of: [0, 5, number(9000)]))
    case 53..<56: return .dup(slot, number(4))
    case 56..<68: return .close(slot)
    case 68..<69: return .fsync(slot)
    case 69..<73: return .fork(number(3))
    case 73..<75: return model.processes.count > 1 ? .exit : .fork(number(3))
    case 75..<77: return model.processes.count > 1 ? .kill : .fork(number(3))
    case 77..<80: return .rename(path(), path())
    case 80..<83: return .unlink(path())
    case 83..<86: return .mkdir(one(of: ["d", "d/e", "e", "a"]))
    case 86..<87: return .rmdir(one(of: ["d", "d/e", "e", "a"]))
    case 87..<93: return .tag(name(), text())
    case 93..<95: return .retag(name(), name())
    case 95..<97: return .untag(name())
    case 97..<98: return .mkref("x")
    case 98..<99: return .rmref(one(of: ["x", "x", "a"]))
    default:
      let blobs = model.blobs.keys.sorted()
      return blobs.isEmpty || number(4) > 0 ? .fsync(slot) : .delete(one(of: blobs))
    }
  }

  private mutating func text() -> String {
    let blobs = model.blobs.keys.sorted()
    switch number(10) {
    case 0: return one(of: ["", "{", "sha256:01", "nonsense\\n", "{}\\n", "sha256:#0\\n"])
    case 1..<3 where !blobs.isEmpty:
      let hex = one(of: blobs)
      let size = (model.blobs[hex]?.count ?? 0) + (number(4) == 0 ? 1 : 0)
      return #"{"digest":"sha256:\#(hex)","mediaType":"text/plain","size":\#(size)}\n"#
    case _ where !blobs.isEmpty: return "sha256:\(one(of: blobs))\(one(of: ["", "\\n"]))"
    default: return "sha256:#3\\n"
    }
  }

  private mutating func contentAction() -> Step.Action {
    if !planned.isEmpty { return planned.removeFirst() }
    let slot = number(3)
    let offset = number(4) == 0 ? number(70) * 4096 : number(300_000)
    let near = number(3) == 0 ? number(5000) : offset
    let count = 1 + one(of: [number(10), number(5000), number(100_000)])
    let tag = number(256)
    switch number(100) {
    case 0..<3:
      // Written in order, truncated, and extended to the old length.
      planned = [.write(slot, count: count, tag: tag), .ftruncate(slot, number(count)), .ftruncate(slot, count)]
      return .open(slot, "a", one(of: [.cut, .new]))
    case 3..<12: return .open(slot, "a", one(of: [.both, .both, .both, .keep, .append, .read, .cut, .new]))
    case 12..<20: return .pwrite(slot, at: near, count: count, tag: tag)
    case 20..<22: return .pwrite(slot, at: 300_000 + number(90_000), count: count, tag: tag)
    case 22..<26: return .holes(slot)
    case 26..<30:
      return .copy(slot, number(3), from: near, to: one(of: [offset, near, number(70) * 4096]), count: count)
    case 30..<40: return .write(slot, count: count, tag: tag)
    case 40..<50: return .pread(slot, at: near, count: count)
    case 50..<55: return .mread(slot, at: near, count: count)
    case 55..<67: return .mstore(slot, at: near, count: count, tag: tag)
    case 67..<72: return .ftruncate(slot, number(2) == 0 ? near : one(of: lengths))
    case 72..<74: return .truncate("a", number(2) == 0 ? near : one(of: lengths))
    case 74..<77: return .seek(slot, offset)
    case 77..<79: return .dup(slot, number(3))
    case 79..<90: return .close(slot)
    case 90..<91: return .fsync(slot)
    case 91..<92: return .allocate(slot, mode: one(of: [0, 1, 3, 16]))
    case 92..<94: return .mhold(slot)
    case 94..<98: return .mput(at: near, count: count, tag: tag)
    default: return .mdrop
    }
  }
}
