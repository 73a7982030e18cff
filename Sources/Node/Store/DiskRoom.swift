import Glibc
import Synchronization

/// The room on the disk that holds the data folder: whether it is short, and a reserve that a full disk is emptied with.
///
/// A deletion needs room as well, since SQLite writes to its log first. So the node keeps a file without content, and gives
/// it up when the disk is full.
final class DiskRoom: Sendable {
    private let folder: String
    private let reserve: String
    /// Room is short below this many bytes, and no longer short a quarter above it with the reserve in its place.
    private let least: UInt64
    private let reserveLength: UInt64
    /// The bytes on the whole disk; 0 if the system does not tell.
    let total: UInt64
    private let isShort: Mutex<Bool>

    private static let mostNeeded: UInt64 = 256 << 20
    private static let longestReserve: UInt64 = 16 << 20

    init(_ folder: DataFolder) {
        self.folder = folder.path
        reserve = folder.reserve
        total = Self.bytes(of: folder.path)?.total ?? 0
        least = min(Self.mostNeeded, total / 20)
        reserveLength = min(Self.longestReserve, total / 16)
        // Where the reserve is missing, it was given up: what is free may be no more than that.
        let needed = access(reserve, F_OK) == 0 ? least : least + least / 4 + reserveLength
        let free = Self.bytes(of: folder.path)?.free ?? .max
        isShort = Mutex(free < needed)
    }

    /// The bytes that this process may still write; nil if the system does not tell.
    var free: UInt64? { Self.bytes(of: folder)?.free }

    /// Looks at the disk.
    ///
    /// - Returns: whether nothing more is to be stored, and whether that is news.
    func look() -> (isShort: Bool, isNews: Bool) {
        isShort.withLock { isShort in
            guard let free else { return (isShort, false) }
            let isShortNow = free < (isShort ? leastAgain : least)
            defer { isShort = isShortNow }
            return (isShortNow, isShortNow != isShort)
        }
    }

    private var leastAgain: UInt64 {
        least + least / 4 + (access(reserve, F_OK) == 0 ? 0 : reserveLength)
    }

    /// Gives the reserve up.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    func releaseReserve() -> Bool {
        unlink(reserve) == 0
    }

    /// Makes the reserve where there is none and room for it.
    func keepReserve() {
        guard access(reserve, F_OK) != 0, let free, free >= leastAgain else { return }
        let descriptor = open(reserve, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        // A file system that cannot set room aside writes zeros; one that does neither leaves no reserve.
        let isKept = posix_fallocate(descriptor, 0, off_t(clamping: reserveLength)) == 0
        close(descriptor)
        if !isKept { unlink(reserve) }
    }

    private static func bytes(of folder: String) -> (total: UInt64, free: UInt64)? {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        let block = UInt64(status.f_frsize)
        return (UInt64(status.f_blocks) &* block, UInt64(status.f_bavail) &* block)
    }
}
