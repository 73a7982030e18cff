import CryptoPrimitives
import STUN
import Testing

@Suite("The STUN codec, at random")
struct PropertyTests {
    /// What a fuzzer would call: whatever the bytes are, they are refused or every question about them has an answer that
    /// stays inside them.
    @discardableResult
    private func examine(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            guard let message = try? Message(bytes) else { return false }
            var total = Message.headerLength
            for attribute in message.attributes {
                #expect(attribute.value.count + 4 <= bytes.count - Message.headerLength)
                total += 4 + (attribute.value.count + 3) & ~3
                _ = attribute.bytes.reduce(0, ^)
                _ = try? PasswordAlgorithm(attribute.value)
                _ = SecurityFeatures(nonce: attribute.value)
                _ = try? TransportAddress(mapped: attribute.value)
                _ = try? TransportAddress(xored: attribute.value, message.transactionID)
                _ = try? message.number(attribute.type)
            }
            #expect(total <= bytes.count)
            _ = try? message.errorCode()
            _ = try? message.unknownAttributes()
            _ = message.isProtected(by: .sha1, key: Vectors.password)
            _ = message.isProtected(by: .sha256, key: Vectors.password)
            _ = message.isFingerprintRight
            return true
        }
    }

    @Test("random bytes behind a right header are refused or read within their bounds")
    func randomBytes() {
        var numbers = Numbers(state: 1)
        var read = 0
        for _ in 0..<40_000 {
            var bytes = numbers.bytes(0...24)
            while bytes.count & 3 != 0 { bytes.append(0) }
            // Small lengths, so that some attributes fit.
            for index in stride(from: 2, to: bytes.count, by: 4) where numbers.next() % 4 != 0 { bytes[index] = 0 }
            var header = MessageBuilder(MessageType(rawValue: UInt16(numbers.next() % 0x4000)), Vectors.transaction)
                .bytes
            header[3] = UInt8(bytes.count)
            if examine(header + bytes) { read += 1 }
        }
        // Both outcomes must occur, or nothing was tested.
        #expect(read > 1_000)
        #expect(read < 39_000)
    }

    @Test("changed, cut and lengthened vectors are refused or read within their bounds")
    func changedVectors() {
        var numbers = Numbers(state: 2)
        let vectors = [
            Vectors.request, Vectors.ipv4Response, Vectors.ipv6Response, Vectors.longTerm, Vectors.longTermSHA256,
        ]
        var read = 0
        for _ in 0..<20_000 {
            var bytes = vectors[Int(numbers.next() % 5)]
            for _ in 0...Int(numbers.next() % 3) {
                let index = Int.random(in: bytes.indices, using: &numbers)
                switch numbers.next() % 8 {
                case 0: bytes.removeSubrange(index...)
                case 1: bytes.append(contentsOf: numbers.bytes(1...8))
                case 2: bytes.removeSubrange(index..<min(index + 4, bytes.count))
                default: bytes[index] = UInt8(truncatingIfNeeded: numbers.next())
                }
                if bytes.isEmpty { break }
            }
            // Half of them with a length that is right again, to come past the header.
            if bytes.count >= 20, Bool.random(using: &numbers) {
                bytes[2] = UInt8(truncatingIfNeeded: (bytes.count - 20) >> 8)
                bytes[3] = UInt8(truncatingIfNeeded: bytes.count - 20)
            }
            if examine(bytes) { read += 1 }
        }
        #expect(read > 1_000)
        #expect(read < 19_000)
    }

    @Test("what is built is read back: attributes in order, code and checksum right")
    func roundTrip() throws {
        var numbers = Numbers(state: 3)
        for _ in 0..<2_000 {
            let id = TransactionID(high: UInt32(truncatingIfNeeded: numbers.next()), low: numbers.next())
            let type = MessageType(rawValue: UInt16(numbers.next() % 0x4000))
            let key = Secret(numbers.bytes(1...70))
            var builder = MessageBuilder(type, id)
            var written: [(AttributeType, [UInt8])] = []
            for _ in 0..<Int(numbers.next() % 6) {
                // Types that protect nothing themselves.
                let attribute = AttributeType(rawValue: 0x4000 + UInt16(numbers.next() % 0x3000))
                let value = numbers.bytes(0...40)
                builder.append(attribute, value)
                written.append((attribute, value))
            }
            let algorithm: IntegrityAlgorithm? = [nil, .sha1, .sha256][Int(numbers.next() % 3)]
            if let algorithm { builder.append(algorithm, key: key) }
            let hasFingerprint = Bool.random(using: &numbers)
            if hasFingerprint { builder.appendFingerprint() }
            try withMessage(builder.bytes) { (message: Message) throws in
                #expect(message.type == type)
                #expect(message.transactionID == id)
                let read = message.attributes.map { ($0.type, $0.bytes) }
                #expect(read.map(\.0) == written.map(\.0) && read.map(\.1) == written.map(\.1))
                #expect(message.integrityAlgorithm == algorithm)
                if let algorithm { #expect(message.isProtected(by: algorithm, key: key)) }
                #expect(message.hasFingerprint == hasFingerprint && message.isFingerprintRight)
            }
        }
    }
}
