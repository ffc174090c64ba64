// SPDX-License-Identifier: Apache-2.0

/// A stage as it is written, with the instances that `foreach` or `matrix` makes of it.
struct StageDeclaration {
    let key: Located<String>
    let fields: Fields
    let instances: Instances

    enum Instances {
        /// Neither `foreach` nor `matrix` stands there.
        case single
        case several([StageInstance])
    }
}

/// One of the stages that `foreach` or `matrix` makes of one.
struct StageInstance {
    /// With the group's name: `train@scale=2,seed=1`.
    let name: String
    let group: StageGroup
    /// In the order of `group`.
    let nodes: [YAMLNode]

    /// What follows the `@`.
    var label: Substring { name.dropFirst(group.name.count + 1) }

    /// What `${…}` stands for in this instance, a mapping's members by names such as `item.rate` too.
    var scope: StageScope {
        var scope = StageScope.none
        for ((name, value), node) in zip(group.values, nodes) { scope.add(name, value, node) }
        return scope
    }
}

/// What the variables of one stage stand for.
struct StageScope {
    static var none: StageScope { StageScope() }

    private(set) var variables: [String: Setting] = [:]
    /// The lists and mappings among them as they are written.
    private(set) var compounds: [String: YAMLNode] = [:]

    fileprivate mutating func add(_ name: String, _ value: SettingValue, _ node: YAMLNode) {
        variables[name] = Setting(name: Located(name, at: node.location), value: value, isOverridden: false)
        switch (value, node.content) {
        case (.map(let members), .map(let entries)):
            compounds[name] = node
            for entry in entries {
                if let member = members[entry.key.value] { add("\(name).\(entry.key.value)", member, entry.value) }
            }
        case (.list, _), (.map, _): compounds[name] = node
        default: return
        }
    }
}

/// The instances of one group, in the order of declaration, for references to them.
struct InstanceIndex {
    let name: String
    let instances: [StageInstance]
    private let positions: [Substring: Int]
    /// For each `scale=2`, the instances that have it; of a `foreach`, of each whole label.
    private let positionsByPart: [Substring: [Int]]

    init(_ name: String, _ instances: [StageInstance]) {
        self.name = name
        self.instances = instances
        positions = Dictionary(
            instances.enumerated().map { ($1.label, $0) }, uniquingKeysWith: { first, _ in first })
        var byPart: [Substring: [Int]] = [:]
        for (position, instance) in instances.enumerated() {
            for part in instance.label.split(separator: ",") { byPart[part, default: []].append(position) }
        }
        positionsByPart = byPart
    }

    /// Whether all was wrong that would have made instances.
    var isUnknown: Bool { instances.isEmpty }

    /// The name of the instance with this label, its parts in any order; nil where there is none.
    func instance(labelled label: some StringProtocol) -> String? {
        let sorted = label.split(separator: ",", omittingEmptySubsequences: false).sorted().joined(separator: ",")
        return (positions[Substring(label)] ?? positions[Substring(sorted)]).map { instances[$0].name }
    }

    /// The names of the instances whose labels fit a pattern.
    func instances(fitting pattern: String) -> [String] {
        let matcher = FilePattern(pattern)
        let fixed = pattern.split(separator: ",").filter { !FilePattern.isPattern(String($0)) && $0.contains("=") }
        let fewest = fixed.map { positionsByPart[$0] ?? [] }.min { $0.count < $1.count }
        // A pattern with fewer parts may mean what stands between two commas of a label.
        let isWhole = instances.first.map { $0.group.values.count == pattern.split(separator: ",").count } ?? false
        let candidates = isWhole ? fewest ?? Array(instances.indices) : Array(instances.indices)
        return candidates.map { instances[$0] }.filter { matcher.matches(String($0.label)) }.map(\.name)
    }
}
