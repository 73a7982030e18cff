/// What kind of world to run. Everything that happens in it follows from these values.
public struct WorldPlan: Sendable {
    public var seed: UInt64
    /// How many people join in all, the operator included.
    public var people: Int
    /// How many things people do, or happen to them, before the world heals.
    public var steps: Int
    public var faults: Faults
    /// What the node does besides its duty. It is honest again when the world heals.
    public var hostility: Hostility
    /// Whether people call each other most of the time.
    public var isTalkative = false
    /// Whether to keep a line for each thing that happens.
    public var isTraced = false

    public init(seed: UInt64, people: Int, steps: Int, faults: Faults, hostility: Hostility = []) {
        self.seed = seed
        self.people = people
        self.steps = steps
        self.faults = faults
        self.hostility = hostility
    }

    /// A world in which people mostly call each other, in all weathers.
    public static func talkative(seed: UInt64) -> WorldPlan {
        var plan = WorldPlan(
            seed: seed, people: 2 + Int(seed % 3), steps: 150, faults: seed % 4 == 0 ? [.delays, .reloads] : .all,
            hostility: seed % 5 == 0 ? [.drops, .reordering, .replays] : [])
        plan.isTalkative = true
        return plan
    }

    /// An ordinary world of this seed: few people or, now and then, many; calm or stormy.
    public init(seed: UInt64) {
        var chance = Chance(seed: seed ^ 0x706C_616E)
        let isCrowd = chance.oneIn(12)
        let people = isCrowd ? 8 + chance.below(9) : 2 + chance.below(3)
        var faults: Faults = []
        for fault in Faults.each where !chance.oneIn(3) { faults.insert(fault) }
        if chance.oneIn(8) { faults = [] }
        self.init(seed: seed, people: people, steps: isCrowd ? 60 : 30 + chance.below(50), faults: faults)
    }
}

/// What may go wrong in a world with an honest node.
public struct Faults: OptionSet, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// WebSockets break, unnoticed for a while.
    public static let lostLinks = Faults(rawValue: 1)
    /// Pages reload, and tabs die between a write and what should follow it, or before the write.
    public static let reloads = Faults(rawValue: 2)
    /// The node is killed, stays down for a while, and starts again.
    public static let nodeCrashes = Faults(rawValue: 4)
    /// Direct channels break, and no direct path exists between some for a while.
    public static let partitions = Faults(rawValue: 8)
    /// People are away for hours.
    public static let absences = Faults(rawValue: 16)
    /// Messages take long, and very unequally so.
    public static let delays = Faults(rawValue: 32)

    /// Computers' clocks are wrong, by up to ten minutes.
    public static let wrongClocks = Faults(rawValue: 64)

    /// Profiles are set back to an older copy of themselves, as after a power cut or from a backup. What only the lost part
    /// knew is gone; what is said afterwards arrives. In no world unless asked for.
    public static let rollbacks = Faults(rawValue: 128)

    /// There is no room for a file, now and then, or what was picked cannot be read.
    public static let fullDisks = Faults(rawValue: 256)

    static let each: [Faults] = [
        .lostLinks, .reloads, .nodeCrashes, .partitions, .absences, .delays, .wrongClocks, .fullDisks,
    ]
    public static let all = Faults(rawValue: 383)
}

/// What a lying node does.
public struct Hostility: OptionSet, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Hands envelopes over again, later, under new numbers.
    public static let replays = Hostility(rawValue: 1)
    /// Changes envelopes' bytes.
    public static let edits = Hostility(rawValue: 2)
    /// Acknowledges envelopes and throws them away.
    public static let drops = Hostility(rawValue: 4)
    /// Answers with bubble states that are old or that it made itself.
    public static let forgedStates = Hostility(rawValue: 8)
    /// Hands out key packages that are another's, or its own make.
    public static let swappedKeyPackages = Hostility(rawValue: 16)
    /// Hands envelopes over in another order.
    public static let reordering = Hostility(rawValue: 32)
    /// Puts envelopes of its own into mailboxes.
    public static let insertions = Hostility(rawValue: 64)
    /// Hands out commits that nobody made.
    public static let forgedCommits = Hostility(rawValue: 128)
    /// Hands out invitation bundles and receipts that were changed, and one invitation's bundle for another's.
    public static let forgedBundles = Hostility(rawValue: 256)
    /// Answers with checkpoints that are old, changed or missing.
    public static let forgedCheckpoints = Hostility(rawValue: 512)
    /// Says what makes no sense: random bytes, answers to nothing, pushes for others' mailboxes.
    public static let nonsense = Hostility(rawValue: 1_024)
    /// Takes commits and says that it did not.
    public static let falseRefusals = Hostility(rawValue: 2_048)
    /// Throws commits away and says that it took them.
    public static let falseAcceptances = Hostility(rawValue: 4_096)
    /// Answers about commits late, or twice.
    public static let lateAnswers = Hostility(rawValue: 8_192)
    /// Hands out old commits and other conversations' commits, or says that there is none.
    public static let otherCommits = Hostility(rawValue: 16_384)
    /// Says of a commit that is there that its time has passed, or that there is no such slot.
    public static let hiddenCommits = Hostility(rawValue: 32_768)

    public static let each: [Hostility] = [
        .replays, .edits, .drops, .forgedStates, .swappedKeyPackages, .reordering, .insertions, .forgedCommits,
        .forgedBundles, .forgedCheckpoints, .nonsense, .falseRefusals, .falseAcceptances, .lateAnswers, .otherCommits,
        .hiddenCommits,
    ]
    public static let all = Hostility(rawValue: .max)
}
