import Glibc

/// The folder that holds everything a node keeps, readable by its owner alone.
struct DataFolder: Sendable {
    let path: String

    /// The node's Ed25519 seed: 32 bytes.
    var nodeKey: String { path + "/node.key" }
    var authorityCertificate: String { path + "/ca.pem" }
    var authorityKey: String { path + "/ca.key" }
    var serverCertificate: String { path + "/server.pem" }
    var serverKey: String { path + "/server.key" }
    /// The relay's secret: text.
    var relayKey: String { path + "/relay.key" }
    var database: String { path + "/node.sqlite" }
    /// Room that is given up when the disk is full.
    var reserve: String { path + "/reserve" }
    /// How far the clock was set ahead: text.
    var clock: String { path + "/clock" }
    var lock: String { path + "/lock" }

    /// Makes the folder if it is missing, and sees that it can be used.
    init(creating path: String) throws(StartError) {
        try self.init(absolute: Self.absolute(path))
        try Self.makeFolders(self.path)
        try check()
    }

    /// A folder that a node has already filled.
    init(existing path: String) throws(StartError) {
        try self.init(absolute: Self.absolute(path))
        guard access(database, F_OK) == 0 else {
            throw StartError(
                "There is no node in \(path)",
                advice:
                    "give the folder of a node that has been started, or start one with `cryptpeer serve --data \(path)`"
            )
        }
        try check()
    }

    private init(absolute path: String) throws(StartError) {
        self.path = path
    }

    private func check() throws(StartError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw StartError("The data folder \(path) cannot be used (\(lastSystemError()))", advice: Self.folderAdvice)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw StartError("\(path) is not a folder", advice: "choose a folder for the node's data with --data")
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            throw StartError("The data folder \(path) cannot be used (\(lastSystemError()))", advice: Self.folderAdvice)
        }
    }

    private static let folderAdvice =
        "make it readable and writable for the user who runs the node, or choose another with --data"

    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        return String(cString: current) + "/" + path
    }

    private static func makeFolders(_ path: String) throws(StartError) {
        var prefix = ""
        for part in path.split(separator: "/") {
            prefix += "/" + part
            if mkdir(prefix, 0o700) == 0 {
                // A power cut would else take the folder, and all that is in it.
                try? synchronizeFolder(of: prefix)
            } else if errno != EEXIST, errno != EISDIR {
                throw StartError("The data folder \(path) cannot be made (\(lastSystemError()))", advice: folderAdvice)
            }
        }
    }
}

/// Keeps a second node off the same data for as long as the process lives: the lock goes with the process.
final class DataFolderLock: Sendable {
    private let descriptor: Int32

    init(_ folder: DataFolder) throws(StartError) {
        let descriptor = open(folder.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StartError(
                "The data folder \(folder.path) cannot be written (\(lastSystemError()))",
                advice: "make it writable for the user who runs the node, or choose another with --data")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw StartError(
                "Another node is running on \(folder.path)",
                advice: "stop it first, or choose another folder with --data")
        }
        self.descriptor = descriptor
    }

    /// Lets another node have the data. A child that is just being started may hold a copy of the descriptor, so that closing
    /// it would not do.
    func release() {
        flock(descriptor, LOCK_UN)
    }

    deinit {
        release()
        close(descriptor)
    }
}

/// The last system call's error, in words.
func lastSystemError() -> String {
    String(cString: strerror(errno))
}
