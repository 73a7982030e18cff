import CryptoPrimitives
import STUN
import Testing

/// RFC 5769, and RFC 8489 appendix B.1 with the length that erratum 6268 gives it.
enum Vectors {
    static let password = Secret(Array("VOkJxbRl1RmTxUk/WvJxBt".utf8))

    /// RFC 5769 §2.1
    static let request = hex(
        """
        00010058 2112a442 b7e7a701 bc34d686 fa87dfae
        80220010 5354554e 20746573 7420636c 69656e74
        00240004 6e0001ff
        80290008 932ff9b1 51263b36
        00060009 6576746a 3a683676 59202020
        00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
        80280004 e57a3bcf
        """)

    /// RFC 5769 §2.2
    static let ipv4Response = hex(
        """
        0101003c 2112a442 b7e7a701 bc34d686 fa87dfae
        8022000b 74657374 20766563 746f7220
        00200008 0001a147 e112a643
        00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
        80280004 c07d4c96
        """)

    /// RFC 5769 §2.3
    static let ipv6Response = hex(
        """
        01010048 2112a442 b7e7a701 bc34d686 fa87dfae
        8022000b 74657374 20766563 746f7220
        00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9
        00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41
        80280004 c8fb0b4c
        """)

    /// RFC 5769 §2.4
    static let longTerm = hex(
        """
        00010060 2112a442 78ad3433 c6ad72c0 29da412e
        00060012 e3839ee3 8388e383 aae38383 e382afe3 82b90000
        0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 36347341
        0014000b 6578616d 706c652e 6f726700
        00080014 f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666
        """)

    /// RFC 8489 §B.1
    static let longTermSHA256 = hex(
        """
        00010090 2112a442 78ad3433 c6ad72c0 29da412e
        001e0020 4a3cf38f ef6992bd a952c678 0417da0f 24819415 569e60b2 05c46e41 407f1704
        00150029 6f624d61 744a6f73 32414141 43662f2f 3439396b 39353464 364f4c33 346f4c39 46535476 79363473 41000000
        0014000b 6578616d 706c652e 6f726700
        001d0004 00020000
        001c0020 b5c7bf00 5b6c52a2 1c51c5e8 92f81924 136296cb 927c4314 9309278c c6518e65
        """)

    static let username = Array("\u{30DE}\u{30C8}\u{30EA}\u{30C3}\u{30AF}\u{30B9}".utf8)
    static let realm = Array("example.org".utf8)
    /// After OpaqueString.
    static let longTermPassword = Secret(Array("TheMatrIX".utf8))
    static let transaction = TransactionID(high: 0xb7e7_a701, low: 0xbc34_d686_fa87_dfae)
    static let longTermTransaction = TransactionID(high: 0x78ad_3433, low: 0xc6ad_72c0_29da_412e)
}

@Suite("The RFCs' vectors")
struct VectorTests {
    @Test("RFC 5769 §2.1: a request is read, and its code and checksum hold")
    func request() throws {
        try withMessage(Vectors.request) { (message: Message) throws in
            #expect(message.type == MessageType(.binding, .request))
            #expect(message.transactionID == Vectors.transaction)
            #expect(message.first(.software).map { [UInt8]($0) } == Array("STUN test client".utf8))
            #expect(message.first(.username).map { [UInt8]($0) } == Array("evtj:h6vY".utf8))
            #expect(message.attributes.map(\.type.rawValue) == [0x8022, 0x0024, 0x8029, 0x0006])
            #expect(message.integrityAlgorithm == .sha1)
            #expect(message.isProtected(by: .sha1, key: Vectors.password))
            #expect(!message.isProtected(by: .sha1, key: Secret([1])))
            #expect(!message.isProtected(by: .sha256, key: Vectors.password))
            #expect(message.hasFingerprint)
            #expect(message.isFingerprintRight)
        }
    }

    @Test("RFC 5769 §2.2: the IPv4 response is read and is built byte for byte but for its padding")
    func ipv4Response() throws {
        let address = TransportAddress(IPAddress(192, 0, 2, 1), port: 32853)
        try withMessage(Vectors.ipv4Response) { (message: Message) throws in
            #expect(message.type == MessageType(.binding, .success))
            #expect(try message.xorAddress(.xorMappedAddress) == address)
            #expect(message.isProtected(by: .sha1, key: Vectors.password))
            #expect(message.isFingerprintRight)
        }
        try expectRebuilt(Vectors.ipv4Response, address)
    }

    @Test("RFC 5769 §2.3: the IPv6 response is read and is built byte for byte but for its padding")
    func ipv6Response() throws {
        let ip = IPAddress(ipv6High: 0x2001_0db8_1234_5678, low: 0x0011_2233_4455_6677)
        let address = TransportAddress(ip, port: 32853)
        try withMessage(Vectors.ipv6Response) { (message: Message) throws in
            #expect(try message.xorAddress(.xorMappedAddress) == address)
            #expect(message.isProtected(by: .sha1, key: Vectors.password))
            #expect(message.isFingerprintRight)
        }
        try expectRebuilt(Vectors.ipv6Response, address)
    }

    /// The RFC pads with a space where the builder pads with zero: everything before the code must be the same otherwise,
    /// and the code and checksum of our own bytes must hold.
    private func expectRebuilt(_ vector: [UInt8], _ address: TransportAddress) throws {
        var builder = MessageBuilder(MessageType(.binding, .success), Vectors.transaction)
        builder.append(.software, Array("test vector".utf8))
        builder.append(.xorMappedAddress, xored: address)
        builder.append(.sha1, key: Vectors.password)
        builder.appendFingerprint()
        var expected = vector
        expected[35] = 0
        #expect(builder.bytes.count == vector.count)
        #expect(builder.bytes.dropLast(28) == expected.dropLast(28))
        try withMessage(builder.bytes) { (message: Message) throws in
            #expect(message.isProtected(by: .sha1, key: Vectors.password))
            #expect(message.isFingerprintRight)
        }
    }

    @Test("RFC 5769 §2.4: the long-term request is built byte for byte")
    func longTerm() throws {
        let key = PasswordAlgorithm.md5.key(
            username: Vectors.username, realm: Vectors.realm, password: Vectors.longTermPassword)
        try withMessage(Vectors.longTerm) { (message: Message) throws in
            #expect(message.isProtected(by: .sha1, key: key))
            #expect(!message.hasFingerprint)
        }
        var builder = MessageBuilder(MessageType(.binding, .request), Vectors.longTermTransaction)
        builder.append(.username, Vectors.username)
        builder.append(.nonce, Array("f//499k954d6OL34oL9FSTvy64sA".utf8))
        builder.append(.realm, Vectors.realm)
        builder.append(.sha1, key: key)
        #expect(builder.bytes == Vectors.longTerm)
    }

    @Test("RFC 8489 §B.1: the request with USERHASH and MESSAGE-INTEGRITY-SHA256 is built byte for byte")
    func longTermSHA256() throws {
        let key = PasswordAlgorithm.sha256.key(
            username: Vectors.username, realm: Vectors.realm, password: Vectors.longTermPassword)
        let nonce = Array("obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA".utf8)
        let userhash = Userhash.of(username: Vectors.username, realm: Vectors.realm)
        try withMessage(Vectors.longTermSHA256) { (message: Message) throws in
            #expect(message.integrityAlgorithm == .sha256)
            #expect(message.isProtected(by: .sha256, key: key))
            #expect(message.first(.userhash).map { [UInt8]($0) } == userhash)
            #expect(try message.first(.passwordAlgorithm).map { try PasswordAlgorithm($0) } == .sha256)
            // Its cookie sets the lowest bit of 24, which says nothing yet.
            let features = message.first(.nonce).flatMap { SecurityFeatures(nonce: $0) }
            #expect(features == SecurityFeatures(rawValue: 2))
            #expect(features?.contains(.passwordAlgorithms) == false)
        }
        var builder = MessageBuilder(MessageType(.binding, .request), Vectors.longTermTransaction)
        builder.append(.userhash, userhash)
        builder.append(.nonce, nonce)
        builder.append(.realm, Vectors.realm)
        builder.append(.passwordAlgorithm, PasswordAlgorithm.sha256.bytes)
        builder.append(.sha256, key: key)
        #expect(builder.bytes == Vectors.longTermSHA256)
    }

    @Test("RFC 1321 §A.5 and RFC 2202 §3: MD5, SHA-1 and HMAC over them")
    func legacyHashes() {
        #expect(LegacyHash.md5.hash([]) == hex("d41d8cd98f00b204e9800998ecf8427e"))
        #expect(LegacyHash.md5.hash(Array("message digest".utf8)) == hex("f96b697d7cb7938d525a2f31aaf161d0"))
        #expect(LegacyHash.sha1.hash(Array("abc".utf8)) == hex("a9993e364706816aba3e25717850c26c9cd0d89d"))
        let text = Array("what do ya want for nothing?".utf8)
        for cut in 0...text.count {
            text.withUnsafeBytes { text in
                let first = UnsafeRawBufferPointer(rebasing: text[..<cut])
                let second = UnsafeRawBufferPointer(rebasing: text[cut...])
                let key = Secret(Array("Jefe".utf8))
                #expect(LegacyHash.md5.hmac(key: key, first, second) == hex("750c783e6ab0b503eaa86e310a5db738"))
                #expect(
                    LegacyHash.sha1.hmac(key: key, first, second) == hex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"))
                #expect(
                    HashAlgorithm.sha256.hmac(key: key, first, second)
                        == HashAlgorithm.sha256.hmac(key: key, [UInt8](text)))
            }
        }
    }
}
