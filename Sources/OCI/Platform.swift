/// The platform of an image: operating system, architecture and variant (image-spec, `image-index.md`).
///
/// Equal platforms have one spelling, as containerd normalises them: `aarch64` and `arm64/v8` are `arm64`, `arm` and `armhf`
/// are `arm/v7`, `x86_64` is `amd64`.
public struct Platform: Hashable, Sendable, CustomStringConvertible {
  /// The operating system, as in Go's `GOOS`.
  public let system: String
  /// The architecture, as in Go's `GOARCH`.
  public let architecture: String
  /// The variant of the architecture; empty without one.
  public let variant: String

  /// Parses `OS/ARCH` or `OS/ARCH/VARIANT`.
  ///
  /// - Throws: ``InvalidValue`` for another form.
  public init(_ text: String) throws(InvalidValue) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard 2...3 ~= parts.count, parts.allSatisfy(Self.isPart) else {
      throw InvalidValue("platform is not OS/ARCH or OS/ARCH/VARIANT: \(text)")
    }
    self.init(
      system: String(parts[0]), architecture: String(parts[1]), variant: parts.count > 2 ? String(parts[2]) : "")
  }

  /// Reads the members `os`, `architecture` and `variant` of a descriptor's platform or of an image's configuration; `nil`
  /// without the first two, and for what is for no platform (`unknown`), such as an attestation.
  public init?(_ value: JSON) {
    guard let system = value["os"]?.text, let architecture = value["architecture"]?.text, !system.isEmpty,
      !architecture.isEmpty
    else { return nil }
    self.init(system: system, architecture: architecture, variant: value["variant"]?.text ?? "")
    if self.architecture == "unknown" { return nil }
  }

  private init(system: String, architecture: String, variant: String) {
    let system = system.lowercased()
    self.system = system == "macos" ? "darwin" : system
    let variant = variant.lowercased()
    switch (architecture.lowercased(), variant) {
    case ("i386", _), ("386", _): (self.architecture, self.variant) = ("386", "")
    case ("x86_64", "v1"), ("x86-64", "v1"), ("amd64", "v1"): (self.architecture, self.variant) = ("amd64", "")
    case ("x86_64", _), ("x86-64", _): (self.architecture, self.variant) = ("amd64", variant)
    case ("arm64", "8"), ("arm64", "v8"), ("aarch64", "8"), ("aarch64", "v8"):
      (self.architecture, self.variant) = ("arm64", "")
    case ("aarch64", _): (self.architecture, self.variant) = ("arm64", variant)
    case ("armhf", _), ("arm", ""): (self.architecture, self.variant) = ("arm", "v7")
    case ("armel", _): (self.architecture, self.variant) = ("arm", "v6")
    case ("arm", "5"), ("arm", "6"), ("arm", "7"), ("arm", "8"):
      (self.architecture, self.variant) = ("arm", "v" + variant)
    case (let architecture, _): (self.architecture, self.variant) = (architecture, variant)
    }
  }

  /// `OS/ARCH`, or `OS/ARCH/VARIANT`.
  public var description: String {
    [system, architecture, variant].filter { !$0.isEmpty }.joined(separator: "/")
  }

  private static func isPart(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { $0.isLetterOrDigit || "._-".utf8.contains($0) }
  }
}
