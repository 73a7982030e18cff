import Messenger
import ModelNode

// For tests that tell a story of their own: what people do and see, named by their numbers. 0 is the operator.
extension World {
    /// A world in which the operator has invited the others and all have met, online and without faults.
    public static func acquainted(_ people: Int, seed: UInt64, hostility: Hostility = []) throws(WorldError) -> World {
        let world = try World(WorldPlan(seed: seed, people: people, steps: 0, faults: [], hostility: hostility))
        world.liar.isHonest = true
        world.openPage(world.browsers[0])
        world.run(for: 60_000)
        for _ in 1..<max(people, 2) {
            world.give(.invite(validForSeconds: 0), to: world.browsers[0])
            world.run(for: 5_000)
            world.handOutInvitations(world.browsers[0])
            world.run(for: 180_000)
        }
        world.run(for: 60_000)
        world.liar.isHonest = false
        return world
    }

    public var numberOfPeople: Int { browsers.count }
    public var brokenInvariants: [String] { violations }

    /// Lets time pass.
    public func pass(seconds: UInt64) {
        run(for: seconds * 1_000)
    }

    public func pass(milliseconds: UInt64) {
        run(for: milliseconds)
    }

    /// Time passes, a long one, while nobody's page is open and nothing happens.
    public func skip(days: UInt64) {
        for browser in browsers { closePage(browser) }
        run(for: 60_000)
        now += days * 86_400_000
    }

    /// The page is closed, and stays so.
    public func leave(_ person: Int) {
        closePage(browsers[person])
    }

    /// The page is opened; the person unlocks it within a minute or so.
    public func comeBack(_ person: Int) {
        browsers[person].staysLocked = false
        openPage(browsers[person])
        run(for: 120_000)
    }

    /// The page is opened and stays locked, for now.
    public func openLocked(_ person: Int) {
        browsers[person].staysLocked = true
        openPage(browsers[person])
    }

    /// The tab dies at the next write, before or after it is stored.
    public func die(_ person: Int, afterWrite: Bool) {
        browsers[person].impendingCrash = afterWrite ? .afterWrite : .beforeWrite
    }

    /// Gives any input to a person's engine.
    public func act(_ person: Int, _ input: Input) {
        give(input, to: browsers[person])
    }

    /// Sends texts, each of which exists once in the world.
    public func write(_ number: Int = 1, from person: Int, to other: Int, length: Int = 20) {
        for _ in 0..<number {
            guard let conversation = conversation(of: person, with: other) else { return violate("nobody to write to") }
            send(length, in: conversation, from: browsers[person])
        }
    }

    public func conversation(of person: Int, with other: Int) -> ConversationSummary? {
        browsers[person].conversations.first { $0.member == browsers[other].member }
    }

    /// How many conversations a person sees, and the world's clock, in seconds since 1970.
    public func conversations(of person: Int) -> Int { browsers[person].conversations.count }
    public var seconds: UInt64 { now / 1_000 }

    /// The states of a person's own texts, oldest first.
    public func states(of person: Int, with other: Int) -> [MessageState] {
        show(person, other).filter { $0.isOwn }.map { $0.state }
    }

    /// How often the conversation was begun anew, as its log says.
    public func beginnings(of person: Int, with other: Int) -> Int {
        guard let conversation = conversation(of: person, with: other) else { return 0 }
        load(conversation.conversation, browsers[person])
        return browsers[person].messages.values.count { $0.kind == .notice && $0.notice == .restarted }
    }

    /// How many texts the person has received, all of which are revealed. Whether they are the right ones shows in
    /// ``brokenInvariants``.
    @discardableResult
    public func read(_ person: Int, from other: Int) -> Int {
        guard let conversation = conversation(of: person, with: other) else { return 0 }
        let received = show(person, other).filter { !$0.isOwn }
        for message in received {
            give(.reveal(conversation: conversation.conversation, message: message.id), to: browsers[person])
        }
        return received.count
    }

    /// The texts of the conversation as the person sees them without revealing anything, oldest first.
    public func texts(of person: Int, with other: Int) -> [MessageSummary] {
        show(person, other)
    }

    /// The same of the conversation that is open already, as it is now.
    public func openTexts(of person: Int) -> [MessageSummary] {
        browsers[person].messages.values.filter { $0.kind == .text }.sorted { $0.order < $1.order }
    }

    /// What a person's page was given back at the last unlocking.
    public func resumed(_ person: Int) -> (conversation: [UInt8]?, drafts: [Draft]) {
        (browsers[person].resumedConversation, browsers[person].drafts)
    }

    /// The ids of a person's own texts that have failed.
    public func failed(of person: Int, with other: Int) -> [[UInt8]] {
        show(person, other).filter { $0.isOwn && $0.state == .failed }.map { $0.id }
    }

    /// The computer's clock is set, so many milliseconds ahead of the world's.
    public func setClock(_ person: Int, ahead milliseconds: Int64) {
        browsers[person].clockError = milliseconds
    }

    /// How far ahead of the person's own clock the messages are shown that came from another, in milliseconds.
    public func futures(of person: Int, with other: Int) -> [Int64] {
        show(person, other, notices: true).filter { !$0.isOwn }
            .map { Int64(clamping: $0.time) - Int64(clock(of: browsers[person])) }
    }

    private func show(_ person: Int, _ other: Int, notices: Bool) -> [MessageSummary] {
        guard let conversation = conversation(of: person, with: other) else { return [] }
        load(conversation.conversation, browsers[person])
        return browsers[person].messages.values.filter { notices || $0.kind == .text }.sorted { $0.order < $1.order }
    }

    private func show(_ person: Int, _ other: Int) -> [MessageSummary] { show(person, other, notices: false) }

    /// What the log says by itself.
    public func notices(of person: Int, with other: Int) -> [Notice] {
        show(person, other, notices: true).map { $0.notice }.filter { $0 != .none }
    }

    public func isCalling(_ person: Int) -> Bool { browsers[person].activeCall != nil }
    public var channelsOpened: Int { counts.channelsOpened }
    public func warnings(of person: Int) -> [Warning] { browsers[person].warnings }
    public func problems(of person: Int) -> [Problem] { browsers[person].problems }
    public func refusal(of person: Int) -> Problem? { browsers[person].refusal }
    public func isUnlocked(_ person: Int) -> Bool { browsers[person].phase == .unlocked }
    public var directMessages: Int { counts.directMessages }
    public var envelopes: Int { counts.envelopes }
    public var lies: Int { counts.lies }

    /// No direct path between any two, from now on.
    public func cutDirectPaths() {
        for first in browsers.indices {
            for second in browsers.indices where second > first { partition(first, second, for: .max) }
        }
    }

    /// The channel between the two is lost, as both notice at once.
    public func breakChannel(_ person: Int, _ other: Int) {
        for (one, another) in [(person, other), (other, person)] {
            guard let id = browsers[one].endpoints[browsers[another].device] else { continue }
            channelCloses(id)
        }
    }

    /// A person's connection to the node is lost, as both sides notice at once; another is made soon after.
    public func reconnect(_ person: Int) {
        guard let id = browsers[person].link else { return }
        lossAtNode(id)
        lossAtClient(id)
    }

    /// Whether each of the two has a direct channel to the other.
    public func hasChannel(_ person: Int, _ other: Int) -> Bool {
        [(person, other), (other, person)].allSatisfy { one, another in
            conversation(of: one, with: another)?.connection == .direct
        }
    }

    /// What the page may use of the node's relay; nil: it has not been told.
    public func relay(of person: Int) -> RelayAccess? { browsers[person].relay }

    /// For how many seconds yet the page may use the relay.
    public func relayLife(of person: Int) -> UInt64 {
        guard case .granted(let grant)? = browsers[person].relay else { return 0 }
        return (grant.until - min(grant.until, clock(of: browsers[person]))) / 1_000
    }

    /// The KeyPackages that the node hands out for a person.
    public func keyPackages(of person: Int) -> [[UInt8]] { node.keyPackages(of: browsers[person].device) }

    /// How many bytes a person's records take, the messages aside.
    public func stateBytes(of person: Int) -> Int {
        browsers[person].stateRecords.reduce(0) { $0 + $1.value.count }
    }

    /// A person's computer is without any network, from now on.
    public func goOffline(_ person: Int) {
        browsers[person].isOnline = false
        breakLink(of: browsers[person])
    }

    /// A person's connection to the node is dead, and nothing says so.
    public func silence(_ person: Int) { silenceLink(of: browsers[person]) }

    /// Frames that clients have sent to the node.
    public var nodeFrames: Int { counts.nodeFrames }

    /// Whether the node refuses checkpoints, as one that is too busy.
    public func refuseCheckpoints(_ isBusy: Bool) { liar.refusesCheckpoints = isBusy }

    /// Whether the node refuses to hand blobs out, as one that is too busy.
    public func refuseBlobs(_ isBusy: Bool) { liar.refusesBlobs = isBusy }

    /// Whether the node refuses to make commit slots, as one where quotas are full.
    public func refuseSlots(_ isFull: Bool) { liar.refusesSlots = isFull }
    /// How often it was asked to.
    public var slotsAsked: Int { liar.slotsAsked }

    /// From now on no answer to a checkpoint, which the node takes, reaches its device.
    public func loseCheckpointAnswers(_ isLossy: Bool) { liar.losesCheckpointAnswers = isLossy }

    /// The lengths of all checkpoints that the node was given.
    public var checkpointLengths: Set<Int> { liar.checkpointLengths }

    public func killNode() { crashNode() }
    public func makeNodeHonest() { liar.isHonest = true }

    /// A copy of a profile's storage, as a backup program or a power cut leaves it.
    public struct Backup {
        let stores: [UInt8: [[UInt8]: [UInt8]]]
    }

    public func backUp(_ person: Int) -> Backup { Backup(stores: browsers[person].stores) }

    /// The copy that was made when the profile had just chosen its name and passphrase, before the node knew it.
    public func backUpOfEnrolment(_ person: Int) -> Backup? { browsers[person].firstStores.map { Backup(stores: $0) } }

    /// The profile's storage is set back; the page is closed.
    public func restore(_ backup: Backup, of person: Int) {
        closePage(browsers[person])
        browsers[person].stores = backup.stores
    }

    /// A second computer with a copy of the profile, as a virtual machine's snapshot or a migration leaves it. Its page is
    /// closed. No direct path leads to either of the two.
    public func copyProfile(of person: Int) -> Int {
        let original = browsers[person]
        let copy = Browser(
            index: browsers.count, deviceSegment: original.deviceSegment, passphrase: original.passphrase)
        copy.stores = original.stores
        copy.firstStores = original.firstStores
        copy.clockError = original.clockError
        browsers.append(copy)
        cutDirectPaths()
        return copy.index
    }

    /// A try with another passphrase. The page must be open and locked.
    public func mistype(_ person: Int) {
        browsers[person].staysLocked = false
        unlock(browsers[person], passphrase: [0])
        browsers[person].staysLocked = true
    }

    /// What the person's passphrase comes to, or another one.
    public func passphraseSegment(of person: Int, isWrong: Bool = false) -> [UInt8] {
        browsers[person].segment(of: isWrong ? [0] : browsers[person].passphrase)
    }

    /// Whether the person holds a recovery file.
    public func hasRecoveryFile(_ person: Int) -> Bool { browsers[person].recovery != nil }
    public func recoveryMade(by person: Int) -> UInt64 { browsers[person].profile?.recoveryMade ?? 0 }

    /// What stands in the profile beside the vault's header is overwritten with noise.
    public func spoilThrottle(of person: Int) {
        browsers[person].stores[Store.meta.rawValue, default: [:]][[UInt8]("throttle".utf8)] = [9, 9, 9]
    }

    /// The lengths of what the person sends from here on, while `body` runs and ten seconds more.
    public func lengths(from person: Int, _ body: () -> Void) -> (channel: Set<Int>, envelopes: Set<Int>) {
        browsers[person].channelLengths = []
        browsers[person].envelopeLengths = []
        body()
        pass(seconds: 10)
        return (Set(browsers[person].channelLengths), Set(browsers[person].envelopeLengths))
    }

    /// When the engine will take the next passphrase, in milliseconds from now.
    public func unlockDelay(of person: Int) -> UInt64 {
        let time = browsers[person].mayTryAt
        return time > now ? time - now : 0
    }

    /// Whether every person can be healed and all invariants hold; ends the world.
    public func finish() -> [String] {
        heal()
        checkInvariants()
        return violations
    }

    /// Makes a further person hold a link, who opens it when the page is opened.
    public func addNewcomer(holding link: Text) -> Int {
        addPerson(invitation: link).index
    }

    /// A new invitation's link.
    public func invite(by person: Int, validForSeconds: UInt32 = 0) -> Text? {
        give(.invite(validForSeconds: validForSeconds), to: browsers[person])
        browsers[person].keepsInvitations = true
        run(for: 5_000)
        return browsers[person].madeInvitations.popLast()?.link
    }
}
