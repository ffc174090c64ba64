// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// As in the package above, with the coverage that libFuzzer steers by and a watch on every access to memory.
let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .swiftLanguageMode(.v6),
        .unsafeFlags(["-sanitize=fuzzer,address", "-profile-generate", "-profile-coverage-mapping"]),
    ] + (Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)])

/// One program a reader.
func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: ["CFuzzing"] + dependencies,
        linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-profile-generate", "-use-ld=lld"])])
}

let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

// The readers are links to the sources of the package above, which so are compiled here a second time, instrumented.
// libpng and libhdf5 are the system's and are not; nor are other people's packages.
let package = Package(
    name: "fuzzing",
    platforms: [.macOS(.v14)],
    dependencies: [
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .systemLibrary(
            name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(name: "CKernels"),
        .target(name: "Tensors", dependencies: ["CKernels"]),
        .target(name: "TensorStore", dependencies: ["Tensors", "CHDF5"]),
        .target(name: "Imaging", dependencies: ["Tensors", "CPNG"]),
        .target(name: "PipelineManifest", dependencies: [.product(name: "Yams", package: "Yams")]),
        .target(name: "CPlatform"),
        .target(
            name: "ContentStore",
            dependencies: ["CPlatform", .product(name: "Crypto", package: "swift-crypto"), systemPackage]),
        .target(
            name: "PipelinePlanning",
            dependencies: [
                "PipelineManifest", "ContentStore", systemPackage,
                .product(name: "OrderedCollections", package: "swift-collections"),
            ]),
        // Of the rooms that need more than the readers do, the readers' files alone.
        .target(
            name: "PipelineRecords",
            dependencies: ["CZlib", "ContentStore", "PipelineManifest", "PipelinePlanning", systemPackage]),
        .target(name: "Weights", dependencies: ["ContentStore", "Tensors"]),

        .target(name: "CFuzzing"),
        .target(name: "FuzzChecks", dependencies: ["Imaging"]),
        fuzzer("FuzzPNG", ["FuzzChecks", "Imaging"]),
        fuzzer("FuzzBMP", ["FuzzChecks", "Imaging"]),
        fuzzer("FuzzHDF5", ["TensorStore"]),
        fuzzer("FuzzCatalogue", ["PipelineManifest"]),
        fuzzer("FuzzManifest", ["PipelineManifest", "PipelinePlanning"]),
        fuzzer("FuzzEntry", ["ContentStore", "PipelinePlanning", systemPackage]),
        fuzzer("FuzzRecord", ["ContentStore", "PipelineRecords"]),
        fuzzer("FuzzLock", ["PipelineRecords", systemPackage]),
        fuzzer("FuzzArchive", ["ContentStore", systemPackage]),
        fuzzer("FuzzResults", ["ContentStore", "PipelineManifest", "PipelineRecords", systemPackage]),
        fuzzer("FuzzStat", ["ContentStore"]),
        fuzzer("FuzzAnswer", ["ContentStore", systemPackage]),
        fuzzer("FuzzLatest", ["ContentStore", "PipelineRecords", systemPackage]),
        fuzzer("FuzzWork", ["ContentStore", "PipelineRecords"]),
        fuzzer("FuzzLog", ["ContentStore", "PipelineRecords", systemPackage]),
        fuzzer("FuzzSafetensors", ["Tensors", "Weights"]),
        fuzzer(
            "FuzzSeeds",
            [
                "CHDF5", "ContentStore", "Imaging", "PipelineManifest", "PipelineRecords", "TensorStore", "Tensors",
                systemPackage,
            ]),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
