import CAS
import CASPlatform
import OCI
import SystemPackage

/// The registries that a repository is read from: its mirrors in their order, then the registry itself, as
/// containers-image reads images. An answer that is missing, refused, or not what the digest says leads to the next.
final class RepositorySources: Sendable {
  /// A mirror, or the registry itself.
  struct Source: Sendable {
    let client: RegistryClient
    /// The names for which it is asked.
    let use: RegistryRule.Mirror.Use
    let isMirror: Bool
  }

  /// The name that is looked up.
  enum Name: Sendable {
    case tag(String)
    case digest(Digest)
  }

  private struct State {
    /// The source that had the content of a digest, as an index.
    var origins = GenerationalMap<Digest, Int>(generationSize: 1 << 14)
    /// The mirrors that had a tag. One for tags only is then asked for the content of the tagged images as well.
    var tagSources: Set<Int> = []
    /// The tags that were written here. The registry has them; a mirror may still have what they were.
    var writtenTags: Set<String> = []
  }

  /// The registry itself, which is written to, and which lists the tags.
  let primary: Source
  /// The sources in the order in which they are asked; the last one is the registry itself.
  private let sources: [Source]
  private let state = Monitor(State())

  init(_ way: RegistriesConfiguration.Way, environment: [String: String], retryDelay: Duration) {
    primary = Source(
      client: RegistryClient(way.primary, environment: environment, retryDelay: retryDelay), use: .all, isMirror: false)
    sources =
      way.mirrors.map { mirror in
        Source(
          client: RegistryClient(mirror.address, environment: environment, isMirror: true, retryDelay: retryDelay),
          use: mirror.use, isMirror: true)
      } + [primary]
  }

  var hasMirrors: Bool { sources.count > 1 }

  /// Connects to the first source that can be connected to. A mirror is enough for reading.
  ///
  /// - Returns: whether it has shown that it is a registry.
  func connect(_ context: OperationContext) throws(CASError) -> Bool {
    guard hasMirrors else { return try primary.client.connect(context) }
    return try read(Array(sources.indices), context) { (source) throws(CASError) in
      try source.client.connect(context)
    }
  }

  /// Notes that a tag was put or deleted.
  func didWrite(tag: String) {
    guard hasMirrors else { return }
    state.withLock(notifying: .none) { _ = $0.writtenTags.insert(tag) }
  }

  /// Calls `body` with the registry itself, and with the mirrors while it is unreachable. This is for lists of tags:
  /// those of mirrors may be incomplete.
  func list<Result>(
    _ context: OperationContext, _ body: (RegistryClient) throws(CASError) -> Result
  ) throws(CASError) -> Result {
    do throws(CASError) {
      return try body(primary.client)
    } catch {
      guard hasMirrors, error.code == .io(.ioError), primary.client.isUnreachable else { throw error }
      let mirrors = sources.indices.filter { sources[$0].isMirror && sources[$0].use != .digestOnly }
      return try read(mirrors, context, after: error) { (source) throws(CASError) in try body(source.client) }
    }
  }

  /// Calls `body` with one source after the other, until it does not throw.
  ///
  /// - Throws: the error of the registry itself, which tells the failures of the mirrors as well; an error that another
  ///   source would not change, such as a full disk, as it is.
  func read<Result>(
    _ name: Name, _ context: OperationContext, _ body: (Source) throws(CASError) -> Result
  ) throws(CASError) -> Result {
    guard hasMirrors else { return try body(primary) }
    let order = order(for: name)
    var last = order.first ?? 0
    let result = try read(order, context) { (source) throws(CASError) in
      last = sources.firstIndex { $0.client === source.client } ?? last
      return try body(source)
    }
    remember(last, for: name)
    return result
  }

  private func remember(_ index: Int, for name: Name) {
    let isMirror = sources[index].isMirror
    state.withLock(notifying: .none) { state in
      switch name {
      case .digest(let digest): _ = state.origins.insert(index, for: digest)
      case .tag: if isMirror { state.tagSources.insert(index) }
      }
    }
  }

  private func read<Result>(
    _ order: [Int], _ context: OperationContext, after failure: CASError? = nil,
    _ body: (Source) throws(CASError) -> Result
  ) throws(CASError) -> Result {
    var primaryFailure = failure
    var mirrorFailures: [CASError] = []
    for index in order {
      let source = sources[index]
      do throws(CASError) {
        return try body(source)
      } catch {
        guard Self.dependsOnSource(error) else { throw error }
        if source.isMirror { mirrorFailures.append(error) } else { primaryFailure = error }
      }
    }
    guard let decisive = primaryFailure ?? mirrorFailures.last else { throw .notFound(context) }
    if mirrorFailures.isEmpty { throw decisive }
    let mirrors = mirrorFailures.map(\.cause).joined(separator: "; ")
    throw CASError(
      decisive.code, context, cause: "\(decisive.cause); mirrors failed: \(mirrors)", corruption: decisive.corruption)
  }

  /// The sources for a name. The one that had the content comes first, and a mirror that was unreachable within the last
  /// seconds is left out while it is not the only one.
  private func order(for name: Name) -> [Int] {
    let (origin, tagSources, isWritten) = state.withLock(notifying: .none) { state in
      switch name {
      case .digest(let digest): (state.origins[digest], state.tagSources, false)
      case .tag(let tag): (nil, state.tagSources, state.writtenTags.contains(tag))
      }
    }
    let usable = sources.indices.filter { index in
      let source = sources[index]
      guard source.isMirror else { return true }
      if isWritten || source.client.isUnreachable { return false }
      switch (name, source.use) {
      case (_, .all): return true
      case (.tag, let use): return use == .tagOnly
      case (.digest, let use): return use == .digestOnly || tagSources.contains(index)
      }
    }
    guard let origin, usable.contains(origin) else { return usable }
    return [origin] + usable.filter { $0 != origin }
  }

  private static func dependsOnSource(_ error: CASError) -> Bool {
    switch error.code {
    case .notFound, .corrupt, .invalid, .notImplemented, .mismatch, .io(.ioError), .io(.permissionDenied): true
    default: false
    }
  }
}
