import Messenger

// For tests that tell a story of calls: nobody answers of itself.
extension World {
    /// People who have met, and who let it ring.
    public static func withTelephones(_ people: Int, seed: UInt64, hostility: Hostility = []) throws(WorldError)
        -> World
    {
        let world = try acquainted(people, seed: seed, hostility: hostility)
        for browser in world.browsers { browser.ignoresCalls = true }
        return world
    }

    public func ring(_ person: Int, _ other: Int, video: Bool = false) {
        guard let conversation = conversation(of: person, with: other) else { return violate("nobody to call") }
        act(person, .call(conversation: conversation.conversation, video: video))
    }

    /// The call that the person sees, as long as it is not over.
    public func call(of person: Int) -> CallSummary? {
        browsers[person].activeCall.flatMap { browsers[person].calls[$0] }
    }

    /// Every call that the person's page has shown, as it is now, in the order of their ids.
    public func calls(of person: Int) -> [CallSummary] {
        browsers[person].calls.values.sorted { $0.call.lexicographicallyPrecedes($1.call) }
    }

    public func answer(_ person: Int, video: Bool = false) {
        guard let call = call(of: person) else { return violate("nothing to answer") }
        act(person, .answerCall(call.call, video: video))
    }

    public func decline(_ person: Int) {
        guard let call = call(of: person) else { return violate("nothing to decline") }
        act(person, .declineCall(call.call))
    }

    public func hangUp(_ person: Int) {
        guard let call = call(of: person) else { return violate("nothing to hang up") }
        act(person, .hangUp(call.call))
    }

    /// The key that the person's frames are encrypted with now.
    public func sendKey(of person: Int) -> CallKey? {
        browsers[person].activeCall.flatMap { browsers[person].callEnds[$0]?.sendKey }
    }

    /// The KIDs under which frames for this person may come, and whether the other's current key is one of the keys.
    public func receiveKeys(of person: Int) -> [UInt8: [UInt8]] {
        browsers[person].activeCall.flatMap { browsers[person].callEnds[$0]?.receiveKeys } ?? [:]
    }

    /// The conversation's notices about calls, oldest first.
    public func callNotices(of person: Int, with other: Int) -> [MessageSummary] {
        guard let conversation = conversation(of: person, with: other) else { return [] }
        load(conversation.conversation, browsers[person])
        return browsers[person].messages.values.filter { $0.notice == .call || $0.notice == .missedCall }
            .sorted { $0.order < $1.order }
    }

    /// The media of the person's call break off on this side.
    public func loseMedia(_ person: Int) {
        guard let call = browsers[person].activeCall else { return violate("no media to lose") }
        act(person, .callMedia(call, .disconnected))
    }

    /// Neither of the two hears anything of the other any more, by any way.
    public func takeOffline(_ person: Int) {
        browsers[person].isOnline = false
        breakLink(of: browsers[person])
        for other in browsers where other.index != person { partition(person, other.index, for: .max) }
    }

    public func takeOnline(_ person: Int) {
        browsers[person].isOnline = true
        partitioned = []
    }

    /// The media of the person's call break off, if it still goes on.
    public func loseMediaIfThere(_ person: Int) {
        if call(of: person)?.state == .inCall { loseMedia(person) }
    }

    /// The page is opened and unlocked at once.
    public func quickReturn(_ person: Int) {
        openPage(browsers[person])
        unlock(browsers[person])
    }

    /// How many commits the node has taken.
    public var commits: Int { counts.commits }
}
