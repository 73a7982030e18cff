import NodeProtocol
import Trust

/// All that a node stores. Identifiers are 16 bytes, blob ids 32; devices are named by their ids' bytes.
struct ModelState {
    /// The SHA-256 of the operator's claim token.
    let claimVerifier: [UInt8]
    /// Set by the claim, with the bubble's first state.
    var bubble: Bubble?
    var devices: [[UInt8]: VerifiedDevice] = [:]
    var invitations: [[UInt8]: Invitation] = [:]
    var mailboxes: [[UInt8]: Mailbox] = [:]
    var blobs: [[UInt8]: Blob] = [:]
    var slots: [[UInt8]: Slot] = [:]
    /// What each device's quotas are charged with, by the day until whose end they are: a restart forgets none of it.
    var usage: [[UInt8]: [UInt64: Usage]] = [:]
    /// By device.
    var checkpoints: [[UInt8]: [UInt8]] = [:]

    struct Usage {
        var bytes = 0
        var slots = 0
    }

    struct Bubble {
        let authority: Authority
        var state: BubbleState
    }

    struct Invitation {
        let owner: [UInt8]
        let verifier: [UInt8]
        let expires: UInt64
        let bundle: [UInt8]
        var progress: Progress

        enum Progress {
            case open
            case withdrawn
            /// With the receipt's encoding and the key that it was given for.
            case redeemed(memberKey: [UInt8], receipt: [UInt8])
        }
    }

    struct Mailbox {
        let owner: [UInt8]
        var deliveryKeyHash: [UInt8]
        /// The sequence number that the last envelope was given. It outlives the envelope.
        var lastSequence: UInt64 = 0
        /// Oldest first.
        var envelopes: [Envelope] = []
        var keyPackages: [[UInt8]] = []

        struct Envelope {
            let stored: StoredEnvelope
            let expires: UInt64
        }

        var byteCount: Int { envelopes.reduce(0) { $0 + $1.stored.envelope.count } }
    }

    struct Blob {
        /// Who was charged for it, and until when; nil once the node has been started again, which forgets that.
        var charged: (device: [UInt8], day: UInt64)?
        let expires: UInt64
        let bytes: [UInt8]
    }

    struct Slot {
        /// The hash of each position's token; the last is the current position's.
        var tokenHashes: [[UInt8]]
        /// One for each position but the current.
        var commits: [Commit] = []

        struct Commit {
            /// nil once it has expired.
            var sealed: [UInt8]?
            let expires: UInt64
        }
    }

    init(claimVerifier: [UInt8]) {
        self.claimVerifier = claimVerifier
    }

    /// Drops what has lived its life. Invitations stay: an expired one is refused as such.
    mutating func expire(now: UInt64) {
        for (id, mailbox) in mailboxes where mailbox.envelopes.contains(where: { $0.expires <= now }) {
            mailboxes[id]?.envelopes.removeAll { $0.expires <= now }
        }
        for (id, blob) in blobs where blob.expires <= now { blobs[id] = nil }
        for device in usage.keys { usage[device] = usage[device]?.filter { $0.key > now / 86_400 } }
        for (id, slot) in slots {
            for (position, commit) in slot.commits.enumerated() where commit.sealed != nil && commit.expires <= now {
                slots[id]?.commits[position].sealed = nil
            }
        }
    }
}
