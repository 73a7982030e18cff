import STUN

extension Server {
    /// An Allocate request (RFC 8656 §7.2). The steps are the RFC's; the first one, authentication, is behind it.
    mutating func allocate(_ request: Request, _ requester: Requester) -> ClientVerdict {
        let message = request.message
        // Step 2: the 5-tuple is in use: 437; but the very request that made the allocation is answered again.
        if let existing = allocation(of: request.client) {
            guard allocations[existing].transaction == message.transactionID,
                owners[Int(existing)]?.username == requester.username
            else { return refuse(request, requester, .allocationMismatch) }
            return allocated(existing, request, requester)
        }
        // Step 3: REQUESTED-TRANSPORT is not included or is malformed: 400.
        guard let transport = message.first(.requestedTransport), transport.count == 4 else {
            return refuse(request, requester, .badRequest)
        }
        // Step 3: a protocol that is not UDP: 442.
        guard transport[0] == 17 else { return refuse(request, requester, .unsupportedTransport) }
        // Step 4: DONT-FRAGMENT that cannot be done is an attribute that is not known: 420.
        if message.first(.dontFragment) != nil, !configuration.supportsDontFragment {
            return refuse(request, requester, [.dontFragment])
        }
        // RFC 8656 §21.4: Allocate and ChannelBind must not be accepted from Teredo and 6to4 addresses, and should not from others
        // known to be a tunnel's: data would loop through its end. Without an allocation there is no ChannelBind.
        guard !PeerPolicy.isTunnel(request.client.address.ip) else { return refuse(request, requester, .forbidden) }
        let even = message.first(.evenPort)
        let requested = message.first(.requestedAddressFamily)
        let additional = message.first(.additionalAddressFamily)
        // Step 5: RESERVATION-TOKEN beside EVEN-PORT or a family: 400; one that is not valid for some reason: 508.
        if let token = message.first(.reservationToken) {
            guard even == nil, requested == nil, additional == nil, token.count == 8 else {
                return refuse(request, requester, .badRequest)
            }
            return allocate(reserved: token, request, requester)
        }
        // Step 6: both REQUESTED- and ADDITIONAL-ADDRESS-FAMILY: 400.
        guard requested == nil || additional == nil else { return refuse(request, requester, .badRequest) }
        // Step 7: a family that is not supported: 440. IPv4 if none is asked for. (What there is of two is step 9's.)
        var family = AddressFamily.ipv4
        if let requested {
            guard requested.count == 4 else { return refuse(request, requester, .badRequest) }
            guard let known = AddressFamily(rawValue: requested[0]) else {
                return refuse(request, requester, .addressFamilyNotSupported)
            }
            family = known
        }
        if additional == nil, relayIP(family) == nil {
            return refuse(request, requester, .addressFamilyNotSupported)
        }
        // Step 8: EVEN-PORT that reserves the next port beside ADDITIONAL-ADDRESS-FAMILY: 400.
        var isEven = false
        var reservesNext = false
        if let even {
            guard even.count == 1 else { return refuse(request, requester, .badRequest) }
            isEven = true
            reservesNext = even[0] & 0x80 != 0
            guard !reservesNext || additional == nil else { return refuse(request, requester, .badRequest) }
        }
        // Step 9: ADDITIONAL-ADDRESS-FAMILY that is IPv4, which there is already: 400.
        var families = [family]
        if let additional {
            guard additional.count == 4, additional[0] == AddressFamily.ipv6.rawValue else {
                return refuse(request, requester, .badRequest)
            }
            families = [.ipv4, .ipv6].filter { relayIP($0) != nil }
            guard !families.isEmpty else { return refuse(request, requester, .addressFamilyNotSupported) }
        }
        // LIFETIME that is no number: 400.
        guard let seconds = try? lifetime(message) else { return refuse(request, requester, .badRequest) }
        // Step 10, "at any point": the user's quota: 486.
        let needed = families.count + (reservesNext ? 1 : 0)
        guard mayHave(needed, requester.subject) else { return refuse(request, requester, .allocationQuotaReached) }
        // Step 11, "at any point": another server: 300.
        if isRedirected(needed) {
            let alternates = alternates(for: request)
            if !alternates.isEmpty { return tryAlternate(alternates, request, requester) }
        }
        // Steps 8 and 9 again, now that it is tried: 508; but of two families what there is, is given.
        let free = max(0, configuration.quotas.relays - relays.count)
        guard needed <= free || additional != nil && free > 0 else {
            return refuse(request, requester, .insufficientCapacity)
        }
        families = Array(families.prefix(free))
        let user = user(requester.subject)
        var opened: [UInt32] = []
        var reserved = UInt32.none
        for family in families {
            guard let pair = openRelay(family, user, isEven: isEven, reservingNext: reservesNext) else { continue }
            opened.append(pair.relay)
            reserved = pair.next
        }
        guard !opened.isEmpty else {
            removeUserWithoutRelays(user)
            return refuse(request, requester, .insufficientCapacity)
        }
        let allocation = insertAllocation(request, requester, user, opened, seconds: seconds)
        if reserved != .none { reserve(reserved, for: allocation, user) }
        return allocated(allocation, request, requester)
    }

    /// An allocation of the port that an earlier one reserved (RFC 8656 §7.2, step 5).
    private mutating func allocate(
        reserved token: UnsafeRawBufferPointer, _ request: Request, _ requester: Requester
    ) -> ClientVerdict {
        let number = token.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let index = reservationNumbers[number], let user = userNumbers[requester.subject],
            reservations[index].user == user
        else { return refuse(request, requester, .insufficientCapacity) }
        guard let seconds = try? lifetime(request.message) else { return refuse(request, requester, .badRequest) }
        let relay = reservations[index].relay
        removeReservation(index)
        let allocation = insertAllocation(request, requester, user, [relay], seconds: seconds)
        return allocated(allocation, request, requester)
    }

    /// The lifetime that a request asks for, within our bounds (RFC 8656 §7.2 and §8.2).
    func lifetime(_ message: Message) throws(STUNError) -> UInt32 {
        let lifetimes = configuration.lifetimes
        guard let asked = try message.number(.lifetime) else { return lifetimes.allocation }
        return max(lifetimes.allocation, min(asked, lifetimes.maximumAllocation))
    }

    func relayIP(_ family: AddressFamily) -> IPAddress? {
        family == .ipv4 ? configuration.relayIPv4 : configuration.relayIPv6
    }

    /// The success response (RFC 8656 §7.2), each time the request comes.
    private mutating func allocated(
        _ allocation: UInt32, _ request: Request, _ requester: Requester
    ) -> ClientVerdict {
        let value = allocations[allocation]
        let opened = [value.ipv4, value.ipv6].filter { $0 != .none }.map { relays[$0] }
        let seconds = opened.map { ($0.end * 1_000 - now.milliseconds) / 1_000 }.max() ?? 0
        // Step 9: of two families, what could not be had is said in ADDRESS-ERROR-CODE.
        var failure: (AddressFamily, ErrorCode)?
        if opened.count == 1, request.message.first(.additionalAddressFamily) != nil {
            let missing: AddressFamily = value.ipv4 == .none ? .ipv4 : .ipv6
            failure = (missing, relayIP(missing) == nil ? .addressFamilyNotSupported : .insufficientCapacity)
        }
        let token = value.reservation == .none ? nil : reservations[value.reservation].token
        return succeed(request, requester) { builder in
            for relay in opened { builder.append(.xorRelayedAddress, xored: relay.address) }
            builder.append(.lifetime, number: UInt32(clamping: seconds))
            if let token {
                builder.append(
                    .reservationToken,
                    stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: token >> $0) })
            }
            builder.append(.xorMappedAddress, xored: request.client.address)
            if let (family, code) = failure {
                // RFC 8656 §18.12
                builder.append(
                    .addressErrorCode,
                    [family.rawValue, 0, UInt8(code.rawValue / 100), UInt8(code.rawValue % 100)]
                        + Array(code.phrase.utf8))
            }
        }
    }

    /// Whether a user may have `count` relayed addresses more.
    private func mayHave(_ count: Int, _ subject: [UInt8]) -> Bool {
        let present = userNumbers[subject].map { users[$0].relays } ?? 0
        return present + count <= configuration.quotas.relaysPerUser
    }
}
