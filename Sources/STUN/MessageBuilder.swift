import CryptoPrimitives

/// Writes a STUN message, attribute by attribute, in the order of the calls.
public struct MessageBuilder {
    /// The message so far; its header always says the length that is there.
    public private(set) var bytes: [UInt8] = []
    public let transactionID: TransactionID

    /// A message without attributes.
    ///
    /// - Parameter capacity: the bytes to make room for at once.
    public init(_ type: MessageType, _ transactionID: TransactionID, capacity: Int = 160) {
        self.transactionID = transactionID
        bytes.reserveCapacity(capacity)
        bytes.append(uint16: type.rawValue)
        bytes.append(uint16: 0)
        bytes.append(uint32: Message.magicCookie)
        bytes.append(uint32: transactionID.high)
        bytes.append(uint64: transactionID.low)
    }

    /// An attribute with that value. The message as a whole holds at most 65,535 bytes of attributes.
    public mutating func append(_ type: AttributeType, _ value: [UInt8] = []) {
        header(type, length: value.count)
        bytes.append(contentsOf: value)
        pad()
    }

    /// An attribute with the value that is in that memory.
    public mutating func append(_ type: AttributeType, _ value: UnsafeRawBufferPointer) {
        header(type, length: value.count)
        bytes.append(contentsOf: value)
        pad()
    }

    /// An attribute that holds a number of 32 bits.
    public mutating func append(_ type: AttributeType, number: UInt32) {
        header(type, length: 4)
        bytes.append(uint32: number)
        pad()
    }

    /// An attribute that holds an address as it is (RFC 8489 §14.1).
    public mutating func append(_ type: AttributeType, address: TransportAddress) {
        header(type, length: address.valueLength)
        bytes.append(uint16: UInt16(address.family.rawValue))
        bytes.append(uint16: address.port)
        bytes.append(contentsOf: address.ip.bytes)
        pad()
    }

    /// An attribute that holds an address XORed (RFC 8489 §14.2).
    public mutating func append(_ type: AttributeType, xored address: TransportAddress) {
        append(type, address: address.xored(transactionID))
    }

    /// ERROR-CODE (RFC 8489 §14.8). The phrase is for people and may be empty.
    public mutating func append(_ error: ErrorCode, reason: String = "") {
        header(.errorCode, length: 4 + reason.utf8.count)
        bytes.append(uint32: UInt32(error.rawValue / 100) << 8 | UInt32(error.rawValue % 100))
        bytes.append(contentsOf: reason.utf8)
        pad()
    }

    /// UNKNOWN-ATTRIBUTES (RFC 8489 §14.9).
    public mutating func append(unknown types: [AttributeType]) {
        header(.unknownAttributes, length: 2 * types.count)
        for type in types { bytes.append(uint16: type.rawValue) }
        pad()
    }

    /// The code that protects everything before it (RFC 8489 §14.5 and §14.6).
    public mutating func append(_ integrity: IntegrityAlgorithm, key: Secret) {
        // The header counts this attribute already when the code is computed.
        header(integrity.attribute, length: integrity.length)
        setLength(adding: integrity.length)
        let covered = bytes.count - 4
        let code = bytes.withUnsafeBytes { bytes in
            integrity.code(key: key, bytes.slice(0..<covered), bytes.slice(covered..<covered))
        }
        bytes.append(contentsOf: code)
    }

    /// The checksum that tells STUN from other protocols (RFC 8489 §14.7): the last attribute of all.
    public mutating func appendFingerprint() {
        header(.fingerprint, length: 4)
        setLength(adding: 4)
        let covered = bytes.count - 4
        let checksum = bytes.withUnsafeBytes { bytes in Fingerprint.of(bytes.slice(0..<covered)) }
        bytes.append(uint32: checksum)
    }

    private mutating func header(_ type: AttributeType, length: Int) {
        precondition(
            bytes.count + length + 3 <= Message.headerLength + Int(UInt16.max), "a message's length has 16 bits")
        bytes.append(uint16: type.rawValue)
        bytes.append(uint16: UInt16(truncatingIfNeeded: length))
    }

    private mutating func pad() {
        while bytes.count & 3 != 0 { bytes.append(0) }
        setLength(adding: 0)
    }

    private mutating func setLength(adding pending: Int) {
        let length = bytes.count + pending - Message.headerLength
        bytes[2] = UInt8(truncatingIfNeeded: length >> 8)
        bytes[3] = UInt8(truncatingIfNeeded: length)
    }
}
