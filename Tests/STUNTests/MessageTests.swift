import CryptoPrimitives
import STUN
import Testing

@Suite("STUN messages")
struct MessageTests {
    let id = TransactionID(high: 1, low: 2)

    private func refusal(_ bytes: [UInt8]) -> STUNError? {
        bytes.withUnsafeBytes { bytes in
            do throws(STUNError) {
                _ = try Message(bytes)
                return nil
            } catch {
                return error
            }
        }
    }

    @Test("method and class are woven into the type as RFC 8489 figure 3 says")
    func types() {
        #expect(MessageType(.binding, .request).rawValue == 0x0001)
        #expect(MessageType(.binding, .indication).rawValue == 0x0011)
        #expect(MessageType(.binding, .success).rawValue == 0x0101)
        #expect(MessageType(.binding, .failure).rawValue == 0x0111)
        #expect(MessageType(Method(rawValue: 0xFFF), .failure).rawValue == 0x3FFF)
        for raw in UInt16(0)..<0x4000 { #expect(MessageType(rawValue: raw).rawValue == raw) }
    }

    @Test("what is not STUN is told by its first bytes")
    func otherProtocols() {
        let binding = MessageBuilder(MessageType(.binding, .request), id).bytes
        #expect(refusal(binding) == nil)
        #expect(refusal([]) == .notSTUN)
        #expect(refusal(Array(binding.dropLast())) == .notSTUN)
        for index in 4..<8 {
            var bytes = binding
            bytes[index] ^= 1
            #expect(refusal(bytes) == .notSTUN)
        }
        for first in [UInt8(0x40), 0x80, 0xFF] {
            var bytes = binding
            bytes[0] = first
            #expect(refusal(bytes) == .notSTUN)
        }
    }

    @Test("a length that is not the datagram's, or no multiple of four, is refused")
    func lengths() {
        var builder = MessageBuilder(MessageType(.binding, .request), id)
        builder.append(.software, [1, 2, 3])
        let bytes = builder.bytes
        #expect(bytes.count == 28)
        #expect(refusal(bytes) == nil)
        #expect(refusal(bytes + [0, 0, 0, 0]) == .wrongLength)
        #expect(refusal(Array(bytes.dropLast(4))) == .wrongLength)
        var odd = bytes
        odd[3] = 7
        #expect(refusal(odd) == .notSTUN)
    }

    @Test("an attribute that reaches beyond the message is refused")
    func attributeBounds() {
        for length in [UInt16(5), 8, 0x7FFF, 0xFFFD, 0xFFFF] {
            var builder = MessageBuilder(MessageType(.binding, .request), id)
            builder.append(.software, [1, 2, 3, 4])
            var bytes = builder.bytes
            bytes[22] = UInt8(length >> 8)
            bytes[23] = UInt8(length & 0xFF)
            #expect(refusal(bytes) == .truncatedAttribute)
        }
    }

    @Test("codes and checksums of another length, or a FINGERPRINT that is not last, are refused")
    func protectionLengths() {
        func message(_ type: AttributeType, _ length: Int, then more: Bool = false) -> [UInt8] {
            var builder = MessageBuilder(MessageType(.binding, .request), id)
            builder.append(type, [UInt8](repeating: 0, count: length))
            if more { builder.append(.software, []) }
            return builder.bytes
        }
        for length in [0, 19, 21, 24] { #expect(refusal(message(.messageIntegrity, length)) == .malformedAttribute) }
        for length in [0, 12, 18, 36] {
            #expect(refusal(message(.messageIntegritySHA256, length)) == .malformedAttribute)
        }
        for length in [0, 3, 5, 8] { #expect(refusal(message(.fingerprint, length)) == .malformedAttribute) }
        #expect(refusal(message(.fingerprint, 4)) == nil)
        #expect(refusal(message(.fingerprint, 4, then: true)) == .malformedAttribute)
    }

    @Test("what follows the code is ignored, but for the stronger code and the checksum")
    func afterIntegrity() throws {
        let key = Secret([1, 2, 3])
        var builder = MessageBuilder(MessageType(.binding, .request), id)
        builder.append(.username, [1])
        builder.append(.sha1, key: key)
        builder.append(.realm, [2])
        builder.append(.sha256, key: key)
        builder.append(.nonce, [3])
        builder.append(.sha1, key: Secret([9]))
        builder.appendFingerprint()
        try withMessage(builder.bytes) { (message: Message) throws in
            #expect(message.attributes.map(\.type) == [.username])
            #expect(message.first(.realm) == nil)
            #expect(message.first(.nonce) == nil)
            #expect(message.integrityAlgorithm == .sha256)
            #expect(message.isProtected(by: .sha256, key: key))
            #expect(message.isProtected(by: .sha1, key: key))
            #expect(message.isFingerprintRight)
        }
    }

    @Test("a shortened SHA-256 code protects nothing")
    func shortenedCode() throws {
        let key = Secret([1, 2, 3])
        var whole = MessageBuilder(MessageType(.binding, .request), id)
        whole.append(.sha256, key: key)
        var bytes = Array(whole.bytes.prefix(20 + 4 + 16))
        bytes[3] = 20
        bytes[23] = 16
        // Under the shorter length the code is another one, and would be right.
        let code = bytes.withUnsafeBytes { bytes in
            HashAlgorithm.sha256.hmac(
                key: key, UnsafeRawBufferPointer(rebasing: bytes[..<20]), UnsafeRawBufferPointer(rebasing: bytes[..<0]))
        }
        bytes.replaceSubrange(24..., with: code[..<16])
        try withMessage(bytes) { (message: Message) throws in #expect(!message.isProtected(by: .sha256, key: key)) }
    }

    @Test("each changed bit of a protected message breaks its code or its checksum")
    func changedBits() throws {
        for index in 0..<Vectors.request.count * 8 {
            var bytes = Vectors.request
            bytes[index / 8] ^= 1 << UInt8(index % 8)
            let isSound =
                (try? withMessage(bytes) { (message: Message) throws in
                    message.isProtected(by: .sha1, key: Vectors.password) && message.isFingerprintRight
                        && message.hasFingerprint
                }) ?? false
            #expect(!isSound)
        }
    }

    @Test("addresses with an unknown family or a wrong length are refused", arguments: [0, 3, 4, 7, 9, 12, 19, 21])
    func malformedAddresses(_ length: Int) throws {
        var value = [UInt8](repeating: 1, count: length)
        for family in [UInt8(0), 1, 2, 3] {
            if length > 1 { value[1] = family }
            var builder = MessageBuilder(MessageType(.binding, .success), id)
            builder.append(.xorMappedAddress, value)
            builder.append(.alternateServer, value)
            try withMessage(builder.bytes) { (message: Message) throws in
                #expect(throws: STUNError.malformedAttribute) { try message.xorAddress(.xorMappedAddress) }
                #expect(throws: STUNError.malformedAttribute) { try message.address(.alternateServer) }
            }
        }
    }

    @Test("addresses come back as they were written")
    func addresses() throws {
        let addresses = [
            TransportAddress(IPAddress(255, 0, 1, 2), port: 0),
            TransportAddress(IPAddress(ipv6High: 0xFE80_0000_0000_0001, low: 0xFFFF_FFFF_0000_0001), port: 65535),
        ]
        for address in addresses {
            var builder = MessageBuilder(MessageType(.binding, .success), TransactionID(high: .max, low: 0x0123_4567))
            builder.append(.xorMappedAddress, xored: address)
            builder.append(.alternateServer, address: address)
            try withMessage(builder.bytes) { (message: Message) throws in
                #expect(try message.xorAddress(.xorMappedAddress) == address)
                #expect(try message.address(.alternateServer) == address)
                #expect(try message.address(.mappedAddress) == nil)
                // The value written in place is the same one.
                var value = [UInt8](repeating: 0, count: address.valueLength)
                value.withUnsafeMutableBytes { address.writeXORed(message.transactionID, to: $0) }
                #expect(message.first(.xorMappedAddress).map { [UInt8]($0) } == value)
            }
            #expect(address.ip.bytes.withUnsafeBytes { IPAddress($0) } == address.ip)
        }
        #expect([UInt8](repeating: 0, count: 5).withUnsafeBytes { IPAddress($0) } == nil)
    }

    @Test("error codes, numbers and lists of attributes are read, and refused where they are none")
    func values() throws {
        var builder = MessageBuilder(MessageType(.binding, .failure), id)
        builder.append(.unknownAttribute, reason: "no")
        builder.append(unknown: [.realm, AttributeType(rawValue: 0x7777)])
        builder.append(AttributeType(rawValue: 0x000D), number: 600)
        try withMessage(builder.bytes) { (message: Message) throws in
            #expect(try message.errorCode() == .unknownAttribute)
            #expect(try message.unknownAttributes() == [.realm, AttributeType(rawValue: 0x7777)])
            #expect(try message.number(AttributeType(rawValue: 0x000D)) == 600)
            #expect(throws: STUNError.malformedAttribute) { try message.number(.errorCode) }
        }
        for value: [UInt8] in [[], [0, 0, 4], [0, 0, 2, 1], [0, 0, 7, 1], [0, 0, 4, 100]] {
            var builder = MessageBuilder(MessageType(.binding, .failure), id)
            builder.append(.errorCode, value)
            builder.append(.unknownAttributes, [1, 2, 3])
            try withMessage(builder.bytes) { (message: Message) throws in
                #expect(throws: STUNError.malformedAttribute) { try message.errorCode() }
                #expect(throws: STUNError.malformedAttribute) { try message.unknownAttributes() }
            }
        }
    }

    @Test("a nonce says which security features its server has")
    func nonceCookie() {
        func features(_ nonce: String) -> SecurityFeatures? {
            Array(nonce.utf8).withUnsafeBytes { SecurityFeatures(nonce: $0) }
        }
        #expect(SecurityFeatures.passwordAlgorithms.noncePrefix == Array("obMatJos2gAAA".utf8))
        #expect(SecurityFeatures.usernameAnonymity.noncePrefix == Array("obMatJos2QAAA".utf8))
        #expect(features("obMatJos2gAAAadl7W7PeDU4hKE72jda") == .passwordAlgorithms)
        #expect(features("obMatJos2wAAA") == [.passwordAlgorithms, .usernameAnonymity])
        #expect(features("obMatJos2AAAA") == [])
        #expect(features("obMatJos2gAA") == nil)
        #expect(features("obMatJos3gAAA") == nil)
        #expect(features("obMatJos2g:AA") == nil)
        #expect(SecurityFeatures.passwordAlgorithms.noncePrefix.count == SecurityFeatures.noncePrefixLength)
    }

    @Test("a password algorithm is one of two, without parameters")
    func passwordAlgorithms() {
        func read(_ bytes: [UInt8]) -> PasswordAlgorithm? { bytes.withUnsafeBytes { try? PasswordAlgorithm($0) } }
        for algorithm in [PasswordAlgorithm.md5, .sha256] { #expect(read(algorithm.bytes) == algorithm) }
        for bytes: [UInt8] in [[], [0, 0, 0, 0], [0, 3, 0, 0], [0, 1, 0, 4, 1, 2, 3, 4], [0, 1, 0, 1], [0, 1]] {
            #expect(read(bytes) == nil)
        }
    }
}
