// swift-tools-version: 6.2
import PackageDescription

/// The settings of every target: no warnings, the rules of the next language mode, every unsafe expression marked.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let httpClient: Target.Dependency = .product(
  name: "AsyncHTTPClient", package: "async-http-client", condition: .when(traits: ["Registry"]))
let nioCore: Target.Dependency = .product(
  name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Registry"]))
let nioHTTP1: Target.Dependency = .product(
  name: "NIOHTTP1", package: "swift-nio", condition: .when(traits: ["Registry"]))
let nioPosix: Target.Dependency = .product(
  name: "NIOPosix", package: "swift-nio", condition: .when(traits: ["Registry"]))
let nioSSL: Target.Dependency = .product(
  name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["Registry"]))
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let toml: Target.Dependency = .product(
  name: "TOMLKit", package: "TOMLKit", condition: .when(traits: ["Registry"]))

let package = Package(
  name: "casfs",
  products: [
    // Stores in directories, archives and memory: neither NIO nor libfuse is built for them.
    .library(name: "CAS", targets: ["CAS", "CASArchive", "CASDirectory", "CASMemory", "CASPlatform", "OCI"]),
    // Repositories of registries, over HTTP.
    .library(name: "CASRegistry", targets: ["CASRegistry"]),
    // The file systems of images, from their layers, over zlib and libzstd.
    .library(name: "CASImage", targets: ["CASImage"]),
    // The mount, over libfuse.
    .library(name: "CASMount", targets: ["FUSE", "StoreTree"]),
    .executable(name: "casfs", targets: ["casfs"]),
  ],
  traits: [
    .default(enabledTraits: ["Registry"]),
    .trait(
      name: "Registry",
      description: "Stores in registries. Without it neither NIO nor an HTTP client is part of the dependency graph."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
  ],
  targets: [
    .systemLibrary(name: "CFUSE", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
    .target(
      name: "CLinux", cSettings: [.enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error)]),
    .target(
      name: "CKeeper", dependencies: ["CLinux"],
      cSettings: [.enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error)]),
    .target(name: "CASPlatform", dependencies: ["CLinux", crypto, system], swiftSettings: strict),
    .target(name: "OCI", swiftSettings: strict),
    .target(name: "CAS", dependencies: ["OCI", "CASPlatform", logging, system], swiftSettings: strict),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(name: "CASCompression", dependencies: ["CZlib", "CZstd"], swiftSettings: strict),
    .target(
      name: "CASImage", dependencies: ["CAS", "CASCompression", "CASPlatform", "OCI", logging, system],
      swiftSettings: strict),
    .target(
      name: "CASArchive", dependencies: ["CAS", "CASCompression", "CASImage", "CASPlatform", "OCI", system],
      swiftSettings: strict),
    .target(
      name: "CASDirectory", dependencies: ["CAS", "CASPlatform", "OCI", system], swiftSettings: strict),
    .target(name: "CASMemory", dependencies: ["CAS", "CASPlatform", "OCI", system], swiftSettings: strict),
    .target(
      name: "CASRegistry",
      dependencies: [
        "CAS", "CASDirectory", "OCI", "CASPlatform", httpClient, logging, nioCore, nioHTTP1, nioPosix, nioSSL,
        system, toml,
      ],
      swiftSettings: strict),
    .target(
      name: "StoreTree", dependencies: ["CAS", "CASImage", "CASPlatform", "OCI", logging, system],
      swiftSettings: strict),
    .target(
      name: "FUSE",
      dependencies: [
        "CAS", "CASImage", "CFUSE", "CKeeper", "CLinux", "CASPlatform", "OCI", "StoreTree", logging, system,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "casfs",
      dependencies: [
        "CAS", "CASArchive", "CASDirectory", "CASImage", "CASMemory", "CASRegistry", "FUSE", "OCI", "CASPlatform",
        "StoreTree", argumentParser, logging, system,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "CASTests",
      dependencies: [
        "CAS", "CASArchive", "CASDirectory", "CASImage", "CASMemory", "CASRegistry", "OCI", "CASPlatform",
        "TestSupport", system,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "CASImageTests",
      dependencies: [
        "CAS", "CASCompression", "CASDirectory", "CASImage", "CASMemory", "CASPlatform", "OCI", "StoreTree",
        "TestSupport", "casfs", logging, system,
      ],
      exclude: ["Scripts", "Expected"], swiftSettings: strict),
    .testTarget(
      name: "CASRegistryTests", dependencies: ["CAS", "CASRegistry", "OCI", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "OCITests", dependencies: ["OCI", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "StoreTreeTests",
      dependencies: [
        "CAS", "CASDirectory", "CASMemory", "CASPlatform", "OCI", "StoreTree", "TestSupport", logging, system,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "casfsTests", dependencies: ["CAS", "casfs", "TestSupport"], exclude: ["Scripts"], swiftSettings: strict),
    .target(
      name: "TestSupport", dependencies: ["CAS", "CASPlatform", "OCI"], path: "Tests/TestSupport",
      exclude: ["Scripts"], swiftSettings: strict),
    .target(
      name: "SimulatedKernel",
      dependencies: ["CAS", "CLinux", "FUSE", "OCI", "CASPlatform", "StoreTree", logging, system],
      path: "Tests/SimulatedKernel", swiftSettings: strict),
    .testTarget(
      name: "FUSETests",
      dependencies: [
        "CAS", "CASDirectory", "CASMemory", "CASPlatform", "CFUSE", "CKeeper", "CLinux", "FUSE", "SimulatedKernel",
        "StoreTree", "TestSupport", logging, system,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ModelTests", dependencies: ["CAS", "OCI", "casfs", "TestSupport"], exclude: ["Scripts"],
      swiftSettings: strict),
    .testTarget(
      name: "DurabilityTests", dependencies: ["CAS", "CASDirectory", "OCI", "CASPlatform", "casfs", "TestSupport"],
      exclude: ["Scripts"], swiftSettings: strict),
    .testTarget(
      name: "MountTests", dependencies: ["casfs", "TestSupport"], exclude: ["Scripts"], swiftSettings: strict),
    .testTarget(
      name: "RegistryTests", dependencies: ["casfs", "TestSupport"], exclude: ["Scripts", "Server"],
      swiftSettings: strict),
    .testTarget(
      name: "CASDirectoryTests",
      dependencies: ["casfs", "CAS", "CASDirectory", "OCI", "CASPlatform", "TestSupport", system],
      swiftSettings: strict
    ),
  ],
  swiftLanguageModes: [.v6]
)

// The fuzzers, which Tests/Fuzz/run builds: libFuzzer brings its own `main`, so they are built alone.
if Context.environment["CASFS_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "CAS", "CASArchive", "CASCompression", "CASDirectory", "CASImage", "CASMemory", "FUSE", "OCI", "CASPlatform",
        "SimulatedKernel", "StoreTree", system,
      ],
      path: "Tests/Fuzz", exclude: ["Corpus", "run"], swiftSettings: strict))
}
