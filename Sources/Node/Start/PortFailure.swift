import Glibc
import NIOCore

/// Why nothing can listen at a port, in words for the person at the terminal.
struct PortFailure: Error {
    /// As in "UDP port 3478".
    let name: String
    let port: Int
    /// What `socket`, `bind` or `listen` said (`errno`).
    let error: Int32
    /// The option that chooses another port.
    let option: String

    /// Below it, Linux lets nobody but root listen, unless it is told otherwise.
    private static let firstOpenPort = 1_024

    var problem: String {
        switch error {
        case EADDRINUSE: "\(name) is in use"
        case EACCES, EPERM: "\(name) is not open to this user"
        case EADDRNOTAVAIL: "\(name) cannot be had: this machine has no address for it"
        default: "\(name) cannot be had (\(String(cString: strerror(error)).lowercased()))"
        }
    }

    var advice: String {
        switch error {
        case EADDRINUSE:
            "stop what uses it, or choose another port with \(option)"
        case EACCES where port < Self.firstOpenPort:
            "choose a port of 1024 or above with \(option)"
        case EACCES, EPERM:
            "see which rule of the system keeps this user from it, or choose another port with \(option)"
        case EADDRNOTAVAIL:
            "see that the machine's network is up"
        case EMFILE, ENFILE:
            "let the node have more open files (ulimit -n, or LimitNOFILE in its service)"
        case EAFNOSUPPORT:
            "see that the system lets this user have the network"
        default:
            "see what the system has against it, or choose another port with \(option)"
        }
    }
}

extension PortFailure {
    /// - Parameter error: what a server's bootstrap threw. An error without a number (for a name that resolves to no
    ///   address) counts as an address that this machine does not have.
    init(name: String, port: Int, bootstrap error: any Error, option: String) {
        self.init(name: name, port: port, error: (error as? IOError)?.errnoCode ?? EADDRNOTAVAIL, option: option)
    }
}

extension StartError {
    init(_ failure: PortFailure) { self.init(failure.problem, advice: failure.advice) }
}
