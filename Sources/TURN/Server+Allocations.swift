import STUN

extension Server {
    /// A Refresh request (RFC 8656 §8.2), in the clause's order.
    mutating func refresh(_ request: Request, _ requester: Requester, _ allocation: UInt32) -> ClientVerdict {
        let message = request.message
        var families: [AddressFamily] = [.ipv4, .ipv6].filter { allocations[allocation].relay($0) != .none }
        // REQUESTED-ADDRESS-FAMILY does not match the address family of the allocation: 443.
        if let requested = message.first(.requestedAddressFamily) {
            guard requested.count == 4 else { return refuse(request, requester, .badRequest) }
            families.removeAll { $0.rawValue != requested[0] }
            guard !families.isEmpty else { return refuse(request, requester, .peerAddressFamilyMismatch) }
        }
        guard let asked = try? message.number(.lifetime) ?? configuration.lifetimes.allocation,
            let granted = try? lifetime(message)
        else { return refuse(request, requester, .badRequest) }
        // The desired lifetime is zero, and not merely small: "the request succeeds and the allocation is deleted".
        if asked == 0 {
            for family in families { endRelay(allocations[allocation].relay(family)) }
        } else {
            for family in families { prolong(allocations[allocation].relay(family), seconds: granted) }
        }
        return succeed(request, requester) { builder in
            builder.append(.lifetime, number: asked == 0 ? 0 : granted)
        }
    }

    /// A CreatePermission request (RFC 8656 §10.2), in the clause's order: all of its addresses get a permission, or none.
    mutating func createPermission(_ request: Request, _ requester: Requester, _ allocation: UInt32) -> ClientVerdict {
        let message = request.message
        let most = configuration.quotas.permissionsPerAllocation
        var peers: [IPAddress] = []
        for attribute in message.attributes where attribute.type == .xorPeerAddress {
            // "If … any of these attributes are invalid": 400.
            guard let peer = try? TransportAddress(xored: attribute.value, message.transactionID) else {
                return refuse(request, requester, .badRequest)
            }
            // One too many is refused below: what comes after it is only looked at for whether it is valid.
            if peers.count <= most, !peers.contains(peer.ip) { peers.append(peer.ip) }
        }
        // "If no such attribute exists": 400.
        guard !peers.isEmpty else { return refuse(request, requester, .badRequest) }
        // "If the request is valid, but the server is unable to satisfy the request due to some capacity limit": 508.
        let new = peers.filter { permission(allocation, $0) == nil }.count
        let present = Int(allocations[allocation].permissionCount)
        guard present + new <= most else { return refuse(request, requester, .insufficientCapacity) }
        // Of a family that the allocation has no relayed address of: 443.
        guard peers.allSatisfy({ allocations[allocation].relay($0.family) != .none }) else {
            return refuse(request, requester, .peerAddressFamilyMismatch)
        }
        // "The server MAY impose restrictions on the IP address allowed": 403.
        guard peers.allSatisfy({ policy.standing(of: $0) != .denied }) else {
            return refuse(request, requester, .forbidden)
        }
        for peer in peers { install(peer, for: allocation) }
        return succeed(request, requester) { _ in }
    }

    /// A ChannelBind request (RFC 8656 §12.2), in the clause's order.
    mutating func channelBind(_ request: Request, _ requester: Requester, _ allocation: UInt32) -> ClientVerdict {
        let message = request.message
        // "The request contains both a CHANNEL-NUMBER and an XOR-PEER-ADDRESS attribute": 400.
        guard let value = message.first(.channelNumber), value.count == 4,
            let peer = try? message.xorAddress(.xorPeerAddress), peer.port != 0
        else { return refuse(request, requester, .badRequest) }
        // "The channel number is in the range 0x4000 through 0x4FFF (inclusive)": 400. RFC 5766's went up to 0x7FFF.
        let number = UInt16(value[0]) << 8 | UInt16(value[1])
        let numbers = configuration.acceptsOldChannelNumbers ? ChannelData.oldNumbers : ChannelData.numbers
        guard numbers.contains(number) else { return refuse(request, requester, .badRequest) }
        // "The channel number is not currently bound to a different transport address": 400.
        let bound = channel(allocation, number)
        if let bound, channels[bound].peer != peer { return refuse(request, requester, .badRequest) }
        // "The transport address is not currently bound to a different channel number": 400.
        if let other = channel(allocation, peer), channels[other].number != number {
            return refuse(request, requester, .badRequest)
        }
        // Of a family that the allocation has no relayed address of: 443.
        guard allocations[allocation].relay(peer.family) != .none else {
            return refuse(request, requester, .peerAddressFamilyMismatch)
        }
        // "The server MAY impose restrictions on the IP address and port values allowed": 403.
        guard policy.standing(of: peer.ip) != .denied else { return refuse(request, requester, .forbidden) }
        // "Unable to fulfill the request due to some capacity limit", of the channel's or its permission's: 508.
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
