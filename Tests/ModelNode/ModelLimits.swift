import NodeProtocol

/// The quotas of a ``ModelNode``: the protocol's, unless a test wants to reach them sooner.
public struct ModelLimits: Sendable {
    public var mailboxEnvelopes = Limits.mailboxEnvelopes
    public var mailboxBytes = Limits.mailboxBytes
    public var blobBytesPerDevice = Limits.blobBytesPerDevice
    public var invitationsPerDevice = Limits.invitationsPerDevice
    public var mailboxesPerDevice = Limits.mailboxesPerDevice
    public var slotsPerDevice = Limits.slotsPerDevice

    public init() {}
}
