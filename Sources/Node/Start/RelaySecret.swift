import CryptoPrimitives

/// What the relay's credentials are made of, where no other program shares it: made at the first start and kept in the data
/// folder, where the doctor finds it.
enum RelaySecret {
    private static let length = 32

    /// The secret of the node in a folder, made if it is missing.
    static func kept(in folder: DataFolder) throws(StartError) -> [UInt8] {
        if let stored = try stored(in: folder) { return stored }
        // Hexadecimal: it may as well be given to others as their --turn-secret.
        let digits = Array("0123456789abcdef".utf8)
        let secret = Randomness.system().bytes(length).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        do throws(FileError) {
            try writeFile(folder.relayKey, secret)
        } catch {
            throw StartError(
                "The relay's secret cannot be written to \(folder.path) (\(error.reason))",
                advice: "see that there is room and that the user who runs the node may write there")
        }
        return secret
    }

    /// - Returns: nil if there is none yet.
    static func stored(in folder: DataFolder) throws(StartError) -> [UInt8]? {
        do throws(FileError) {
            let secret = try readFile(folder.relayKey)
            guard secret.count >= length else {
                throw FileError()
            }
            return secret
        } catch {
            guard error.isMissing else {
                throw StartError(
                    "The relay's secret \(folder.relayKey) cannot be used",
                    advice: "remove it to have a new one made; devices then ask for new credentials")
            }
            return nil
        }
    }
}
