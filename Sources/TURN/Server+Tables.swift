import STUN

// What is kept: how it comes into the tables and how it leaves all of them again.
extension Server {
    /// The second by which `seconds` from now have passed.
    private func end(in seconds: UInt32) -> UInt64 {
        (now.milliseconds + UInt64(seconds) * 1_000 + 999) / 1_000
    }

    // MARK: Users

    /// The number of a user. It has one for as long as anything is allocated.
    mutating func user(_ subject: [UInt8]) -> UInt32 {
        if let known = userNumbers[subject] { return known }
        let bytes = ByteBucket(perSecond: configuration.quotas.bytesPerSecondPerUser, at: now.milliseconds)
        let user = users.insert(User(bytes: bytes))
        subjects.set(subject, at: user)
        userNumbers[subject] = user
        return user
    }

    mutating func removeUserWithoutRelays(_ user: UInt32) {
        guard users[user].relays == 0 else { return }
        userNumbers[subjects[Int(user)]] = nil
        subjects[Int(user)] = []
        users.remove(user)
    }

    // MARK: Relays

    /// Opens a relayed address at a port that nobody can guess (RFC 8656 §7.2), for no allocation yet.
    ///
    /// - Parameter reservingNext: the port after it is opened, too; the first one is then even.
    /// - Returns: the numbers of the relay and of the reserved one, or nil if none can be had.
    mutating func openRelay(
        _ family: AddressFamily, _ user: UInt32, isEven: Bool, reservingNext: Bool
    ) -> (relay: UInt32, next: UInt32)? {
        guard let ip = relayIP(family) else { return nil }
        let count = UInt32(ports.range.count)
        let start = random.number(below: count)
        // Ports that others on this machine have: so many are tried in one request.
        var failures = 0
        for step in 0..<count {
            let port = ports.range.lowerBound + UInt16((start + step) % count)
            if isEven || reservingNext, port & 1 != 0 { continue }
            guard let relay = openRelay(TransportAddress(ip, port: port), user) else {
                if ports.isTaken(family, port) { continue }
                failures += 1
                if failures == 32 { return nil }
                continue
            }
            guard reservingNext else { return (relay, .none) }
            if port < .max, let next = openRelay(TransportAddress(ip, port: port + 1), user) { return (relay, next) }
            closeRelay(relay, of: user)
        }
        return nil
    }

    private mutating func openRelay(_ address: TransportAddress, _ user: UInt32) -> UInt32? {
        guard ports.take(address.family, address.port) else { return nil }
        generation = generation == .max ? 1 : generation + 1
        let relay = relays.insert(Relay(address: address, generation: generation, socket: -1))
        guard
            let socket = sockets.open(
                RelayID(index: relay, generation: generation), address.family, port: address.port)
        else {
            ports.giveBack(address.family, address.port)
            relays.remove(relay)
            return nil
        }
        relays[relay].socket = socket
        relays[relay].isOpen = true
        byRelayedAddress.insert(addressHash.hash(address, 0), relay)
        users[user].relays += 1
        return relay
    }

    private mutating func closeRelay(_ relay: UInt32, of user: UInt32) {
        let value = relays[relay]
        if value.timer != .none { timers.cancel(value.timer) }
        sockets.close(value.socket)
        ports.giveBack(value.address.family, value.address.port)
        byRelayedAddress.remove(addressHash.hash(value.address, 0), relay)
        relays[relay].isOpen = false
        relays[relay].allocation = .none
        relays.remove(relay)
        users[user].relays -= 1
    }

    mutating func prolong(_ relay: UInt32, seconds: UInt32) {
        let end = end(in: seconds)
        relays[relay].end = end
        timers.move(relays[relay].timer, to: end)
    }

    /// Ends one relayed address; with its last one, the allocation; and with each one the permissions and channels to its
    /// family, which are the relayed address's own (RFC 8656 §6).
    mutating func endRelay(_ relay: UInt32) {
        let allocation = relays[relay].allocation
        let family = relays[relay].address.family
        closeRelay(relay, of: allocations[allocation].user)
        allocations[allocation].setRelay(family, .none)
        if allocations[allocation].ipv4 == .none, allocations[allocation].ipv6 == .none {
            return removeAllocation(allocation)
        }
        var permission = allocations[allocation].permissions
        while permission != .none {
            let value = permissions[permission]
            if value.ip.family == family {
                timers.cancel(value.timer)
                removePermission(permission)
            }
            permission = value.next
        }
        var channel = allocations[allocation].channels
        while channel != .none {
            let value = channels[channel]
            if value.peer.family == family {
                timers.cancel(value.timer)
                removeChannel(channel)
            }
            channel = value.next
        }
    }

    // MARK: Allocations

    mutating func insertAllocation(
        _ request: Request, _ requester: Requester, _ user: UInt32, _ opened: [UInt32], seconds: UInt32
    ) -> UInt32 {
        let index = allocations.insert(
            Allocation(client: request.client, user: user, transaction: request.message.transactionID))
        owners.set(
            Owner(username: requester.username, algorithm: requester.algorithm, key: requester.key), at: index)
        byClient.insert(addressHash.hash(request.client.address, request.client.link), index)
        let end = end(in: seconds)
        for relay in opened {
            allocations[index].setRelay(relays[relay].address.family, relay)
            relays[relay].allocation = index
            relays[relay].end = end
            relays[relay].timer = timers.schedule(.relay, relay, at: end)
        }
        counters.allocationsMade += 1
        return index
    }

    mutating func removeAllocation(_ allocation: UInt32) {
        let value = allocations[allocation]
        while allocations[allocation].permissions != .none {
            let permission = allocations[allocation].permissions
            timers.cancel(permissions[permission].timer)
            removePermission(permission)
        }
        while allocations[allocation].channels != .none {
            let channel = allocations[allocation].channels
            timers.cancel(channels[channel].timer)
            removeChannel(channel)
        }
        for relay in [value.ipv4, value.ipv6] where relay != .none { closeRelay(relay, of: value.user) }
        // What it reserved stays reserved (RFC 8656 §7.2).
        if value.reservation != .none { reservations[value.reservation].allocation = .none }
        byClient.remove(addressHash.hash(value.client.address, value.client.link), allocation)
        owners[Int(allocation)] = nil
        allocations[allocation].isAlive = false
        allocations.remove(allocation)
        lastClient = nil
        removeUserWithoutRelays(value.user)
    }

    // MARK: Reservations

    /// Keeps a relay that is open already for the client that comes with the token.
    mutating func reserve(_ relay: UInt32, for allocation: UInt32, _ user: UInt32) {
        var token: UInt64
        repeat { token = random.bytes(8).reduce(0) { $0 << 8 | UInt64($1) } } while reservationNumbers[token] != nil
        let index = reservations.insert(
            Reservation(token: token, user: user, relay: relay, allocation: allocation))
        reservations[index].timer = timers.schedule(
            .reservation, index, at: end(in: configuration.lifetimes.reservation))
        reservationNumbers[token] = index
        allocations[allocation].reservation = index
    }

    /// Forgets a reservation whose relay has gone to an allocation.
    mutating func removeReservation(_ index: UInt32) {
        timers.cancel(reservations[index].timer)
        forgetReservation(index)
    }

    private mutating func forgetReservation(_ index: UInt32) {
        let value = reservations[index]
        reservationNumbers[value.token] = nil
        if value.allocation != .none { allocations[value.allocation].reservation = .none }
        reservations[index].isAlive = false
        reservations.remove(index)
    }

    /// Ends a reservation that nobody has come for. Its timer is gone.
    mutating func endReservation(_ index: UInt32) {
        let value = reservations[index]
        forgetReservation(index)
        closeRelay(value.relay, of: value.user)
        removeUserWithoutRelays(value.user)
    }

    // MARK: Permissions

    /// Makes or refreshes a permission (RFC 8656 §9).
    mutating func install(_ ip: IPAddress, for allocation: UInt32) {
        let end = end(in: configuration.lifetimes.permission)
        if let present = permission(allocation, ip) {
            timers.move(permissions[present].timer, to: end)
            return
        }
        let first = allocations[allocation].permissions
        let index = permissions.insert(
            Permission(allocation: allocation, ip: ip, isOwn: policy.standing(of: ip) == .own, next: first))
        permissions[index].timer = timers.schedule(.permission, index, at: end)
        if first != .none { permissions[first].previous = index }
        allocations[allocation].permissions = index
        allocations[allocation].permissionCount += 1
        byPermission.insert(addressHash.hash(ip, UInt64(allocation)), index)
    }

    /// Removes a permission whose timer is gone.
    mutating func removePermission(_ index: UInt32) {
        let value = permissions[index]
        byPermission.remove(addressHash.hash(value.ip, UInt64(value.allocation)), index)
        if value.previous == .none {
            allocations[value.allocation].permissions = value.next
        } else {
            permissions[value.previous].next = value.next
        }
        if value.next != .none { permissions[value.next].previous = value.previous }
        allocations[value.allocation].permissionCount -= 1
        permissions.remove(index)
    }

    // MARK: Channels

    /// Makes or refreshes a channel binding (RFC 8656 §12).
    mutating func bind(_ number: UInt16, to peer: TransportAddress, for allocation: UInt32) {
        let end = end(in: configuration.lifetimes.channel)
        if let present = channel(allocation, number) {
            timers.move(channels[present].timer, to: end)
            return
        }
        let first = allocations[allocation].channels
        let isOwn = policy.standing(of: peer.ip) == .own
        let index = channels.insert(
            Channel(allocation: allocation, peer: peer, number: number, isOwn: isOwn, next: first))
        channels[index].timer = timers.schedule(.channel, index, at: end)
        if first != .none { channels[first].previous = index }
        allocations[allocation].channels = index
        allocations[allocation].channelCount += 1
        byNumber.insert(addressHash.hash(allocation, number), index)
        byPeer.insert(addressHash.hash(peer, allocation), index)
    }

    /// Removes a channel whose timer is gone.
    mutating func removeChannel(_ index: UInt32) {
        let value = channels[index]
        byNumber.remove(addressHash.hash(value.allocation, value.number), index)
        byPeer.remove(addressHash.hash(value.peer, value.allocation), index)
        if value.previous == .none {
            allocations[value.allocation].channels = value.next
        } else {
            channels[value.previous].next = value.next
        }
        if value.next != .none { channels[value.next].previous = value.previous }
        allocations[value.allocation].channelCount -= 1
        channels.remove(index)
    }
}

extension ContiguousArray {
    /// Puts a value at a number of a ``Slab``, which may be the first one behind the end.
    fileprivate mutating func set(_ value: Element, at index: UInt32) {
        if Int(index) < count { self[Int(index)] = value } else { append(value) }
    }
}
