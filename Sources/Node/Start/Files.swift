import Glibc

/// A system call's complaint about a file.
struct FileError: Error {
    let reason: String
    /// The file is not there.
    let isMissing: Bool

    init() {
        isMissing = errno == ENOENT
        reason = lastSystemError()
    }
}

/// Reads a small file whole.
func readFile(_ path: String) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError() }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count >= 0 else { throw FileError() }
        if count == 0 { return bytes }
        bytes.append(contentsOf: buffer[..<count])
    }
}

/// Puts a file in place whole or not at all: a power cut leaves the old one or the new one.
///
/// - Parameter mode: the permissions; a private key is its owner's alone.
func writeFile(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws(FileError) {
    let new = path + ".new"
    let descriptor = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw FileError() }
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else {
            let error = FileError()
            close(descriptor)
            unlink(new)
            throw error
        }
        written += count
    }
    guard fsync(descriptor) == 0, close(descriptor) == 0, rename(new, path) == 0 else { throw FileError() }
    try synchronizeFolder(of: path)
}

/// Makes a file's name durable: until its folder is on the disk too, a power cut may take the file away again.
func synchronizeFolder(of path: String) throws(FileError) {
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError() }
    defer { close(descriptor) }
    // Some file systems know no such thing for a folder.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileError() }
}
