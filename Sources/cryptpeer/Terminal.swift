import Glibc

/// What the program says: facts on standard output, one line each; complaints and logs on standard error.
enum Terminal {
    /// Written at once, also into a pipe: whoever started the node waits for it.
    static func say(_ line: String) {
        write(line, to: STDOUT_FILENO)
    }

    static func complain(_ line: String) {
        write(line, to: STDERR_FILENO)
    }

    private static func write(_ line: String, to descriptor: Int32) {
        var bytes = Array((line + "\n").utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            // A closed pipe is no reason to stop serving.
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
