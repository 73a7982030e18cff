import CryptoPrimitives

/// The key by which clients know the node: an Ed25519 seed, made at the first start and kept in the data folder.
struct NodeIdentity: Sendable {
    let seed: Secret
    /// 32 bytes.
    let publicKey: [UInt8]

    private static let seedLength = 32

    init(_ folder: DataFolder) throws(StartError) {
        let damaged = StartError(
            "The node's key \(folder.nodeKey) cannot be used",
            advice: "restore node.key from a backup: clients refuse a node with another key")
        var bytes: [UInt8]
        do throws(FileError) {
            bytes = try readFile(folder.nodeKey)
        } catch {
            guard error.isMissing, (try? readFile(folder.database)) == nil else { throw damaged }
            bytes = Randomness.system().bytes(Self.seedLength)
            do throws(FileError) {
                try writeFile(folder.nodeKey, bytes)
            } catch {
                throw StartError(
                    "The node's key cannot be written to \(folder.path) (\(error.reason))",
                    advice: "see that there is room and that the user who runs the node may write there")
            }
        }
        guard bytes.count == Self.seedLength else { throw damaged }
        seed = Secret(wiping: &bytes)
        do throws(CryptoError) {
            publicKey = try SignatureScheme.ed25519.publicKey(of: seed)
        } catch {
            throw damaged
        }
    }

    /// - Throws: nothing that can happen with a seed of the right length.
    func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
        try SignatureScheme.ed25519.sign(message, with: seed)
    }
}
