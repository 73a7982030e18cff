import Foundation
import Node

extension RelayConfiguration {
    /// A relay that reaches this machine, with the secret that ``DatagramClient`` makes credentials from.
    static func onLoopback(port: Int) -> RelayConfiguration {
        var relay = RelayConfiguration(port: port)
        relay.publicAddresses = ["127.0.0.1"]
        relay.secret = Array("north".utf8)
        relay.allowsLoopback = true
        return relay
    }
}

extension TemporaryFolder {
    /// The path of a file with that secret, for `--turn-secret`.
    func relaySecret() throws -> String {
        let file = path + "/secret"
        try Data("north".utf8).write(to: URL(fileURLWithPath: file))
        return file
    }
}
