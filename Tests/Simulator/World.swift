import CryptoPrimitives
import Messenger
import ModelNode
import NodeProtocol
import Trust

/// A bubble of people on a node, with a clock of its own and a network that does its worst.
///
/// The world owns time, the network between browsers and node, the DataChannels between browsers, the browsers' storage
/// and what people do. The engines and the node are the ones to be tested, run as they are.
public final class World {
    static let origin = "https://node.example:8443"
    /// Begins all that the node may never see.
    static let canary = [UInt8]("CANARY".utf8)

    let plan: WorldPlan
    var chance: Chance
    /// Milliseconds since 1970.
    var now: UInt64 = 1_800_000_000_000
    var schedule = Schedule<Occurrence>()

    var node: ModelNode
    var isNodeUp = true
    var links: [UInt32: Link] = [:]
    var lastLink: UInt32 = 0
    var endpoints: [UInt32: Endpoint] = [:]
    var lastEndpoint: UInt32 = 0
    /// Pairs of people with no direct path, as lower index × 1,000 + higher index.
    var partitioned: Set<Int> = []
    var liar: Liar

    var browsers: [Browser] = []
    /// The ids of members that the bubble's state has taken out.
    var removed: Set<[UInt8]> = []
    /// What was sent, in the order of sending.
    var texts: [SentText] = []
    /// Files that were sent, by number.
    var files: [SentFile] = []
    /// Transfers through channels, counted: each has a number.
    var attempts: UInt32 = 0
    /// Invitations that their inviter has withdrawn, until somebody tries them.
    var withdrawn: [(id: [UInt8], link: Text)] = []
    /// From when on people do nothing and all works.
    var isHealing = false
    var healingSince: UInt64 = 0

    /// SHA-256 of all that was sealed for a mailbox or a channel: nothing is ever sent twice, not even the same message.
    var ciphertexts: Set<[UInt8]> = []
    /// Every key that frames of a call were sealed with.
    var callKeys: Set<[UInt8]> = []
    var violations: [String] = []
    var trace: [String] = []
    /// Over all outputs of all engines, in the order they were given.
    var digest = HashState(.sha256)
    var counts = WorldCounts()

    /// - Throws: ``CryptoError`` or ``LinkError`` where the node cannot be set up at all.
    public init(_ plan: WorldPlan) throws(WorldError) {
        self.plan = plan
        chance = Chance(seed: plan.seed)
        let seed = World.bytes(of: plan.seed)
        do throws(LinkError) {
            let random = Randomness(seed: seed + [0])
            let link = try InvitationLink.operatorClaim(origin: Self.origin, random: random)
            guard let node = Self.node(claimVerifier: link.keys.redemptionVerifier, random: random),
                let text = Text(validating: link.text)
            else { throw LinkError.noFragment }
            self.node = node
            liar = Liar(plan.hostility, chance: Chance(seed: plan.seed ^ 0x6C69_6172))
            addPerson(invitation: text)
        } catch {
            throw .noNode
        }
    }

    private static func node(claimVerifier: [UInt8], random: Randomness) -> ModelNode? {
        do throws(CryptoError) {
            return try ModelNode(origin: origin, claimVerifier: claimVerifier, random: random)
        } catch {
            return nil
        }
    }

    @discardableResult
    func addPerson(invitation: Text) -> Browser {
        let browser = Browser(
            index: browsers.count, deviceSegment: chance.bytes(32), passphrase: Self.canary + chance.bytes(8))
        browser.invitation = invitation
        if plan.faults.contains(.wrongClocks) { browser.clockError = Int64(chance.below(1_200_000)) - 600_000 }
        browsers.append(browser)
        return browser
    }

    /// Runs the whole world: people and faults, then healing, then the invariants.
    public func run() -> WorldResult {
        openPage(browsers[0])
        // The operator takes the node before anything goes wrong: the first minute has no faults.
        run(for: 60_000)
        for _ in 0..<plan.steps {
            run(for: chance.delay(50...(chance.oneIn(4) ? 30_000 : 4_000)))
            step()
            if counts.occurrences > 400_000 { break }
        }
        heal()
        checkInvariants()
        counts.people = browsers.count { $0.isMember }
        return WorldResult(
            seed: plan.seed, violations: violations, trace: trace, outputs: digest.finish(), counts: counts)
    }

    /// Lets what is planned happen, up to so many milliseconds from now.
    func run(for duration: UInt64) {
        let end = now + duration
        while let next = schedule.nextTime, next <= end, counts.occurrences < 500_000 {
            guard let (time, occurrence) = schedule.next() else { break }
            now = max(now, time)
            counts.occurrences += 1
            happen(occurrence)
        }
        now = end
    }

    func plan(_ occurrence: Occurrence, in milliseconds: UInt64) {
        schedule.plan(occurrence, at: now + milliseconds)
    }

    /// Two equal ciphertexts are a key used twice, or a copy that can be recognised.
    func expectNew(_ ciphertext: [UInt8], from person: Int, _ where: StaticString) {
        guard ciphertext.count >= 64 else { return }
        if !ciphertexts.insert(HashAlgorithm.sha256.hash(ciphertext)).inserted {
            violate("\(person) sends the same bytes twice: \(`where`)")
        }
    }

    /// Something that must never be. The first few tell the story.
    func violate(_ what: String) {
        note("VIOLATION \(what)")
        if violations.count < 12 { violations.append(what) }
    }

    func note(_ line: @autoclosure () -> String) {
        if plan.isTraced { trace.append("\(now - 1_800_000_000_000) \(line())") }
    }

    static func bytes(of number: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
        return bytes
    }
}

public enum WorldError: Error {
    case noNode
}

/// What came of a world.
public struct WorldResult: Sendable {
    public let seed: UInt64
    /// Empty in a good world.
    public let violations: [String]
    /// One line for each thing that happened, if the plan wanted it: milliseconds, then what.
    public let trace: [String]
    /// SHA-256 over every output of every engine, in order.
    public let outputs: [UInt8]
    public let counts: WorldCounts
}

/// How much has happened.
public struct WorldCounts: Sendable {
    public internal(set) var occurrences = 0
    public internal(set) var inputs = 0
    public internal(set) var texts = 0
    public internal(set) var directMessages = 0
    public internal(set) var nodeFrames = 0
    public internal(set) var reloads = 0
    public internal(set) var lies = 0
    public internal(set) var warnings = 0
    public internal(set) var channelsOpened = 0
    public internal(set) var nodeCrashes = 0
    public internal(set) var deaths = 0
    public internal(set) var lostLinks = 0
    public internal(set) var people = 0
    /// Commits that were given to the node.
    public internal(set) var commits = 0
    public internal(set) var rings = 0
    /// Connections made for calls, on either side.
    public internal(set) var callsAnswered = 0
    /// Ends of calls that the media reached.
    public internal(set) var callsConnected = 0
    /// Keys that frames were encrypted with from the middle of a call.
    public internal(set) var callKeyChanges = 0
    /// Stored envelopes that the node took, transient ones aside.
    public internal(set) var envelopes = 0
    public internal(set) var files = 0
    /// Chunks that were sent through channels, some of them more than once.
    public internal(set) var fileChunks = 0
    /// Blobs of files that were fetched from the node.
    public internal(set) var fileBlobs = 0
    /// Transfers that went on where an earlier one had ended.
    public internal(set) var fileResumptions = 0
}

/// A text that a person has sent and that is therefore owed to another.
struct SentText {
    let sender: Int
    let recipient: Int
    let text: Text
}

/// What the schedule holds.
enum Occurrence {
    /// A browser tries to connect.
    case connect(browser: Int, link: UInt32)
    /// The browser learns that its connection stands.
    case linked(UInt32)
    case frameAtNode(link: UInt32, [UInt8])
    case frameAtClient(link: UInt32, [UInt8])
    case lossAtNode(UInt32)
    case lossAtClient(UInt32)
    case nodeStarts
    case comesOnline(browser: Int)
    case tick(browser: Int, timer: UInt64)
    /// A person acts in a while.
    case opensPage(browser: Int)
    case opensLink(browser: Int)
    case enrols(browser: Int)
    case unlocks(browser: Int)
    /// Between RTCPeerConnections.
    case signal(endpoint: UInt32, SignalKind)
    case channelOpens(endpoint: UInt32)
    case channelCloses(endpoint: UInt32)
    case channelMessage(endpoint: UInt32, [UInt8])
    case pathReturns(pair: Int)
    /// Of a browser's files worker, if its page is still there.
    case fileAnswer(browser: Int, page: UInt32, Input)
    /// Through the channel of a file.
    case fileChunk(endpoint: UInt32, file: [UInt8], index: UInt32, attempt: UInt32, [UInt8])
    case fileAcknowledgement(endpoint: UInt32, file: [UInt8], chunks: UInt32, attempt: UInt32)
    /// Of calls.
    case callSignal(browser: Int, [UInt8])
    case callConnects(browser: Int, [UInt8])
    case callBreaks(browser: Int, [UInt8])
    case respondsToCall(browser: Int, [UInt8])
}
