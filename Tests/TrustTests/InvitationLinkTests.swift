import CryptoPrimitives
import Testing
import Trust
import WireFormat

@Suite("Invitation links")
struct InvitationLinkTests {
    @Test("a link is 111 characters on localhost, and comes back from its text")
    func roundTrip() throws {
        let world = try World()
        let text = world.link.text
        #expect(text.count == 111)
        #expect(text.starts(with: ascii("https://localhost:8443/#")))
        let read = try InvitationLink(parsing: text)
        #expect(read == world.link)
        #expect(read.kind == .member && read.origin == "https://localhost:8443")
        #expect(read.authorityHash == world.authority.hash)
        #expect(try InvitationLink(parsing: ascii(" \t") + text + ascii("\r\n")) == world.link)
        let fragment = [UInt8](text.suffix(87))
        #expect(try InvitationLink(origin: "https://localhost:8443", fragment: fragment) == world.link)
    }

    @Test("the operator's link carries a claim token and pins no authority")
    func operatorClaim() throws {
        let link = try InvitationLink.operatorClaim(
            origin: "https://node.example:8443", random: Randomness(seed: ascii("claim")))
        let read = try InvitationLink(parsing: link.text)
        #expect(read == link && read.kind == .operatorClaim)
        #expect(read.authorityHash == [UInt8](repeating: 0, count: 32))
        #expect(read.keys.redemptionVerifier == HashAlgorithm.sha256.hash(link.keys.redemptionProof))
    }

    @Test(
        "hosts are names, addresses, in any case, with a port or without",
        arguments: [
            ("https://localhost", "https://localhost"), ("https://NODE.Example:443", "https://node.example:443"),
            ("https://192.168.1.7:8443", "https://192.168.1.7:8443"), ("https://[::1]:8443", "https://[::1]:8443"),
            ("https://[FE80::1]", "https://[fe80::1]"),
            ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ])
    func origins(given: String, read: String) throws {
        let payload = try fragment()
        #expect(try InvitationLink(parsing: ascii(given + "/#") + payload).origin == read)
        #expect(try InvitationLink(parsing: ascii(given + "#") + payload).origin == read)
    }

    @Test(
        "what is wrong with a link is said",
        arguments: [
            ("http://localhost/#PAYLOAD", LinkError.notHTTPS), ("", .notHTTPS), ("hello", .notHTTPS),
            ("ftp://x/#PAYLOAD", .notHTTPS), ("https:///#PAYLOAD", .badHost), ("https://#PAYLOAD", .badHost),
            ("https://a b/#PAYLOAD", .badHost), ("https://user@host/#PAYLOAD", .badHost),
            ("https://host/path/#PAYLOAD", .badHost), ("https://host/?q=1#PAYLOAD", .badHost),
            ("https://bücher.example/#PAYLOAD", .badHost), ("https://[::1/#PAYLOAD", .badHost),
            ("https://[]/#PAYLOAD", .badHost), ("https://[::1]x/#PAYLOAD", .badHost),
            ("https://host:/#PAYLOAD", .badPort), ("https://host:0/#PAYLOAD", .badPort),
            ("https://host:65536/#PAYLOAD", .badPort), ("https://host:08443/#PAYLOAD", .badPort),
            ("https://host:84a3/#PAYLOAD", .badPort), ("https://host:123456/#PAYLOAD", .badPort),
            ("https://host:1:2/#PAYLOAD", .badPort), ("https://host:8443/", .noFragment), ("https://host", .noFragment),
            ("https://host/#", .noFragment), ("https://host/#PAYLOAD.", .badCharacter),
            ("https://host/#PAYLOAD)", .badCharacter), ("https://host/#PAYLOAD=", .badCharacter),
            ("https://host/#PAYLOAD#", .badCharacter), ("https://host/#PAY LOAD", .badCharacter),
            ("https://host/#PAYLOADA", .wrongLength), ("https://host/#AAAA", .wrongLength),
        ])
    func errors(text: String, error: LinkError) throws {
        let payload = String(decoding: try fragment(), as: UTF8.self)
        #expect(throws: error) { try InvitationLink(parsing: ascii(text.replacing("PAYLOAD", with: payload))) }
    }

    @Test("a link that was not copied whole says so")
    func cut() throws {
        let text = try World().link.text
        for length in 25..<text.count {
            #expect(throws: LinkError.wrongLength) { try InvitationLink(parsing: [UInt8](text[..<length])) }
        }
        #expect(throws: LinkError.wrongLength) {
            try InvitationLink(parsing: text + [UInt8](repeating: 65, count: 5000))
        }
    }

    @Test("an unknown version, a hash where none belongs, and none where one belongs are refused")
    func versions() throws {
        let link = { (bytes: [UInt8]) throws in
            try InvitationLink(parsing: ascii("https://host/#") + Base64URL.encode(bytes))
        }
        let secret = [UInt8](repeating: 7, count: 32)
        let zero = [UInt8](repeating: 0, count: 32)
        #expect(try link([1] + secret + secret).kind == .member)
        #expect(try link([2] + secret + zero).kind == .operatorClaim)
        #expect(throws: LinkError.unknownVersion) { try link([0] + secret + secret) }
        #expect(throws: LinkError.unknownVersion) { try link([3] + secret + secret) }
        #expect(throws: LinkError.badAuthorityHash) { try link([1] + secret + zero) }
        #expect(throws: LinkError.badAuthorityHash) { try link([2] + secret + secret) }
        #expect(throws: LinkError.badAuthorityHash) {
            try InvitationLink.member(origin: "https://host", authorityHash: [1], random: Randomness(seed: []))
        }
        // The last character has two bits to spare: they are zero.
        var text = ascii("https://host/#") + Base64URL.encode([1] + secret + secret)
        text[text.count - 1] += 1
        #expect(throws: LinkError.badCharacter) { try InvitationLink(parsing: text) }
    }

    @Test("id, proof and signing key follow from secret and authority hash, and from nothing else")
    func derivation() throws {
        let world = try World()
        let keys = world.link.keys
        let prk = HKDF.extract(.sha512, salt: world.authority.hash, ikm: keys.secret)
        func expand(_ label: String, _ length: Int) -> [UInt8] {
            HKDF.expand(.sha512, prk: prk, info: ascii(label), length: length).exposed
        }
        #expect(keys.id.bytes == expand("CryptPeer invitation id 1", 16))
        #expect(keys.redemptionProof == expand("CryptPeer invitation redemption 1", 32))
        #expect(try keys.signingKey().seeds.exposed == expand("CryptPeer invitation signing 1", 64))
        let otherHash = InvitationKeys(secret: keys.secret, authorityHash: [UInt8](repeating: 1, count: 32))
        #expect(otherHash.id != keys.id && otherHash != keys)
    }

    private func fragment() throws -> [UInt8] {
        [UInt8](try World().link.text.suffix(87))
    }
}
