// swift-tools-version: 6.2
import PackageDescription

// One package, two builds. SwiftPM builds everything natively; `Web/build-core.sh` compiles the sans-IO modules
// (CryptoPrimitives to MessengerWasm) a second time, in Embedded mode, to WebAssembly for the browser.

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// A module of the sans-IO core: no Foundation, no sockets, no clock; compiled natively and in Embedded WebAssembly.
func core(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

/// The tests of one module, through its public interface, in `Tests/<name>`.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestVectors"], swiftSettings: strict)
}

let package = Package(
    name: "CryptPeer",
    products: [
        .executable(name: "cryptpeer", targets: ["cryptpeer"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        // The core, lowest first.
        core("CryptoPrimitives", [.product(name: "CryptoExtras", package: "swift-crypto"), "CBoringSSLInternals"]),
        .target(name: "CBoringSSLInternals"),
        core("WireFormat", []),
        core("MLS", ["CryptoPrimitives", "WireFormat"]),
        core("SFrame", ["CryptoPrimitives"]),
        core("CallMedia", ["CryptoPrimitives", "SFrame"]),
        core("SegmentedHSM", ["CryptoPrimitives", "WireFormat"]),
        core("Trust", ["CryptoPrimitives", "WireFormat"]),
        core("NodeProtocol", ["CryptoPrimitives", "WireFormat", "Trust"]),
        core("Messenger", ["CryptoPrimitives", "WireFormat", "MLS", "SegmentedHSM", "Trust", "NodeProtocol"]),

        // The relay's protocols, which nothing else of ours is needed for.
        core("STUN", ["CryptoPrimitives"]),
        core("TURN", ["CryptoPrimitives", "STUN"]),

        // The node and its command line.
        .target(name: "CDatagrams"),
        .target(name: "CWebApp", cSettings: [.unsafeFlags(["-Wno-c23-extensions"])]),
        .target(
            name: "Node",
            dependencies: [
                "CryptoPrimitives", "WireFormat", "Trust", "NodeProtocol", "STUN", "TURN", "CWebApp", "CDatagrams",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOExtras", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "cryptpeer",
            dependencies: [
                "Node",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict,
            // One program to carry, stripped: Swift's run-time libraries and SQLite are linked statically.
            // `.build-static` holds libsqlite3.a alone (`make setup`), so that the linker cannot take the shared one
            // instead. These are the executable's own flags, not the command line's, so that tests and program share
            // one build.
            linkerSettings: [
                .unsafeFlags(["-static-stdlib", "-Xlinker", "-s", "-L\(Context.packageDirectory)/.build-static"]),
                .linkedLibrary("CoreFoundation"), .linkedLibrary("_FoundationICU"), .linkedLibrary("_FoundationCShims"),
                .linkedLibrary("_FoundationCollections"), .linkedLibrary("FoundationEssentials"),
            ]),

        // Tests. TestVectors finds and decodes the official vectors; VectorChecks holds the checks themselves, in the
        // Embedded subset, so that the native tests and a test-only WebAssembly build run the same code.
        core(
            "VectorChecks", ["CryptoPrimitives", "WireFormat", "MLS", "SFrame", "CallMedia", "Simulator"],
            path: "Tests/VectorChecks"),
        .target(name: "TestVectors", path: "Tests/TestVectors", swiftSettings: strict),
        core("ModelNode", ["CryptoPrimitives", "WireFormat", "Trust", "NodeProtocol"], path: "Tests/ModelNode"),
        core(
            "Simulator",
            ["CryptoPrimitives", "WireFormat", "SegmentedHSM", "Trust", "NodeProtocol", "Messenger", "ModelNode"],
            path: "Tests/Simulator"),
        .target(
            name: "Conformance",
            dependencies: ["CryptoPrimitives", "WireFormat", "Trust", "NodeProtocol", "ModelNode"],
            path: "Tests/Conformance", swiftSettings: strict),
        .target(
            name: "NodeClient",
            dependencies: [
                "NodeProtocol",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            path: "Tests/NodeClient", swiftSettings: strict),
        tests("CryptoPrimitivesTests", ["CryptoPrimitives", "VectorChecks"]),
        tests("WireFormatTests", ["WireFormat"]),
        tests("MLSTests", ["MLS", "VectorChecks"]),
        tests("SFrameTests", ["SFrame", "CryptoPrimitives", "VectorChecks"]),
        tests("CallMediaTests", ["CallMedia", "CryptoPrimitives", "VectorChecks"]),
        tests("SegmentedHSMTests", ["SegmentedHSM"]),
        tests("TrustTests", ["Trust", "CryptoPrimitives"]),
        tests("NodeProtocolTests", ["NodeProtocol", "CryptoPrimitives"]),
        tests("STUNTests", ["STUN", "CryptoPrimitives"]),
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        tests("TURNTests", ["TURN", "STUN", "CryptoPrimitives", "AllocationCounter"]),
        tests("MessengerTests", ["Messenger", "Simulator", "Conformance", "VectorChecks"]),
        tests(
            "NodeTests",
            [
                "Node", "NodeClient", "Conformance", "Messenger", "STUN", "TURN", "CDatagrams",
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c17,
    cxxLanguageStandard: .cxx17
)
