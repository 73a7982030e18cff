import ArgumentParser
import Glibc
import Node

@main
struct CryptPeer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cryptpeer",
        abstract: "A sovereign messenger's node: people write to each other from browser to browser, through nobody.",
        discussion: """
            One program, one folder of data, no other service. Start it, open the operator invitation that it prints in a \
            browser, and invite others from there. The node carries sealed messages; it cannot read them.

            EXAMPLES
              cryptpeer serve
                  A node on this machine, at https://localhost:8443, with its data in ./data.
              cryptpeer serve --data /var/lib/cryptpeer --host camp.local
                  One for everybody on a local network, reached as https://camp.local:8443.
              cryptpeer operator-invitation --data /var/lib/cryptpeer
                  Another operator invitation, while nobody has used the first.
              cryptpeer doctor https://camp.local:8443 --ca cryptpeer-ca.pem
                  What keeps people from reaching a node or calling through it, and how to mend it.
            """,
        version: Version.number,
        subcommands: [Serve.self, OperatorInvitationCommand.self, DoctorCommand.self])

    static func main() async {
        // A file that the node makes is its owner's alone.
        umask(0o077)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as StartError {
            Terminal.complain("cryptpeer: \(error)")
            Glibc.exit(1)
        } catch let code as ExitCode {
            // What there was to say has been said.
            Glibc.exit(code.rawValue)
        } catch {
            switch exitCode(for: error) {
            case .success:
                exit(withError: error)
            case .validationFailure:
                Terminal.complain("cryptpeer: \(message(for: error)): see `cryptpeer --help`")
                Glibc.exit(64)
            default:
                Terminal.complain("cryptpeer: the node stopped unexpectedly: start it again")
                Glibc.exit(1)
            }
        }
    }
}
