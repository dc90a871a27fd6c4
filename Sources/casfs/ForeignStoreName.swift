import ArgumentParser
import CASPlatform
import SystemPackage

/// The name of a store as skopeo and podman write it (containers-transports(5)), which is recognised to tell the user the
/// form that casfs takes.
enum ForeignStoreName {
  /// Transports to places that casfs does not read.
  private static let unreadable = ["docker-daemon", "containers-storage", "ostree", "sif", "tarball", "atomic"]

  /// Checks that a name is not of a form that only other tools have.
  ///
  /// - Throws: a `ValidationError` that has the right form.
  static func check(_ name: String) throws {
    let (scheme, rest) = split(name, at: ":")
    guard let rest else { return try checkDirectory(name) }
    switch scheme {
    case "dir": try checkDirectory(rest)
    case "oci":
      let (path, reference) = split(rest, at: ":")
      throw error(name, store: path, reference: reference)
    case "oci-archive", "docker-archive":
      let (file, reference) = split(rest, at: ":")
      guard let reference, !exists(rest), exists(file) || file.hasSuffix(".tar") else { return }
      throw error(name, store: "\(scheme):\(file)", reference: reference)
    case "docker", "docker+http": try checkRepository(name, scheme: scheme, rest)
    case "https", "http":
      let path = rest.drop { $0 == "/" }
      throw ValidationError(
        "'\(name)' is not a store; a repository is \(scheme == "http" ? "docker+http" : "docker")://\(path)")
    case _ where unreadable.contains(scheme):
      throw ValidationError("'\(name)' is not a store; 'skopeo copy \(name) oci:DIRECTORY:NAME' makes one of it")
    default:
      // HOST:PORT/REPOSITORY is not a path: its host looks like the scheme of a URI.
      guard let port = split(rest, at: "/").1.map({ rest.dropLast($0.count + 1) }), UInt16(port) != nil,
        !scheme.contains("/")
      else { return }
      throw ValidationError("'\(name)' is not a store; a repository is docker://\(name)")
    }
  }

  /// Checks for a directory that `skopeo copy … dir:PATH` wrote, which is not an image layout.
  private static func checkDirectory(_ path: String) throws {
    guard exists("\(path)/manifest.json"), exists("\(path)/version"), !exists("\(path)/oci-layout") else { return }
    throw ValidationError(
      "'\(path)' is a directory of skopeo's dir: transport; 'skopeo copy dir:\(path) oci:DIRECTORY:NAME' makes a store")
  }

  private static func checkRepository(_ name: String, scheme: String, _ rest: String) throws {
    guard rest.hasPrefix("//") else { return }
    let image = String(rest.dropFirst(2))
    let (withoutDigest, digest) = split(image, at: "@")
    guard let slash = withoutDigest.lastIndex(of: "/") else {
      // docker://alpine is an image of Docker Hub, and docker://localhost:5000 a host without a repository.
      let (repository, tag) = split(withoutDigest, at: ":")
      let isHost = repository.contains(".") || repository == "localhost" || repository.isEmpty
      if isHost { return }
      throw error(name, store: "docker://docker.io/library/\(repository)", reference: digest ?? tag)
    }
    let (last, tag) = split(String(withoutDigest[withoutDigest.index(after: slash)...]), at: ":")
    guard let reference = digest ?? tag else { return }
    throw error(name, store: "\(scheme)://\(withoutDigest[...slash])\(last)", reference: reference)
  }

  private static func error(_ name: String, store: String, reference: String?) -> ValidationError {
    let argument = reference.map { $0.isEmpty ? "" : ", and '\($0)' is an argument of its own" } ?? ""
    return ValidationError("'\(name)' is not a store; the store is \(store)\(argument)")
  }

  /// Splits a text at the first of a character; without one, the second part is `nil`.
  private static func split(_ text: String, at separator: Character) -> (String, String?) {
    guard let index = text.firstIndex(of: separator) else { return (text, nil) }
    return (String(text[..<index]), String(text[text.index(after: index)...]))
  }

  private static func exists(_ path: String) -> Bool {
    (try? PathQuery.absolute(path)) != nil
  }
}
