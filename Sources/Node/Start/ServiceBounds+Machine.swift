import Glibc

extension ServiceBounds {
    /// Bounds for a machine with that much memory: a quarter of it is for connections. How many files the system lets the node
    /// open bounds them besides, when it starts.
    ///
    /// - Parameter memory: in bytes.
    public init(memory: Int) {
        self.init()
        connections = max(1_024, min(262_144, memory / 4 / Self.bytesPerConnection))
        connectionsPerAddress = max(connectionsPerAddress, connections / 16)
        sessionsPerAddress = max(sessionsPerAddress, connections / 32)
        guestsPerAddress = max(guestsPerAddress, connections / 256)
        streams = max(256, min(streams, memory / 4 / Self.bytesPerStream))
        answerBytes = max(8 << 20, min(256 << 20, memory / 64))
    }

    /// An idle session takes half of it, an answer that nobody reads about twice as much.
    private static let bytesPerConnection = 65_536
    /// What waits in both directions, at the most.
    private static let bytesPerStream = 393_216

    /// The memory that this process may have, in bytes: the machine's, or its control group's if that is less.
    public static var machineMemory: Int {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let physical = pages > 0 ? pages * sysconf(Int32(_SC_PAGESIZE)) : 1 << 30
        let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        let limits = groups.compactMap { path in
            (try? readFile(path)).flatMap { bytes in
                Int(String(decoding: bytes.prefix { (48...57).contains($0) }, as: UTF8.self))
            }
        }
        return limits.filter { $0 > 0 }.reduce(physical, min)
    }
}
