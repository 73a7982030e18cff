import NodeProtocol
import Trust
import WireFormat

/// The bubble that a node serves: its authority and what the authority last said.
struct Bubble: Sendable {
    let authority: Authority
    let state: BubbleState

    /// Whether a device's sessions are served now: the node's own part of a chain's verification, which was done whole
    /// when the device was enrolled.
    func admits(_ device: DeviceRecord, now: UInt64) -> Bool {
        let revoked = state.revoked
        guard device.expires > now, let member = try? MemberID(device.member), let id = try? DeviceID(device.device),
            !revoked.contains(member), !revoked.contains(id)
        else { return false }
        if let invitation = device.invitation {
            guard let invitation = try? InvitationID(invitation), !revoked.contains(invitation) else { return false }
        }
        if let inviter = device.inviter {
            guard let inviter = try? MemberID(inviter), !revoked.contains(inviter) else { return false }
        }
        return true
    }
}

extension Bubble {
    /// What the store holds, verified again.
    init?(stored store: any StoreReads) throws {
        guard let ownership = try store.ownership(), let state = try store.bubbleState() else { return nil }
        authority = try Authority(decoding: ownership.authority)
        self.state = try SignedBubbleState(decoding: state).verify(authority: authority)
    }
}

extension DeviceRecord {
    /// What the node keeps of a device whose chain it has verified.
    init(_ device: VerifiedDevice, chain: CertificateChain) {
        self.init(
            device: device.device.bytes, sessionKey: device.sessionKey, member: device.member.bytes,
            invitation: device.invitation?.bytes, inviter: device.inviter?.bytes, rights: device.rights.rawValue,
            expires: min(chain.member.validity.notAfter, chain.device.validity.notAfter, UInt64(Int64.max)))
    }

    func may(_ right: Rights) -> Bool {
        Rights(rawValue: rights).contains(right)
    }
}
