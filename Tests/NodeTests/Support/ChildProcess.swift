import Foundation
import Synchronization

/// A program that runs beside the tests. Foundation's `Process` is not used: on Linux it reads past the end of a directory's
/// entry when it looks for open files (swift-corelibs-foundation #5472), and now and then that is the end of all tests.
final class ChildProcess: Sendable {
    struct Failure: Error {
        let error: Int32
    }

    let id: pid_t
    /// What it writes on standard output and, if that goes to no file, on standard error.
    let output: Int32
    let errors: Int32?
    private let status = Mutex<Int32?>(nil)
    /// One at a time: no other child gets the ends of this one's pipes.
    private static let starting = Mutex(())

    /// - Parameter path: the file that standard error goes to; nil: it is read here.
    init(_ executable: URL, _ arguments: [String], errorsTo path: String? = nil) throws {
        (id, output, errors) = try Self.starting.withLock { _ in try Self.start(executable, arguments, errorsTo: path) }
    }

    private static func start(
        _ executable: URL, _ arguments: [String], errorsTo path: String?
    ) throws -> (id: pid_t, output: Int32, errors: Int32?) {
        let out = try Self.pipe()
        let err = path == nil ? try Self.pipe() : nil
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, out.write, STDOUT_FILENO)
        if let err { posix_spawn_file_actions_adddup2(&actions, err.write, STDERR_FILENO) }
        if let path {
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        }
        // Sockets of nodes in this process: their ports would stay in use. (What is not open is not missed.)
        for descriptor in STDERR_FILENO + 1..<2_048 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        // Threads of ours may have signals blocked that the program is to hear.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        var words: [UnsafeMutablePointer<CChar>?] = ([executable.path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var id = pid_t()
        let error = posix_spawn(&id, executable.path, &actions, &attributes, &words, environ)
        close(out.write)
        if let err { close(err.write) }
        guard error == 0 else { throw Failure(error: error) }
        return (id, out.read, err?.read)
    }

    deinit {
        close(output)
        if let errors { close(errors) }
    }

    func signal(_ signal: Int32) { kill(id, signal) }

    /// Waits for its end.
    ///
    /// - Returns: the exit status, or the signal that ended it.
    @discardableResult
    func wait() -> Int32 {
        status.withLock { status in
            if let status { return status }
            var found: Int32 = 0
            while waitpid(id, &found, 0) < 0, errno == EINTR {}
            let ended = found & 0x7F == 0 ? found >> 8 & 0xFF : found & 0x7F
            status = ended
            return ended
        }
    }

    /// What can be read now, waiting for the first byte; empty at the end.
    static func available(_ descriptor: Int32) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(descriptor, &buffer, buffer.count)
        return count > 0 ? Array(buffer[..<count]) : []
    }

    static func everything(_ descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        while true {
            let more = available(descriptor)
            if more.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += more
        }
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard Foundation.pipe(&ends) == 0 else { throw Failure(error: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
