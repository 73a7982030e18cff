import ArgumentParser
import Node

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at a node from outside in, and say what to mend.",
        discussion: """
            Best run from where members are: on another network. Looks at HTTPS and its certificate, the clock, the relay over \
            UDP, TCP and TLS, and the address that it announces. Each line is ok, warn or fail. The exit status is 1 if \
            anything failed.

            EXAMPLES
              cryptpeer doctor https://chat.example.org
                  A node with a certificate that this machine trusts.
              cryptpeer doctor https://camp.local:8443 --ca cryptpeer-ca.pem
                  One with an authority of its own: the file is what /ca.pem of the node gives.
              cryptpeer doctor --data /var/lib/cryptpeer
                  The node of this machine, an allocation at its relay included.
            """)

    @Argument(help: ArgumentHelp("The node, as https://HOST:PORT. By default the one of --data.", valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("The data folder of the node, if it is this machine's.", valueName: "dir"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "The authority to trust, PEM. By default that of --data, or those that this machine trusts.",
            valueName: "file"))
    var ca: String?

    @Option(
        help: ArgumentHelp(
            "The node's --tls-cert, to see whether it is the certificate that the node shows.", valueName: "file"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("The node's --turn-secret, to try an allocation with.", valueName: "file"))
    var turnSecret: String?

    @Option(help: ArgumentHelp("The node's --turn-port; 0 if it has no relay.", valueName: "port"))
    var turnPort = 3478

    func validate() throws {
        guard (0...65_535).contains(turnPort) else {
            throw ValidationError("--turn-port takes a number from 0 to 65535")
        }
        guard url != nil || data != nil else {
            throw ValidationError("give the node's address, https://HOST:PORT, or --data")
        }
    }

    func run() async throws {
        let doctor = try await Doctor(
            origin: url, data: data, authority: ca, certificate: tlsCert,
            secret: try turnSecret.map { try RelayConfiguration.secret(inFile: $0) }, relayPort: turnPort)
        let isWell = await doctor.run { finding in
            let standing = finding.standing.rawValue
            Terminal.say(standing + String(repeating: " ", count: 6 - standing.count) + finding.sentence)
        }
        if !isWell { throw ExitCode(1) }
    }
}
