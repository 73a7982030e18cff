import STUN

// The fast path. What is relayed comes through here, datagram by datagram.
extension Server {
    @inline(__always)
    func allocation(of client: ClientPath) -> UInt32? {
        if client == lastClient { return lastAllocation }
        return byClient.find(addressHash.hash(client.address, client.link)) { index in
            allocations[index].client == client
        }
    }

    @inline(__always)
    func permission(_ allocation: UInt32, _ ip: IPAddress) -> UInt32? {
        byPermission.find(addressHash.hash(ip, UInt64(allocation))) { index in
            permissions[index].allocation == allocation && permissions[index].ip == ip
        }
    }

    @inline(__always)
    func channel(_ allocation: UInt32, _ number: UInt16) -> UInt32? {
        byNumber.find(addressHash.hash(allocation, number)) { index in
            channels[index].allocation == allocation && channels[index].number == number
        }
    }

    @inline(__always)
    func channel(_ allocation: UInt32, _ peer: TransportAddress) -> UInt32? {
        byPeer.find(addressHash.hash(peer, allocation)) { index in
            channels[index].allocation == allocation && channels[index].peer == peer
        }
    }

    /// The open relay with that address.
    func relay(at address: TransportAddress) -> UInt32? {
        byRelayedAddress.find(addressHash.hash(address, 0)) { index in relays[index].address == address }
    }

    /// ChannelData from a client (RFC 8656 §12.6).
    @inline(__always)
    mutating func receiveChannelData(_ bytes: UnsafeRawBufferPointer, from client: ClientPath) -> ClientVerdict {
        guard
            ChannelData.isChannelData(
                firstByte: bytes[0], acceptingOldNumbers: configuration.acceptsOldChannelNumbers),
            let (number, length) = ChannelData.read(bytes)
        else { return discard(.malformed) }
        guard let allocation = allocation(of: client) else { return discard(.noAllocation) }
        lastClient = client
        lastAllocation = allocation
        // RFC 8656 §12.6: a number that is not bound: silently discarded. No permission is asked for, the channel says all.
        guard let index = channel(allocation, number) else { return discard(.noChannel) }
        let payload = ChannelData.headerLength..<ChannelData.headerLength + length
        return send(
            payload, from: allocation, to: channels[index].peer, isOwn: channels[index].isOwn, dontFragment: false)
    }

    /// A Send indication (RFC 8656 §11.2).
    mutating func receiveSend(_ message: Message, from client: ClientPath) -> ClientVerdict {
        guard let allocation = allocation(of: client) else { return discard(.noAllocation) }
        lastClient = client
        lastAllocation = allocation
        var peer: UnsafeRawBufferPointer?
        var data: UnsafeRawBufferPointer?
        var dontFragment = false
        for attribute in message.attributes {
            switch attribute.type {
            case .xorPeerAddress: if peer == nil { peer = attribute.value }
            case .data: if data == nil { data = attribute.value }
            case .dontFragment where configuration.supportsDontFragment: dontFragment = true
            default:
                // RFC 8489 §6.3.2: an indication with what is not understood and must be is discarded.
                guard isKnown(attribute.type), attribute.type != .dontFragment else { return discard(.malformed) }
            }
        }
        // RFC 8656 §11.2: both attributes, and well formed; the data may be empty.
        guard let peer, let data, let start = data.baseAddress, let origin = message.bytes.baseAddress,
            let address = try? TransportAddress(xored: peer, message.transactionID), address.port != 0
        else { return discard(.malformed) }
        // RFC 8656 §11.2: a permission for the peer's address.
        guard let permission = permission(allocation, address.ip) else { return discard(.noPermission) }
        let offset = start - origin
        return send(
            offset..<offset + data.count, from: allocation, to: address, isOwn: permissions[permission].isOwn,
            dontFragment: dontFragment && mayForbidFragments(client, address))
    }

    /// Whether DONT-FRAGMENT counts between these two. Where a datagram comes or goes over IPv6 it "MUST be ignored by the
    /// server" (RFC 8656 §13.1 to §13.3), which "is only applicable for UDP-to-UDP relay" (§13): what comes by a stream relies
    /// on it in both families (§15).
    private func mayForbidFragments(_ client: ClientPath, _ peer: TransportAddress) -> Bool {
        client.isStream || client.address.family == .ipv4 && peer.family == .ipv4
    }

    /// Data on its way from an allocation to a peer.
    @inline(__always)
    private mutating func send(
        _ payload: Range<Int>, from allocation: UInt32, to peer: TransportAddress, isOwn: Bool, dontFragment: Bool
    ) -> ClientVerdict {
        let relay = allocations[allocation].relay(peer.family)
        guard relay != .none else { return discard(.noAllocation) }
        guard mayPass(payload.count, of: allocations[allocation].user) else { return discard(.bandwidth) }
        if isOwn, let verdict = join(payload, from: relay, to: peer) { return verdict }
        counters.datagramsToPeers &+= 1
        counters.bytesToPeers &+= UInt64(payload.count)
        return .relay(
            Relayed(socket: relays[relay].socket, peer: peer, payload: payload, dontFragment: dontFragment))
    }

    /// Data to an address of this machine: to another client of this server without leaving it; to nothing else that
    /// listens on this machine.
    ///
    /// - Returns: nil if the data takes the ordinary way.
    private mutating func join(_ payload: Range<Int>, from relay: UInt32, to peer: TransportAddress) -> ClientVerdict? {
        if let target = self.relay(at: peer) {
            switch deliver(from: relays[relay].address, to: relays[target].allocation, payload.count, datagrams: 1) {
            case .discard(let reason): return .discard(reason)
            case .deliver(let delivery): return .deliver(delivery, payload: payload)
            }
        }
        // A client of another server with the same addresses.
        let shared = peer.family == .ipv4 ? configuration.relayIPv4 : configuration.relayIPv6
        if peer.ip == shared, ports.isTaken(peer.family, peer.port) { return nil }
        if policy.allowsLoopback, !policy.ownPorts.contains(peer.port) { return nil }
        return discard(.ownAddress)
    }

    /// Takes note of data that came from a peer (RFC 8656 §11.3): of several datagrams at once, if they came from the same
    /// one.
    ///
    /// - Parameters:
    ///   - byteCount: the bytes of all of them.
    ///   - datagrams: how many they are.
    public mutating func receive(
        fromPeer peer: TransportAddress, at relay: RelayID, byteCount: Int, datagrams: Int = 1
    ) -> PeerVerdict {
        guard let index = open(relay) else {
            counters.count(.closedRelay, datagrams)
            return .discard(.closedRelay)
        }
        return deliver(from: peer, to: relays[index].allocation, byteCount, datagrams: datagrams)
    }

    /// The owner's number of a relay's socket; nil once it is closed.
    public func socket(of relay: RelayID) -> Int32? { open(relay).map { relays[$0].socket } }

    /// The number of a relay that is still open.
    func open(_ relay: RelayID) -> UInt32? {
        let index = relay.index
        guard relays.indices.contains(index), relays[index].isOpen, relays[index].generation == relay.generation else {
            return nil
        }
        return index
    }

    @inline(__always)
    private mutating func deliver(
        from peer: TransportAddress, to allocation: UInt32, _ byteCount: Int, datagrams: Int
    ) -> PeerVerdict {
        // A port that is reserved and nobody's yet.
        guard allocation != .none else { return discard(.noAllocation, datagrams) }
        // RFC 8656 §11.3: without a permission for the address it came from, silently discarded.
        guard permission(allocation, peer.ip) != nil else { return discard(.noPermission, datagrams) }
        guard mayPass(byteCount, of: allocations[allocation].user) else { return discard(.bandwidth, datagrams) }
        counters.datagramsToClients &+= UInt64(datagrams)
        counters.bytesToClients &+= UInt64(byteCount)
        let framing: Framing
        if let channel = channel(allocation, peer) {
            framing = .channel(channels[channel].number)
        } else {
            framing = .indication(peer: peer, nextTransaction())
        }
        return .deliver(Delivery(client: allocations[allocation].client, framing: framing))
    }

    private mutating func discard(_ reason: Discard, _ datagrams: Int) -> PeerVerdict {
        counters.count(reason, datagrams)
        return .discard(reason)
    }

    /// Nobody answers an indication: its ID only has to be another one each time (RFC 8489 §6.2).
    mutating func nextTransaction() -> TransactionID {
        transactions &+= 0x9E37_79B9_7F4A_7C15
        var mixed = transactions
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return TransactionID(high: UInt32(truncatingIfNeeded: mixed >> 31), low: mixed ^ transactions)
    }

    /// Whether the user's and the server's bandwidth hold that much more.
    @inline(__always)
    private mutating func mayPass(_ count: Int, of user: UInt32) -> Bool {
        let quotas = configuration.quotas
        if quotas.bytesPerSecondPerUser > 0,
            !users[user].bytes.take(count, perSecond: quotas.bytesPerSecondPerUser, at: now.milliseconds)
        {
            return false
        }
        return quotas.bytesPerSecond == 0
            || bytes.take(count, perSecond: quotas.bytesPerSecond, at: now.milliseconds)
    }
}
