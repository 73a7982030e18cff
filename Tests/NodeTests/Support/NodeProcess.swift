import Foundation
import NodeClient
import Synchronization

/// The executable, as it is delivered, run as a child process.
final class NodeProcess: Sendable {
    enum Failure: Error {
        case noExecutable
        /// It ended, or said nothing, where it should have been ready.
        case notReady(output: String)
    }

    let folder: TemporaryFolder
    let port: Int
    private let state = Mutex(State())

    private struct State {
        var process: ChildProcess?
        var lines: [String] = []
    }

    private let options: [String]
    private let wrapper: [String]

    /// A started node on a port of its own.
    ///
    /// - Parameters:
    ///   - options: more of `serve`'s.
    ///   - wrapper: a program that becomes the node, and that one's own arguments.
    init(folder: TemporaryFolder? = nil, options: [String] = [], under wrapper: [String] = []) async throws {
        self.folder = try folder ?? TemporaryFolder()
        self.options = options
        self.wrapper = wrapper
        port = Self.freePort()
        try await start()
    }

    deinit {
        state.withLock { $0.process }?.signal(SIGINT)
    }

    var data: String { folder.path + "/data" }
    var origin: String { "https://localhost:\(port)" }
    /// What it printed on standard output, over all starts.
    var lines: [String] { state.withLock { $0.lines } }
    var operatorLink: String? { lines.compactMap { $0.dropped(prefix: "Operator invitation: ") }.first }
    var authority: [UInt8] {
        get throws { try folder.bytes("data/ca.pem") }
    }

    /// The memory it has at the moment.
    var residentBytes: Int {
        guard let id = state.withLock({ $0.process?.id }),
            let text = try? String(contentsOfFile: "/proc/\(id)/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return 0 }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// The CPU time that its threads have spent so far.
    var cpuNanoseconds: UInt64 {
        guard let id = state.withLock({ $0.process?.id }) else { return 0 }
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task")) ?? []
        return tasks.reduce(0) { sum, task in
            let text = try? String(contentsOfFile: "/proc/\(id)/task/\(task)/schedstat", encoding: .utf8)
            return sum + (text?.split(separator: " ").first.flatMap { UInt64($0) } ?? 0)
        }
    }

    /// How many files and sockets it has open at the moment.
    var descriptors: Int {
        guard let id = state.withLock({ $0.process?.id }) else { return 0 }
        return (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd"))?.count ?? 0
    }

    /// How many sockets it has open at the moment.
    var sockets: Int {
        guard let id = state.withLock({ $0.process?.id }) else { return 0 }
        let folder = "/proc/\(id)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.count { name in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + name)
            return target?.hasPrefix("socket:") == true
        }
    }

    /// What the last start wrote on standard error.
    var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }
    private var logPath: String { folder.path + "/log" }

    func start() async throws {
        let words =
            wrapper + [try Self.executable().path, "serve", "--data", data, "--port", "\(port)", "--metrics-port", "0"]
            + options
        let process = try ChildProcess(
            URL(fileURLWithPath: words[0]), Array(words.dropFirst()), errorsTo: logPath)
        state.withLock { $0.process = process }
        let ready = try await Self.run { [self] in
            var text = ""
            while true {
                let bytes = ChildProcess.available(process.output)
                if bytes.isEmpty { return false }
                text += String(decoding: bytes, as: UTF8.self)
                guard text.hasSuffix("\n"), text.contains("Ready: ") else { continue }
                state.withLock { $0.lines += text.split(separator: "\n").map(String.init) }
                return true
            }
        }
        guard ready else { throw Failure.notReady(output: lines.joined(separator: "\n")) }
    }

    func signal(_ signal: Int32) {
        state.withLock { $0.process }?.signal(signal)
    }

    /// SIGKILL: a power cut, as far as the program can tell.
    func kill() async throws {
        try await end(with: SIGKILL)
    }

    /// SIGTERM.
    ///
    /// - Returns: the exit status.
    @discardableResult
    func terminate() async throws -> Int32 {
        try await end(with: SIGTERM)
    }

    @discardableResult
    private func end(with signal: Int32) async throws -> Int32 {
        guard let process = state.withLock({ $0.process.take() }) else { return 0 }
        process.signal(signal)
        return try await Self.run { process.wait() }
    }

    func connect() async throws -> NodeConnection {
        try await NodeConnection.open(to: origin, trusting: try authority)
    }

    /// Runs the program to its end.
    ///
    /// - Parameter wrapper: a program that starts it, and that one's own arguments.
    static func output(of arguments: [String], under wrapper: [String] = []) async throws -> (
        status: Int32, out: String, err: String
    ) {
        let words = wrapper + [try executable().path] + arguments
        return try await run {
            let process = try ChildProcess(URL(fileURLWithPath: words[0]), Array(words.dropFirst()))
            let printed = ChildProcess.everything(process.output)
            let complained = process.errors.map { ChildProcess.everything($0) } ?? ""
            return (process.wait(), printed, complained)
        }
    }

    /// Beside the tests, where the build puts both.
    private static func executable() throws -> URL {
        let tests = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let folders = [tests, URL(fileURLWithPath: FileManager.default.currentDirectoryPath + "/.build/release")]
        for folder in folders {
            let candidate = folder.appendingPathComponent("cryptpeer")
            if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
        }
        throw Failure.noExecutable
    }

    /// A port that nothing listens on, below those that the system gives to whoever connects somewhere.
    static func freePort() -> Int {
        while true {
            let port = nextPort.withLock { port in
                port = port >= 31_000 ? 20_000 : port + 1
                return port
            }
            let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = UInt16(port).bigEndian
            let isFree = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
                }
            }
            if isFree { return port }
        }
    }

    private static let nextPort = Mutex(Int.random(in: 20_000..<31_000))

    /// Blocking work, off Swift's own threads.
    private static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try body() }) }.start()
        }
    }
}

extension String {
    /// The text after a prefix; nil where it has another.
    func dropped(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
