// SPDX-License-Identifier: Apache-2.0

import ContentStore
import Synchronization
import SystemPackage

/// A file system in memory that others change between any two calls of whoever observes it.
///
/// Each call counts as a step, and before each step whatever is due then happens. Files are dated by a clock that ticks
/// as coarsely as it is told to.
final class SimulatedFileSystem: FileSystem {
    /// Something that somebody else does.
    enum Change: Hashable, Sendable {
        /// Writes these bytes into the file that is there.
        case write(FilePath, String)
        /// Writes through memory: no time moves.
        case writeUndated(FilePath, String)
        /// Puts a new file in the place of what is there.
        case replace(FilePath, String)
        case remove(FilePath)
        /// Makes a link anew, as `ln -sfn` does.
        case link(FilePath, to: FilePath)
        case rename(FilePath, to: FilePath)
        /// Sets the time of modification, as `touch -d` does.
        case date(FilePath, Int64)
    }

    private enum Content {
        case file([UInt8])
        case folder([String: Int])
        case link(FilePath)
    }

    private struct Node {
        var content: Content
        var modificationTime: Int64
        var changeTime: Int64
    }

    private struct State {
        var nodes: [Int: Node] = [0: Node(content: .folder([:]), modificationTime: 0, changeTime: 0)]
        var time: Int64 = 0
        var steps = 0
        var due: [(step: Int, change: Change)] = []
    }

    let clock: any FileClock
    private let tick: Int64
    private let state = Mutex(State())
    /// A step takes a microsecond.
    private static let stepTime: Int64 = 1000

    /// - Parameter tick: how coarse the times of files are, in nanoseconds.
    init(tick: Int64, clock: SimulatedClock) {
        self.tick = tick
        self.clock = clock
    }

    var steps: Int { state.withLock { $0.steps } }
    var time: Int64 { state.withLock { $0.time } }

    func wait(_ nanoseconds: Int64) { state.withLock { $0.time += nanoseconds } }

    /// Has changes happen before the steps of these numbers, counted from now.
    func plan(_ changes: [(step: Int, change: Change)]) {
        state.withLock { state in
            state.steps = 0
            state.due = changes
        }
    }

    func make(_ change: Change) { state.withLock { make(change, &$0) } }

    /// What is there, told without a step.
    func text(_ path: FilePath) -> String? {
        state.withLock { state in
            guard let inode = Self.inode(path, state), case .file(let bytes)? = state.nodes[inode]?.content else {
                return nil
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    func currentStatus(_ path: FilePath, followsLink: Bool) -> FileStatus? {
        state.withLock { Self.status(path, followsLink: followsLink, $0) }
    }

    /// A step of whoever observes that asks for nothing here.
    func goOn() { step { _ in } }

    // MARK: What observers call

    func status(of path: FilePath, followsLink: Bool) throws(StoreError) -> FileStatus? {
        step { Self.status(path, followsLink: followsLink, $0) }
    }

    func statuses(of names: [String], in folder: FilePath) -> [Result<FileStatus?, StoreError>] {
        names.map { name in
            let path = folder.pushing(FilePath(name))
            return .success(
                step { Self.status(path, followsLink: true, $0) ?? Self.status(path, followsLink: false, $0) })
        }
    }

    func listing(of folder: FilePath) throws(StoreError) -> ListedFolder {
        let listed: ListedFolder? = step { state in
            guard let inode = Self.inode(folder, state), case .folder(let members)? = state.nodes[inode]?.content,
                let status = Self.status(folder, followsLink: true, state)
            else { return nil }
            let entries = members.keys.sorted().map { name -> (name: String, type: ListedFolder.EntryType) in
                switch members[name].flatMap({ state.nodes[$0]?.content }) {
                case .file?: (name, .file)
                case .folder?: (name, .folder)
                default: (name, .unknown)
                }
            }
            return ListedFolder(status: status, entries: entries)
        }
        guard let listed else { throw .cannot(action: "list", path: folder, reason: .noSuchFileOrDirectory) }
        return listed
    }

    func open(_ path: FilePath) throws(StoreError) -> any OpenFile {
        let inode: Int? = step { state in
            guard let inode = Self.inode(path, state), case .file? = state.nodes[inode]?.content else { return nil }
            return inode
        }
        guard let inode else { throw .cannot(action: "read", path: path, reason: .noSuchFileOrDirectory) }
        return SimulatedFile(self, inode)
    }

    fileprivate func status(ofInode inode: Int) -> FileStatus? { step { Self.status(ofInode: inode, $0) } }

    /// Two bytes at a time, so that a file can change while it is read.
    fileprivate func bytes(ofInode inode: Int, from offset: Int) -> ArraySlice<UInt8> {
        step { state in
            guard case .file(let bytes)? = state.nodes[inode]?.content else { return [] }
            return bytes.dropFirst(offset).prefix(2)
        }
    }

    private func step<Value: Sendable>(_ look: (State) -> Value) -> Value {
        state.withLock { state in
            while let (step, change) = state.due.first, step <= state.steps {
                state.due.removeFirst()
                make(change, &state)
            }
            state.steps += 1
            state.time += Self.stepTime
            return look(state)
        }
    }

    // MARK: What is

    private static func inode(_ path: FilePath, followsLink: Bool = true, depth: Int = 0, _ state: State) -> Int? {
        guard depth < 8 else { return nil }
        var (inode, walked) = (0, FilePath("/"))
        let components = Array(path.components)
        for (index, component) in components.enumerated() {
            guard case .folder(let members)? = state.nodes[inode]?.content, let next = members[component.string] else {
                return nil
            }
            walked.append(component)
            inode = next
            guard case .link(let target)? = state.nodes[inode]?.content else { continue }
            if index == components.count - 1, !followsLink { return inode }
            guard let led = Self.inode(target, depth: depth + 1, state) else { return nil }
            inode = led
        }
        return inode
    }

    private static func status(_ path: FilePath, followsLink: Bool, _ state: State) -> FileStatus? {
        inode(path, followsLink: followsLink, state).flatMap { status(ofInode: $0, state) }
    }

    private static func status(ofInode inode: Int, _ state: State) -> FileStatus? {
        guard let node = state.nodes[inode] else { return nil }
        let (kind, byteCount): (FileStatus.Kind, Int) =
            switch node.content {
            case .file(let bytes): (.file, bytes.count)
            case .folder: (.folder, 0)
            case .link: (.link, 0)
            }
        return FileStatus(
            kind: kind, byteCount: byteCount, device: 1, inode: UInt64(inode), modificationTime: node.modificationTime,
            changeTime: node.changeTime)
    }

    // MARK: What changes

    private func make(_ change: Change, _ state: inout State) {
        let now = state.time / tick * tick
        switch change {
        case .write(let path, let text), .writeUndated(let path, let text):
            guard let inode = Self.inode(path, state), case .file? = state.nodes[inode]?.content else { return }
            state.nodes[inode]?.content = .file(Array(text.utf8))
            if case .write = change {
                state.nodes[inode]?.modificationTime = now
                state.nodes[inode]?.changeTime = now
            }
        case .replace(let path, let text):
            put(Node(content: .file(Array(text.utf8)), modificationTime: now, changeTime: now), at: path, now, &state)
        case .link(let path, let target):
            put(Node(content: .link(target), modificationTime: now, changeTime: now), at: path, now, &state)
        case .remove(let path): edit(path, now, &state) { $0[$1] = nil }
        case .rename(let path, let target):
            guard let inode = Self.inode(path, followsLink: false, state) else { return }
            edit(path, now, &state) { $0[$1] = nil }
            state.nodes[inode]?.changeTime = now
            edit(target, now, &state) { $0[$1] = inode }
        case .date(let path, let time):
            guard let inode = Self.inode(path, state) else { return }
            state.nodes[inode]?.modificationTime = time
            state.nodes[inode]?.changeTime = now
        }
    }

    private func put(_ node: Node, at path: FilePath, _ now: Int64, _ state: inout State) {
        let inode = state.nodes.count + 1
        state.nodes[inode] = node
        makeFolder(path.removingLastComponent(), now, &state)
        edit(path, now, &state) { $0[$1] = inode }
    }

    private func makeFolder(_ path: FilePath, _ now: Int64, _ state: inout State) {
        guard !path.components.isEmpty, Self.inode(path, state) == nil else { return }
        put(Node(content: .folder([:]), modificationTime: now, changeTime: now), at: path, now, &state)
    }

    private func edit(
        _ path: FilePath, _ now: Int64, _ state: inout State, _ edit: (inout [String: Int], _ name: String) -> Void
    ) {
        guard let name = path.lastComponent?.string, let folder = Self.inode(path.removingLastComponent(), state),
            case .folder(var members)? = state.nodes[folder]?.content
        else { return }
        edit(&members, name)
        state.nodes[folder]?.content = .folder(members)
        state.nodes[folder]?.modificationTime = now
        state.nodes[folder]?.changeTime = now
    }
}

/// A file of a `SimulatedFileSystem` that is open.
private final class SimulatedFile: OpenFile {
    private let fileSystem: SimulatedFileSystem
    private let inode: Int
    private var offset = 0

    init(_ fileSystem: SimulatedFileSystem, _ inode: Int) {
        self.fileSystem = fileSystem
        self.inode = inode
    }

    func status() throws(StoreError) -> FileStatus {
        guard let status = fileSystem.status(ofInode: inode) else { throw .changing(path: "/") }
        return status
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) -> Int {
        let bytes = fileSystem.bytes(ofInode: inode, from: offset)
        buffer.copyBytes(from: bytes)
        offset += bytes.count
        return bytes.count
    }
}

/// The clock of a `SimulatedFileSystem`, as far as a command knows it.
final class SimulatedClock: FileClock {
    enum Knowledge: Hashable, Sendable {
        /// The file system tells what time it is.
        case told
        /// It does not, as an NFS server.
        case silent
        /// It dates no bytes that are written through memory.
        case undated
    }

    private let knowledge: Knowledge
    private let times = Mutex<(beginning: Int64, uptime: Int64)>((0, 0))

    init(_ knowledge: Knowledge) {
        self.knowledge = knowledge
    }

    /// A command begins.
    func begin(at time: Int64) { times.withLock { $0 = (time, time) } }

    func trust(in status: FileStatus, at path: FilePath) -> StatusTrust {
        switch knowledge {
        case .told: .since(times.withLock { $0.beginning })
        case .silent: .clockUnknown
        case .undated: status.kind == .file ? .none : .since(times.withLock { $0.beginning })
        }
    }

    var uptime: Uptime? { Uptime(start: 1, nanoseconds: times.withLock { $0.uptime }) }
}
