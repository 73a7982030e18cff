import CryptoPrimitives
import SFrame

extension CryptoVectorChecks {
    /// expectation, KID, CTR (8 bytes each), header.
    static func sframeHeader(_ reader: inout CaseReader) throws(VectorFailure) {
        let expectation = try reader.expectation()
        let keyID = number(try reader.bytes())
        let counter = number(try reader.bytes())
        let encoded = try reader.bytes()
        guard expectation == .valid else {
            return try expect(SFrameHeader.parse(encoded) == nil, "a malformed header is read")
        }
        let header = SFrameHeader(keyID: keyID, counter: counter)
        try expectEqual(header.encoded, encoded, "another header")
        // Whatever follows is not the header's.
        guard let (parsed, length) = SFrameHeader.parse(encoded + [0xA5]) else {
            throw VectorFailure("the header is refused")
        }
        try expect(parsed == header && length == encoded.count, "the header reads as another")
        for end in 0..<encoded.count {
            try expect(SFrameHeader.parse(encoded[..<end]) == nil, "a header that was cut off is read")
        }
    }

    /// suite, KID, CTR (8 bytes each), base key, metadata, frame, SFrame ciphertext.
    static func sframe(_ reader: inout CaseReader) throws(VectorFailure) {
        guard let suite = SFrameSuite(rawValue: try reader.uint16()) else { throw VectorFailure("an unknown suite") }
        let keyID = number(try reader.bytes())
        let counter = number(try reader.bytes())
        let baseKey = try reader.secret()
        let metadata = try reader.bytes()
        let frame = try reader.bytes()
        let ciphertext = try reader.bytes()
        do throws(SFrameError) {
            var sender = try SFrameSender(keyID: keyID, baseKey: baseKey, suite: suite)
            // A sender counts by itself: the vector's frame comes after so many others.
            while sender.counter < counter { _ = try sender.seal([]) }
            var receiver = SFrameReceiver(suite: suite)
            try receiver.add(keyID: keyID, baseKey: baseKey)
            let (sealed, opened) = (
                try sender.seal(frame, metadata: metadata), try receiver.open(ciphertext, metadata: metadata)
            )
            do throws(VectorFailure) {
                try expectEqual(sealed, ciphertext, "sealing gives another ciphertext")
                try expectEqual(opened, frame, "opening gives another frame")
            } catch {
                throw .internalFailure
            }
        } catch {
            throw VectorFailure("sealing or opening gives something else, or is refused")
        }
    }

    private static func number(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
