// swift-tools-version: 6.2
import PackageDescription

// The library as another package uses it: by its products alone, without registries and without the mount.
let package = Package(
  name: "Adoption",
  dependencies: [
    .package(name: "casfs", path: "../..", traits: []),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
  ],
  targets: [
    .target(name: "Snippets", dependencies: [.product(name: "CAS", package: "casfs")]),
    .executableTarget(
      name: "Adoption",
      dependencies: [
        "Snippets", .product(name: "CAS", package: "casfs"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
