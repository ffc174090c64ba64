// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// As in the package above.
let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .swiftLanguageMode(.v6),
    ] + (Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)])

// The rooms that are measured from within are links to the sources of the package above: they become targets of this
// package, so that `package` access reaches them and nothing has to be made public for the sake of a stopwatch.
// Whatever a user would wait for is measured from without, by running the built program.
let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v14)],
    targets: [
        .systemLibrary(
            name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .target(name: "CKernels"),
        .target(name: "Tensors", dependencies: ["CKernels"]),
        .target(name: "Imaging", dependencies: ["Tensors", "CPNG"]),
        .target(name: "Training", dependencies: ["Tensors"]),
        .target(name: "Evaluation", dependencies: ["Imaging", "Tensors"]),

        .target(name: "CPeak"),
        .executableTarget(
            name: "benchmarks", dependencies: ["CPeak", "Evaluation", "Imaging", "Tensors", "Training"]),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
