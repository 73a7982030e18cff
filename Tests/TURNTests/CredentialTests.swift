import CryptoPrimitives
import STUN
import TURN
import Testing

@Suite("Time-limited credentials")
struct CredentialTests {
    let credentials = TimeLimitedCredentials(secret: Secret(Array("north".utf8)), realm: Site.realm)

    @Test("the password is what other tools make of the same secret")
    func convention() throws {
        // printf '1700000000:alice' | openssl dgst -sha1 -hmac north -binary | base64, and -sha256.
        let username = Array("1700000000:alice".utf8)
        let known = try #require(
            credentials.credential(username: username, isContinuing: false, unixTime: 1_699_999_999))
        let passwords = known.passwords.map { String(decoding: $0.exposed, as: UTF8.self) }
        #expect(passwords == ["Cd/49soE35ICqcJF/bCTn8Z4OyE=", "EuME0Xh0HllnbpbObfs8aBsd78Vr1EMwxArqbyCrGl8="])
        #expect(known.subject == Array("alice".utf8))
    }

    @Test("it ends in its second; what was allocated can be kept for a while")
    func end() {
        let username = Array("1700000000:alice".utf8)
        func isKnown(_ time: UInt64, continuing: Bool = false) -> Bool {
            credentials.credential(username: username, isContinuing: continuing, unixTime: time) != nil
        }
        #expect(isKnown(1_699_999_999))
        #expect(!isKnown(1_700_000_000))
        #expect(isKnown(1_700_000_000 + 43_199, continuing: true))
        #expect(!isKnown(1_700_000_000 + 43_200, continuing: true))
    }

    @Test("one that was issued belongs to its subject and is known by its hash, until it has ended for good")
    func issued() {
        let (username, password) = credentials.issue(
            user: Array("random".utf8), subject: Array("device 7".utf8), seconds: 3_600, unixTime: Site.start)
        #expect(username == Array("1700003600:random".utf8))
        let known = credentials.credential(username: username, isContinuing: false, unixTime: Site.start)
        #expect(known?.subject == Array("device 7".utf8))
        #expect(known?.passwords.first?.exposed == password)
        let hash = Userhash.of(username: username, realm: Site.realm)
        #expect(credentials.username(ofUserhash: hash) == username)
        #expect(credentials.username(ofUserhash: [UInt8](repeating: 0, count: 32)) == nil)
        // Forgotten when the next one is issued after its end.
        _ = credentials.issue(user: [0x62], subject: [], seconds: 1, unixTime: Site.start + 3_600 + 43_200)
        #expect(credentials.username(ofUserhash: hash) == nil)
    }

    @Test("no more are remembered than the capacity; the others are recognised by the secret")
    func capacity() {
        let few = TimeLimitedCredentials(secret: Secret([1]), realm: Site.realm, capacity: 10)
        let names = (0..<30).map { index in
            few.issue(user: Array("\(index)".utf8), subject: [7], seconds: 100, unixTime: Site.start).username
        }
        let remembered = names.filter { few.username(ofUserhash: Userhash.of(username: $0, realm: Site.realm)) != nil }
        #expect(remembered == Array(names.suffix(10)))
        for name in names {
            #expect(few.credential(username: name, isContinuing: false, unixTime: Site.start) != nil)
        }
    }

    @Test("what an issuer gave before it started again is refused; what others made of the same secret is not")
    func issuer() {
        let secret = Secret(Array("north".utf8))
        func server(_ issuer: String?) -> TimeLimitedCredentials {
            TimeLimitedCredentials(secret: secret, realm: Site.realm, issuer: issuer.map { Array($0.utf8) })
        }
        func isKnown(_ username: [UInt8], to server: TimeLimitedCredentials, continuing: Bool = false) -> Bool {
            server.credential(username: username, isContinuing: continuing, unixTime: Site.start) != nil
        }
        let south = server("south")
        let issue: (TimeLimitedCredentials) -> [UInt8] = {
            $0.issue(user: Array("0123456789abcdef".utf8), subject: [7], seconds: 3_600, unixTime: Site.start).username
        }
        let username = issue(south)
        #expect(username.count == 10 + 1 + 32)
        #expect(isKnown(username, to: south))
        for continuing in [false, true] { #expect(!isKnown(username, to: server("south"), continuing: continuing)) }
        // Whoever shares the secret makes credentials for it, and it for them.
        #expect(isKnown(username, to: server("west")))
        #expect(isKnown(username, to: server(nil)))
        #expect(isKnown(issue(server("west")), to: server("south")))
        for user in ["alice", "", "0123456789abcdef", "0123456789abcdef0123456789abcdef"] {
            #expect(isKnown(Array("1700003600:\(user)".utf8), to: server("south")))
        }
    }

    @Test("while one secret takes another's place both are right; new credentials are made with the first")
    func twoSecrets() {
        let (old, new) = (Secret(Array("north".utf8)), Secret(Array("south".utf8)))
        func make(_ secret: Secret, _ others: [Secret] = [], issuer: String? = nil) -> TimeLimitedCredentials {
            TimeLimitedCredentials(
                secret: secret, others: others, realm: Site.realm, issuer: issuer.map { Array($0.utf8) })
        }
        func issue(_ server: TimeLimitedCredentials) -> (username: [UInt8], password: [UInt8]) {
            server.issue(
                user: Array("0123456789abcdef".utf8), subject: [7], seconds: 3_600, unixTime: Site.start)
        }
        func accepts(_ issued: (username: [UInt8], password: [UInt8]), _ server: TimeLimitedCredentials) -> Bool {
            let known = server.credential(username: issued.username, isContinuing: false, unixTime: Site.start)
            return known?.passwords.contains { $0.withUnsafeBytes { $0.elementsEqual(issued.password) } } == true
        }
        let server = make(new, [old], issuer: "here")
        #expect(accepts(issue(make(old)), server))
        #expect(accepts(issue(make(new)), server))
        #expect(!accepts(issue(make(Secret(Array("west".utf8)))), server))
        #expect(accepts(issue(server), make(new)))
        #expect(!accepts(issue(server), make(old)))
        // What it gave itself before it started again is refused, under whichever secret that was.
        let restarted = make(new, [old], issuer: "here")
        #expect(!accepts(issue(make(old, issuer: "here")), restarted))
        #expect(!accepts(issue(make(new, issuer: "here")), restarted))
        #expect(accepts(issue(make(old, issuer: "there")), restarted))
    }

    @Test("what was withdrawn is refused; another subject's is not, nor what is issued later")
    func withdrawal() {
        let issue: ([UInt8], String) -> [UInt8] = { subject, user in
            credentials.issue(user: Array(user.utf8), subject: subject, seconds: 60, unixTime: Site.start).username
        }
        let withdrawn = [issue([7], "a"), issue([7], "b")]
        let other = issue([8], "c")
        credentials.withdraw(subject: [7])
        func isKnown(_ username: [UInt8], continuing: Bool = false) -> Bool {
            credentials.credential(username: username, isContinuing: continuing, unixTime: Site.start) != nil
        }
        for username in withdrawn {
            #expect(!isKnown(username))
            #expect(!isKnown(username, continuing: true))
        }
        #expect(isKnown(other))
        #expect(isKnown(issue([7], "d")))
    }

    @Test("what an allocation was made with continues it, and its password is derived once")
    func continuation() {
        let counts = DerivationCount()
        let site = Site(counting: counts)
        let client = Client(site)
        #expect(client.allocate()?.isSuccess == true)
        #expect(counts.derived == 1)
        for _ in 0..<3 { #expect(client.refresh()?.isSuccess == true) }
        #expect(client.bind(0x4000, TransportAddress(IPAddress(192, 0, 2, 10), port: 7_000))?.isSuccess == true)
        #expect(counts.derived == 1)
        // Another code is looked at with all that could be right, and refused.
        var forged = client.request(.refresh)
        forged[forged.count - 1] ^= 1
        #expect(site.answer(forged, from: client.path)?.error == .unauthenticated)
        #expect(counts.derived == 3)
        // The same password makes another key under another algorithm.
        client.algorithm = .sha256
        #expect(client.refresh()?.isSuccess == true)
        #expect(counts.derived == 4)
        // Whose right was taken back has lost the key's, too.
        site.credentials.withdraw(subject: Array("alice".utf8))
        #expect(client.refresh()?.error == .unauthenticated)
        client.algorithm = nil
        #expect(client.refresh()?.error == .unauthenticated)
        #expect(counts.derived == 4)
    }

    @Test("a key ends with its allocation")
    func keyEnds() {
        let counts = DerivationCount()
        let site = Site(counting: counts)
        let client = Client(site)
        for count in 1...2 {
            client.allocate()
            #expect(client.refresh(0)?.isSuccess == true)
            #expect(counts.derived == count)
        }
    }
}
