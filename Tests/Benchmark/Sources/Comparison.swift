/// One way of doing a piece of work.
struct Contender {
  /// What the report calls it.
  let name: String
  /// Does the work once, and tells what that took: seconds, or bytes where memory is compared. What only prepares the
  /// work is done as well, and not counted.
  let measure: () throws -> Double
}

/// The same work, done in several ways in the same run.
struct Comparison {
  /// What is done.
  let work: String
  /// What the numbers mean.
  let quantity: Quantity
  /// What casfs is meant to reach.
  var target: Target?
  /// What casfs is compared with; of several, with the one that took longest.
  var baselines: [Contender] = []
  /// casfs, and casfs with other options.
  let subjects: [Contender]
  /// Others that do the same.
  var peers: [Contender] = []
  /// Whether it is done once only, without a round that is not counted.
  var isOnce = false

  /// Does the work in rounds, each of which has every contender do it once.
  func run(rounds: Int) throws -> Results {
    let contenders = baselines + subjects + peers
    var samples = contenders.map { _ in [Double]() }
    for round in 0..<(isOnce ? 1 : rounds + 1) {
      // There and back again, so that none always has the same one before it.
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

/// What the contenders of a comparison took.
struct Results {
  let baselines: [(name: String, samples: Samples)]
  let subjects: [(name: String, samples: Samples)]
  let peers: [(name: String, samples: Samples)]

  /// What was compared with, round by round; `nil` if nothing was.
  var baseline: Samples? {
    guard let first = baselines.first else { return nil }
    return baselines.dropFirst().reduce(first.samples) { Samples(zip($0.values, $1.samples.values).map(max)) }
  }
}
