import CASPlatform
package import OCI

/// The referrers of one manifest.
package struct Referrers: Sendable {
  /// Their descriptors, each once.
  package let all: [Descriptor]
  private let positions: [Digest: Int]

  init(_ found: [Descriptor]) {
    var listed: Set<Digest> = []
    all = found.filter { listed.insert($0.digest).inserted }
    positions = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1.digest, $0) })
  }

  /// The referrer with a digest; `nil` if there is none.
  package subscript(digest: Digest) -> Descriptor? { positions[digest].map { all[$0] } }
}

/// The referrers of the manifests of a store, for many searches.
///
/// Answers are kept for half a second, or ten times as long as they took, so searching takes at most a tenth of the time.
/// The first search of a store that has no lists of its own reads its manifests, and later ones those that were added.
package final class ReferrerCatalog: Sendable {
  private typealias Answer = Result<Referrers, CASError>
  private typealias Scan = Result<ReferrerScan, CASError>

  /// A value, and when it is out of date.
  private struct Known<Value: Sendable>: Sendable {
    var value: Value
    var expiry: ContinuousClock.Instant

    /// - Parameter start: when the work for the value began.
    init(_ value: Value, from start: ContinuousClock.Instant) {
      self.value = value
      let now = ContinuousClock.now
      expiry = now + max(.milliseconds(500), (now - start) * 10)
    }

    var isCurrent: Bool { ContinuousClock.now < expiry }
  }

  private static let operation = "list referrers"
  /// The most subjects whose referrers are kept.
  private static var maximumSubjects: Int { 512 }

  private let engine: any Engine
  private let scan = Monitor<Known<ReferrerScan>?>(nil)
  private let scans = Singleflight<String, Scan>()
  private let answers = Monitor(GenerationalMap<Digest, Known<Referrers>>(generationSize: maximumSubjects / 2))
  private let searches = Singleflight<Digest, Answer>()

  /// Makes a catalog of a store; nothing is read yet.
  package init(_ engine: any Engine) {
    self.engine = engine
  }

  /// Returns the stored manifests with a subject, and those that Cosign's tags of the subject stand for.
  ///
  /// A search continues when the caller that started it is cancelled. While a remote store cannot be reached, the last
  /// answer is returned.
  package func referrers(of subject: Digest, cancellation: CancellationToken) throws(CASError) -> Referrers {
    let known = answers.withLock(notifying: .none) { $0[subject] }
    if let known, known.isCurrent { return known.value }
    let context = OperationContext(Self.operation, on: subject, cancellation: cancellation)
    let answer = try searches.value(for: subject, context, threadName: "referrers") { self.search(subject) }
    switch answer {
    case .success(let referrers): return referrers
    case .failure(let error):
      guard let known, (engine as? any RemoteEngine)?.isUnreachable == true else { throw error }
      return known.value
    }
  }

  private func search(_ subject: Digest) -> Answer {
    let start = ContinuousClock.now
    do throws(CASError) {
      let scan = engine is any ReferrerListing ? nil : try currentScan()
      let search = ReferrerSearch(engine, scan, .none)
      var found = try search.referrers(of: subject)
      if scan != nil { found.removeAll { (try? engine.blobInfo($0.digest)) == nil } }
      found += try search.tags(of: subject).map(\.descriptor)
      let known = Known(Referrers(found), from: start)
      answers.withLock(notifying: .none) { _ = $0.insert(known, for: subject) }
      return .success(known.value)
    } catch {
      return .failure(error)
    }
  }

  private func currentScan() throws(CASError) -> ReferrerScan {
    if let known = scan.withLock(notifying: .none, { $0 }), known.isCurrent { return known.value }
    let context = OperationContext(Self.operation, on: engine.uri)
    return try scans.value(for: engine.uri, context, threadName: nil) { self.updatedScan() }.get()
  }

  private func updatedScan() -> Scan {
    let start = ContinuousClock.now
    do throws(CASError) {
      var updated = scan.withLock(notifying: .none) { $0?.value } ?? ReferrerScan()
      try updated.update(engine, .none)
      let known = Known(updated, from: start)
      scan.withLock(notifying: .none) { $0 = known }
      return .success(updated)
    } catch {
      return .failure(error)
    }
  }
}
