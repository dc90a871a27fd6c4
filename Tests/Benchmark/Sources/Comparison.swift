/// One way of doing a piece of work.
struct Contender {
  /// Its name in the report.
  let name: String
  /// Does the work once and returns its cost: seconds, or bytes where memory is compared. Preparation is not counted.
  let measure: () throws -> Double
}

/// The same work, done in several ways in one run.
struct Comparison {
  /// The work.
  let work: String
  /// The meaning of the numbers.
  let quantity: Quantity
  /// The target of casfs.
  var target: Target?
  /// The baselines of casfs; the slowest of several counts.
  var baselines: [Contender] = []
  /// casfs, with each set of options.
  let subjects: [Contender]
  /// Other programs that do the same.
  var peers: [Contender] = []
  /// Whether it is done only once, without a warm-up round.
  var isOnce = false

  /// Does the work in rounds, once per contender and round.
  func run(rounds: Int) throws -> Results {
    let contenders = baselines + subjects + peers
    var samples = contenders.map { _ in [Double]() }
    for round in 0..<(isOnce ? 1 : rounds + 1) {
      // In alternating order, so that a contender does not always follow the same one.
      let order = Array(contenders.indices)
      for index in round.isMultiple(of: 2) ? order : order.reversed() {
        let sample = try contenders[index].measure()
        if round > 0 || isOnce { samples[index].append(sample) }
      }
    }
    let all = zip(contenders, samples).map { (name: $0.name, samples: Samples($1)) }
    return Results(
      baselines: Array(all[..<baselines.count]),
      subjects: Array(all[baselines.count..<baselines.count + subjects.count]),
      peers: Array(all[(baselines.count + subjects.count)...]))
  }
}

/// The costs of the contenders of a comparison.
struct Results {
  let baselines: [(name: String, samples: Samples)]
  let subjects: [(name: String, samples: Samples)]
  let peers: [(name: String, samples: Samples)]

  /// The slowest baseline of each round; `nil` without baselines.
  var baseline: Samples? {
    guard let first = baselines.first else { return nil }
    return baselines.dropFirst().reduce(first.samples) { Samples(zip($0.values, $1.samples.values).map(max)) }
  }
}
