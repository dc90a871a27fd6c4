package import CAS
import CASPlatform
package import OCI

/// The images of a store that are open, for a mount: each is opened by a thread of its own for all callers that wait for
/// it (singleflight), and stays open while it is used.
///
/// Opening continues for a while when no caller waits any more, so that the next caller finds it done.
package final class ImageCatalog: Sendable {
  /// An image, or one of its layers alone.
  package struct Key: Hashable, Sendable {
    /// The digest of the manifest.
    package var manifest: Digest
    /// The number of the layer; `nil` for the tree of all.
    package var layer: Int?

    /// Makes a key of its parts.
    package init(manifest: Digest, layer: Int? = nil) {
      self.manifest = manifest
      self.layer = layer
    }
  }

  private struct Flight {
    /// Tells this flight from an earlier one of the same image.
    var number: Int
    var waiters = 1
    /// When the last caller stopped waiting.
    var abandoned: ContinuousClock.Instant?
    var done: Int64 = 0
    var total: Int64 = 0
  }

  private struct Failure {
    var error: CASError
    var expiry: ContinuousClock.Instant
  }

  private struct State {
    var images: OpenImages
    var flights: [Key: Flight] = [:]
    var failures: [Key: Failure] = [:]
    var lastFlight = 0
    var isClosed = false
  }

  private static let operation = "open image"
  /// The most memory that all images but the newest need, in bytes.
  package static let sizeLimit = 512 << 20
  /// The most failures that are remembered.
  private static let failureLimit = 1000
  /// The longest time that a failure stands.
  private static let failureTime = Duration.seconds(30)

  private let engine: any Engine
  private let layers: LayerCatalog
  private let grace: Duration
  private let state: Monitor<State>

  /// Makes a catalog of a store; nothing is read yet.
  ///
  /// - Parameter grace: how long opening continues without a caller that waits.
  /// - Parameter sizeLimit: the most memory that all images but the newest need, in bytes.
  package init(
    _ engine: any Engine, cache: LayerCache?, grace: Duration = .seconds(10), sizeLimit: Int = ImageCatalog.sizeLimit
  ) {
    self.engine = engine
    state = Monitor(State(images: OpenImages(sizeLimit: sizeLimit)))
    self.grace = grace
    layers = LayerCatalog(cache)
  }

  /// The image, if it is open.
  package func opened(_ key: Key) -> Image? {
    state.withLock(notifying: .none) { $0.images.image(key, keepsOpen: false) }
  }

  /// The number of images that are open, for tests.
  package var openCount: Int { state.withLock(notifying: .none) { $0.images.count } }

  /// The last failure to open the image; `nil` if there is none, or it was opened since.
  package func failure(_ key: Key) -> CASError? { state.withLock(notifying: .none) { $0.failures[key]?.error } }

  /// The images that are being opened.
  package var progress: [ImageProgress] {
    state.withLock(notifying: .none) { (state) in
      state.flights.map { ImageProgress(manifest: $0.manifest, done: $1.done, total: $1.total) }
        .sorted { $0.manifest.description < $1.manifest.description }
    }
  }

  /// Returns an image that is open, or opens it. A failure stands for ten times as long as it took.
  ///
  /// - Parameter manifest: the descriptor of the image's manifest.
  /// - Parameter layer: the only layer to show, with its whiteouts as files; `nil` for the tree of all.
  /// - Throws: the errors of ``Image``; `CASError.Code.io(_:)` with ENOMEM if the images in use need
  ///   too much memory; `CASError.Code.cancelled` if this caller is cancelled, or the catalog closed.
  package func image(
    _ manifest: Descriptor, layer: Int? = nil, cancellation: CancellationToken
  ) throws(CASError) -> Image {
    let key = Key(manifest: manifest.digest, layer: layer)
    let context = OperationContext(Self.operation, on: manifest.digest, cancellation: cancellation)
    while true {
      switch try join(key, context) {
      case .image(let image): return image
      case .flight(let number, let isNew):
        if isNew { start(key, manifest, number) }
        let isOver = state.wait(
          until: { $0.flights[key]?.number != number }, unless: { cancellation.isCancelled }, notifying: .none,
          then: { _ in true })
        if isOver != true {
          leave(key, number)
          throw CASError(.cancelled, context, cause: "cancelled")
        }
      }
    }
  }

  private enum Admission {
    case image(Image)
    case flight(Int, isNew: Bool)
  }

  private func join(_ key: Key, _ context: OperationContext) throws(CASError) -> Admission {
    try state.withLock(notifying: .none) { (state) throws(CASError) in
      if state.isClosed { throw .closed(context) }
      if let image = state.images.image(key, keepsOpen: true) { return .image(image) }
      if let flight = state.flights[key] {
        state.flights[key]?.waiters += 1
        state.flights[key]?.abandoned = nil
        return .flight(flight.number, isNew: false)
      }
      if let failure = state.failures[key], failure.expiry > .now { throw failure.error }
      state.lastFlight += 1
      state.flights[key] = Flight(number: state.lastFlight)
      return .flight(state.lastFlight, isNew: true)
    }
  }

  private func leave(_ key: Key, _ number: Int) {
    state.withLock(notifying: .none) { (state) in
      guard var flight = state.flights[key], flight.number == number else { return }
      flight.waiters -= 1
      if flight.waiters == 0 { flight.abandoned = .now }
      state.flights[key] = flight
    }
  }

  private func start(_ key: Key, _ manifest: Descriptor, _ number: Int) {
    let work: @Sendable () -> Void = { self.open(key, manifest, number) }
    if (try? Thread.start("casfs-image", work)) == nil { work() }
  }

  private func open(_ key: Key, _ manifest: Descriptor, _ number: Int) {
    let start = ContinuousClock.now
    let token = CancellationToken(when: { [self] in isAbandoned(key, number) })
    var image: Image?
    var failure: CASError?
    do throws(CASError) {
      let plan = try ImagePlan(manifest, in: engine, platform: nil, layer: key.layer, cancellation: token)
      image = try Image(plan, layers) { (done, total) in
        state.withLock(notifying: .none) { (state) in
          guard state.flights[key]?.number == number else { return }
          state.flights[key]?.done = done
          state.flights[key]?.total = total
        }
      }
    } catch {
      failure = error
    }
    state.withLock { (state) in
      guard state.flights[key]?.number == number else { return }
      state.flights[key] = nil
      do throws(CASError) {
        if let failure { throw failure }
        // This thread does not hold the image when its callers go on: it is theirs to drop.
        if let image = image.take() {
          try state.images.insert(image, key, OperationContext(Self.operation, on: manifest.digest))
        }
        state.failures[key] = nil
      } catch {
        guard error.code != .cancelled else { return }
        if state.failures.count == Self.failureLimit { state.failures = [:] }
        let now = ContinuousClock.now
        let time = min(max(.milliseconds(500), (now - start) * 10), Self.failureTime)
        state.failures[key] = Failure(error: error, expiry: now + time)
      }
    }
  }

  /// Whether a flight is to end early. It is removed then, so that a later caller starts another.
  private func isAbandoned(_ key: Key, _ number: Int) -> Bool {
    state.withLock(notifying: .none) { (state) in
      guard let flight = state.flights[key], flight.number == number else { return true }
      guard state.isClosed || flight.abandoned.map({ ContinuousClock.now - $0 >= grace }) == true else { return false }
      if flight.waiters == 0 { state.flights[key] = nil }
      return true
    }
  }

  /// Drops the images that nothing used since the last call, and frees the memory for reading that was not used.
  package func trim() {
    state.withLock(notifying: .none) { $0.images.trim() }
    layers.trim()
  }

  /// Ends what is being opened. The callers that wait for it get `CASError.Code.closed`.
  package func close() {
    state.withLock { (state) in
      state.isClosed = true
      state.flights = [:]
      state.images.removeAll()
    }
  }
}
