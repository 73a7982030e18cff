import CryptoPrimitives
import STUN

/// A request and the way it came.
struct Request {
    let message: Message
    let client: ClientPath
}

/// Who sent a request, shown by its code.
struct Requester {
    let username: [UInt8]
    let subject: [UInt8]
    let algorithm: PasswordAlgorithm
    let key: Secret
    /// What the answer is protected with (RFC 8489 §9.2.4).
    let answerIntegrity: IntegrityAlgorithm
}

extension Server {
    /// Whether an attribute's meaning is known here; if not and it must be, the request is refused (RFC 8489 §6.3.1).
    func isKnown(_ type: AttributeType) -> Bool {
        guard type.isComprehensionRequired else { return true }
        switch type {
        case .mappedAddress, .username, .errorCode, .unknownAttributes, .realm, .nonce, .passwordAlgorithm, .userhash,
            .xorMappedAddress, .channelNumber, .lifetime, .xorPeerAddress, .data, .xorRelayedAddress,
            .requestedAddressFamily, .evenPort, .requestedTransport, .dontFragment, .reservationToken:
            return true
        default:
            return false
        }
    }

    mutating func receiveRequest(_ request: Request) -> ClientVerdict {
        // RFC 8489 §6.3: a method that is not known, or not as a request, is silently discarded.
        let method = request.message.type.method
        switch method {
        case .binding: return bind(request)
        case .allocate, .refresh, .createPermission, .channelBind: break
        default: return discard(.unexpected)
        }
        // RFC 8489 §6.3: "The STUN agent then does any checks that are required by an authentication mechanism."
        let requester: Requester
        switch authenticate(request) {
        case .requester(let known): requester = known
        case .verdict(let verdict): return verdict
        }
        // RFC 8489 §6.3.1: one or more attributes that are not known and must be: 420.
        let unknown = unknownAttributes(of: request.message)
        guard unknown.isEmpty else { return refuse(request, requester, unknown) }
        if method == .allocate { return allocate(request, requester) }
        // RFC 8656 §5: "if the 5-tuple does not identify an existing allocation": 437.
        guard let allocation = allocation(of: request.client) else {
            return refuse(request, requester, .allocationMismatch)
        }
        // RFC 8656 §5: "the request does not use the same username as used to create the allocation": 441.
        guard owners[Int(allocation)]?.username == requester.username else {
            return refuse(request, requester, .wrongCredentials)
        }
        switch method {
        case .refresh: return refresh(request, requester, allocation)
        case .createPermission: return createPermission(request, requester, allocation)
        default: return channelBind(request, requester, allocation)
        }
    }

    /// The types that must be known and are not, each once, in their order. One look at each attribute, and one bit for each
    /// type that there can be: a long message has room for thousands of them.
    private func unknownAttributes(of message: Message) -> [AttributeType] {
        var unknown: [AttributeType] = []
        var seen: [UInt64] = []
        for attribute in message.attributes where !isKnown(attribute.type) {
            if seen.isEmpty { seen = [UInt64](repeating: 0, count: 0x8000 / 64) }
            let number = Int(attribute.type.rawValue)
            let bit = UInt64(1) << UInt64(number & 63)
            guard seen[number >> 6] & bit == 0 else { continue }
            seen[number >> 6] |= bit
            unknown.append(attribute.type)
        }
        return unknown
    }

    /// A Binding request (RFC 8489 §12): the client learns its address. It needs no credential.
    private mutating func bind(_ request: Request) -> ClientVerdict {
        guard admitStranger(request.client) else { return discard(.strangerLimit) }
        let unknown = unknownAttributes(of: request.message)
        guard unknown.isEmpty else {
            counters.count(ErrorCode.unknownAttribute)
            var builder = answerBuilder(request, .failure)
            builder.append(.unknownAttribute)
            builder.append(unknown: unknown)
            return finishForStranger(builder, request)
        }
        var builder = answerBuilder(request, .success)
        builder.append(.xorMappedAddress, xored: request.client.address)
        return finishForStranger(builder, request)
    }

    func answerBuilder(_ request: Request, _ messageClass: MessageClass) -> MessageBuilder {
        MessageBuilder(MessageType(request.message.type.method, messageClass), request.message.transactionID)
    }

    // MARK: Answers to requesters

    mutating func succeed(
        _ request: Request, _ requester: Requester, _ attributes: (inout MessageBuilder) -> Void
    ) -> ClientVerdict {
        var builder = answerBuilder(request, .success)
        attributes(&builder)
        return finish(builder, request, requester)
    }

    mutating func refuse(_ request: Request, _ requester: Requester, _ code: ErrorCode) -> ClientVerdict {
        counters.count(code)
        var builder = answerBuilder(request, .failure)
        builder.append(code, reason: code.phrase)
        return finish(builder, request, requester)
    }

    mutating func refuse(
        _ request: Request, _ requester: Requester, _ unknown: [AttributeType]
    ) -> ClientVerdict {
        counters.count(ErrorCode.unknownAttribute)
        var builder = answerBuilder(request, .failure)
        builder.append(.unknownAttribute, reason: ErrorCode.unknownAttribute.phrase)
        builder.append(unknown: unknown)
        return finish(builder, request, requester)
    }

    mutating func finish(
        _ builder: consuming MessageBuilder, _ request: Request, _ requester: Requester
    ) -> ClientVerdict {
        // RFC 8656 §5 would have SOFTWARE in some of these. It would tell eavesdroppers what to try.
        builder.append(requester.answerIntegrity, key: requester.key)
        if request.message.hasFingerprint { builder.appendFingerprint() }
        answer = builder.bytes
        return .answer
    }
}

extension ErrorCode {
    /// For people; only in answers to people we know.
    var phrase: String {
        switch self {
        case .tryAlternate: "Try Alternate"
        case .badRequest: "Bad Request"
        case .unauthenticated: "Unauthenticated"
        case .forbidden: "Forbidden"
        case .unknownAttribute: "Unknown Attribute"
        case .allocationMismatch: "Allocation Mismatch"
        case .staleNonce: "Stale Nonce"
        case .addressFamilyNotSupported: "Address Family not Supported"
        case .wrongCredentials: "Wrong Credentials"
        case .unsupportedTransport: "Unsupported Transport Protocol"
        case .peerAddressFamilyMismatch: "Peer Address Family Mismatch"
        case .allocationQuotaReached: "Allocation Quota Reached"
        case .insufficientCapacity: "Insufficient Capacity"
        default: ""
        }
    }
}
