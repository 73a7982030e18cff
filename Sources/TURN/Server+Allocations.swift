import STUN

extension Server {
    /// A Refresh request (RFC 8656 §8.2).
    mutating func refresh(_ request: Request, _ requester: Requester, _ allocation: UInt32) -> ClientVerdict {
        let message = request.message
        var families: [AddressFamily] = [.ipv4, .ipv6].filter { allocations[allocation].relay($0) != .none }
        // REQUESTED-ADDRESS-FAMILY names one of the allocation's: 443.
        if let requested = message.first(.requestedAddressFamily) {
            guard requested.count == 4 else { return refuse(request, requester, .badRequest) }
            families.removeAll { $0.rawValue != requested[0] }
            guard !families.isEmpty else { return refuse(request, requester, .peerAddressFamilyMismatch) }
        }
        guard let asked = try? message.number(.lifetime) ?? configuration.lifetimes.allocation,
            let granted = try? lifetime(message)
        else { return refuse(request, requester, .badRequest) }
        // A lifetime of zero deletes, and so does nothing else.
        if asked == 0 {
            for family in families { endRelay(allocations[allocation].relay(family)) }
        } else {
            for family in families { prolong(allocations[allocation].relay(family), seconds: granted) }
        }
        return succeed(request, requester) { builder in
            builder.append(.lifetime, number: asked == 0 ? 0 : granted)
        }
    }

    /// A CreatePermission request (RFC 8656 §10.2): all of its addresses get a permission, or none.
    mutating func createPermission(_ request: Request, _ requester: Requester, _ allocation: UInt32) -> ClientVerdict {
        let message = request.message
        var peers: [IPAddress] = []
        for attribute in message.attributes where attribute.type == .xorPeerAddress {
            // An address that is none: 400.
            guard let peer = try? TransportAddress(xored: attribute.value, message.transactionID) else {
                return refuse(request, requester, .badRequest)
            }
            if !peers.contains(peer.ip) { peers.append(peer.ip) }
        }
        // At least one: 400.
        guard !peers.isEmpty else { return refuse(request, requester, .badRequest) }
        // Of a family that the allocation has a relayed address of: 443.
        guard peers.allSatisfy({ allocations[allocation].relay($0.family) != .none }) else {
            return refuse(request, requester, .peerAddressFamilyMismatch)
        }
        // To which data may go at all: 403.
        guard peers.allSatisfy({ policy.standing(of: $0) != .denied }) else {
            return refuse(request, requester, .forbidden)
        }
        // For which there is room: 508.
        let new = peers.filter { permission(allocation, $0) == nil }.count
        let present = Int(allocations[allocation].permissionCount)
        guard present + new <= configuration.quotas.permissionsPerAllocation else {
            return refuse(request, requester, .insufficientCapacity)
        }
        for peer in peers { install(peer, for: allocation) }
        return succeed(request, requester) { _ in }
    }

    /// A ChannelBind request (RFC 8656 §12.2).
    mutating func channelBind(_ request: Request, _ requester: Requester, _ allocation: UInt32) -> ClientVerdict {
        let message = request.message
        // Both CHANNEL-NUMBER and XOR-PEER-ADDRESS: 400.
        guard let value = message.first(.channelNumber), value.count == 4,
            let peer = try? message.xorAddress(.xorPeerAddress), peer.port != 0
        else { return refuse(request, requester, .badRequest) }
        // A number in the range: 400.
        let number = UInt16(value[0]) << 8 | UInt16(value[1])
        let numbers = configuration.acceptsOldChannelNumbers ? ChannelData.oldNumbers : ChannelData.numbers
        guard numbers.contains(number) else { return refuse(request, requester, .badRequest) }
        // The number is not bound to another peer, nor the peer to another number: 400.
        let bound = channel(allocation, number)
        if let bound, channels[bound].peer != peer { return refuse(request, requester, .badRequest) }
        if let other = channel(allocation, peer), channels[other].number != number {
            return refuse(request, requester, .badRequest)
        }
        // The peer is of a family that the allocation has a relayed address of: 443.
        guard allocations[allocation].relay(peer.family) != .none else {
            return refuse(request, requester, .peerAddressFamilyMismatch)
        }
        // Data may go to it at all: 403.
        guard policy.standing(of: peer.ip) != .denied else { return refuse(request, requester, .forbidden) }
        // There is room for the channel and its permission: 508.
        let quotas = configuration.quotas
        guard bound != nil || Int(allocations[allocation].channelCount) < quotas.channelsPerAllocation,
            permission(allocation, peer.ip) != nil
                || Int(allocations[allocation].permissionCount) < quotas.permissionsPerAllocation
        else { return refuse(request, requester, .insufficientCapacity) }
        bind(number, to: peer, for: allocation)
        // RFC 8656 §12.2: a channel binding is a permission, too.
        install(peer.ip, for: allocation)
        return succeed(request, requester) { _ in }
    }
}
