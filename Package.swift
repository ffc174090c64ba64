// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Warnings are errors where nobody reads them: in CI.
let strictness: [SwiftSetting] =
    Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

let settings: [SwiftSetting] =
    [
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
        .enableUpcomingFeature("ExistentialAny"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
        .enableUpcomingFeature("MemberImportVisibility"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
        .enableUpcomingFeature("InternalImportsByDefault"),
        .swiftLanguageMode(.v6),
    ] + strictness

/// Links Swift's runtime into the program, at a fixed address: its start then takes a third of the time.
///
/// Nothing but the executable has these flags, so the libraries stay usable as a dependency. Foundation, which comes
/// with Yams, needs the archives after it named, in any order. The folder holds the archive of the C++ library, if there
/// is one; the tests, with their shared libraries, must not find it.
let quickStart: [LinkerSetting] =
    Context.environment["REPRISE_SHARED_RUNTIME"] != nil
    ? []
    : [
        .unsafeFlags(
            ["-static-stdlib", "-L", Context.packageDirectory + "/.build/static/program"]
                + ["-no-pie", "-static-libgcc"].flatMap { ["-Xclang-linker", $0] }
                + [
                    "--start-group", "-lFoundation", "-lFoundationInternationalization", "-l_FoundationICU",
                    "-lCoreFoundation", "-l_FoundationCShims", "-l_FoundationCollections", "-lFoundationEssentials",
                    "--end-group", "-lstdc++",
                ].flatMap { ["-Xlinker", $0] },
            .when(platforms: [.linux]))
    ]

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let orderedCollections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "reprise",
    platforms: [.macOS(.v14)],
    products: [
        .executable(name: "reprise", targets: ["reprise"])
    ],
    dependencies: [
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    ],
    targets: [
        // The C libraries of the system.
        .systemLibrary(
            name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .systemLibrary(
            name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),

        // The numeric stack.
        .target(name: "CKernels"),
        .target(name: "Tensors", dependencies: ["CKernels"]),
        .target(name: "TensorStore", dependencies: ["Tensors", "CHDF5"]),
        .target(name: "Imaging", dependencies: ["Tensors", "CPNG"]),
        .target(name: "Training", dependencies: ["Tensors"]),
        .target(name: "Evaluation", dependencies: ["Imaging", "Tensors"]),

        // The pipeline stack.
        .target(name: "CPlatform"),
        .target(name: "PipelineManifest", dependencies: [yams]),
        .target(name: "ContentStore", dependencies: ["CPlatform", crypto, systemPackage]),
        .target(
            name: "PipelinePlanning",
            dependencies: ["PipelineManifest", "ContentStore", orderedCollections, systemPackage]),
        .target(
            name: "PipelineExecution",
            dependencies: [
                "PipelinePlanning", "PipelineManifest", "ContentStore", "CZlib", "CPlatform",
                subprocess, systemPackage,
            ]),

        // Where the stacks meet, and the door to the user.
        .target(name: "Reporting", dependencies: ["PipelineManifest", "Evaluation"]),
        .target(
            name: "PipelineTools",
            dependencies: [
                "PipelineExecution", "PipelineManifest", "ContentStore",
                "Tensors", "TensorStore", "Imaging", "Training", "Evaluation", systemPackage,
            ]),
        .executableTarget(
            name: "reprise",
            dependencies: [
                "PipelineManifest", "ContentStore", "PipelinePlanning", "PipelineExecution",
                "PipelineTools", "Reporting", "Evaluation", "Tensors", argumentParser, systemPackage,
            ],
            linkerSettings: quickStart),

        .testTarget(name: "ArchitectureTests"),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors", "CKernels"]),
        .testTarget(name: "TensorStoreTests", dependencies: ["TensorStore", "Tensors", "CHDF5"]),
        .testTarget(name: "ImagingTests", dependencies: ["Imaging"], exclude: ["Oracle"]),
        .testTarget(name: "TrainingTests", dependencies: ["Training", "Tensors"]),
        .testTarget(name: "PipelineManifestTests", dependencies: ["PipelineManifest"]),
        .testTarget(name: "ReportingTests", dependencies: ["Reporting", "Evaluation", "PipelineManifest"]),
        .testTarget(
            name: "PipelineToolsTests",
            dependencies: [
                "PipelineTools", "PipelineExecution", "PipelinePlanning", "PipelineManifest", "ContentStore",
                "Tensors", "TensorStore", "Imaging", "Training", "Evaluation", "CZlib", systemPackage, yams,
            ]),
        .testTarget(name: "ContentStoreTests", dependencies: ["ContentStore", systemPackage]),
        .testTarget(
            name: "PipelinePlanningTests",
            dependencies: ["PipelinePlanning", "PipelineManifest", "ContentStore", systemPackage]),
        .testTarget(
            name: "PipelineExecutionTests",
            dependencies: [
                "PipelineExecution", "PipelinePlanning", "PipelineManifest", "ContentStore", systemPackage,
            ]),
        // It runs the built program, which `swift test` builds with all else. Named as a dependency, the program
        // would have its linker settings reach the tests, whose own libraries need the shared runtime.
        .testTarget(name: "RepriseTests", exclude: ["FaultLayer"]),
        .testTarget(name: "EvaluationTests", dependencies: ["Evaluation", "Imaging"]),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
