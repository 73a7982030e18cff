import CryptoPrimitives
import WireFormat

// A sealed record: version (1), then the record's key wrapped (nonce 12, key and tag 48), then the content (nonce 12,
// ciphertext and tag). Overwriting the wrapped key is deleting the record, however long the rest survives on the disk.
extension HSM {
    private static let recordVersion: UInt8 = 1
    private static let recordKeyLength = 32

    /// How much longer a sealed record is, in bytes.
    public static let sealedOverhead = 1 + 12 + 48 + 12 + 16

    /// Seals `record` under a random key of its own.
    ///
    /// - Parameter context: where the record is stored: it opens nowhere else, so that two records cannot be swapped.
    /// - Throws: ``HSMError/locked``.
    public func seal(record: [UInt8], context: [UInt8], random: Randomness) throws(HSMError) -> [UInt8] {
        let wrapping = try unlockedKeys().records
        let key = random.secret(Self.recordKeyLength)
        let wrapNonce = random.bytes(AEADAlgorithm.aes256GCM.nonceLength)
        let nonce = random.bytes(AEADAlgorithm.aes256GCM.nonceLength)
        var writer = WireWriter(capacity: record.count + Self.sealedOverhead)
        writer.write(Self.recordVersion)
        writer.write(fixed: wrapNonce)
        writer.write(
            fixed: try sealAES(
                key, key: wrapping, nonce: wrapNonce, aad: binding("CryptPeer record key 1", context)))
        writer.write(fixed: nonce)
        writer.write(
            fixed: try sealAES(record, key: key, nonce: nonce, aad: binding("CryptPeer record 1", context)))
        return writer.bytes
    }

    /// Opens what ``seal(record:context:random:)`` made under the same context.
    ///
    /// - Throws: ``HSMError/locked``, ``HSMError/notAuthentic``, ``HSMError/malformed(_:)``.
    public func open(record: [UInt8], context: [UInt8]) throws(HSMError) -> [UInt8] {
        let wrapping = try unlockedKeys().records
        let sealed = try parsing(record) { reader throws(WireError) in try SealedRecord(from: &reader) }
        var keyBytes = try openAES(
            sealed.wrappedKey, key: wrapping, nonce: sealed.wrapNonce, aad: binding("CryptPeer record key 1", context))
        let key = Secret(wiping: &keyBytes)
        return try openAES(
            sealed.ciphertext, key: key, nonce: sealed.nonce, aad: binding("CryptPeer record 1", context))
    }

    /// A keyed hash of `label`, 32 bytes: what to store a record under, so that a stored key says nothing.
    ///
    /// - Throws: ``HSMError/locked``.
    public func indexKey(_ label: [UInt8]) throws(HSMError) -> [UInt8] {
        HashAlgorithm.sha256.hmac(key: try unlockedKeys().index, label)
    }

    /// Additional data: what the ciphertext is, of which vault, stored where.
    func binding(_ purpose: StaticString, _ context: [UInt8]) -> [UInt8] {
        label(purpose) + vaultID + context
    }

    private struct SealedRecord {
        let wrapNonce: [UInt8]
        let wrappedKey: [UInt8]
        let nonce: [UInt8]
        let ciphertext: [UInt8]

        init(from reader: inout WireReader) throws(WireError) {
            guard try reader.readUInt8() == HSM.recordVersion else { throw .invalidValue }
            wrapNonce = try reader.readFixed(AEADAlgorithm.aes256GCM.nonceLength)
            wrappedKey = try reader.readFixed(HSM.recordKeyLength + AEADAlgorithm.aes256GCM.tagLength)
            nonce = try reader.readFixed(AEADAlgorithm.aes256GCM.nonceLength)
            guard reader.remaining >= AEADAlgorithm.aes256GCM.tagLength else { throw .truncated }
            ciphertext = reader.readRest()
        }
    }
}

/// Reads `bytes` with `body`, turning a ``WireError`` into an ``HSMError``.
func parsing<Value>(_ bytes: [UInt8], _ body: (inout WireReader) throws(WireError) -> Value) throws(HSMError) -> Value {
    do throws(WireError) {
        var reader = WireReader(bytes)
        let value = try body(&reader)
        try reader.finish()
        return value
    } catch {
        throw .malformed(error)
    }
}
