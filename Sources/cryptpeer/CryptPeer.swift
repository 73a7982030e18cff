import ArgumentParser

@main
struct CryptPeer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "cryptpeer")
}
