import STUN

/// How clients come to a server.
public enum ClientTransport: Hashable, CaseIterable, Sendable, BitwiseCopyable {
    case udp
    case tcp
    /// TLS over TCP.
    case tls
}

/// Another server, to which new allocations are sent (RFC 8489 §10).
public struct AlternateServer: Hashable, Sendable {
    /// The transport of the clients that are sent there. They keep it: "using the same transport protocol".
    public let transport: ClientTransport
    /// ALTERNATE-SERVER (RFC 8489 §14.15).
    public let address: TransportAddress
    /// ALTERNATE-DOMAIN (RFC 8489 §14.16): the name in that server's certificate, a DNS name in ASCII; nil where clients find
    /// in it the name, or the address, that they know.
    public let domain: [UInt8]?

    /// - Parameter domain: has a meaning for TLS only.
    public init(_ transport: ClientTransport, _ address: TransportAddress, domain: [UInt8]? = nil) {
        self.transport = transport
        self.address = address
        self.domain = domain
    }
}

extension Server {
    /// Where who sent a request is to try instead (RFC 8489 §10): nowhere, or at one or two addresses of one server.
    func alternates(for request: Request) -> [AlternateServer] {
        let client = request.client
        // "If the transaction uses TLS …, if the transaction is authenticated by a MESSAGE-INTEGRITY-SHA256 attribute": then
        // the client "can process the ALTERNATE-DOMAIN attribute". Another one would look for this server's name in the
        // certificate, and is not sent where it cannot be found.
        let knowsDomains = client.transport == .tls && request.message.integrityAlgorithm == .sha256
        let fitting = configuration.alternateServers.filter { server in
            server.transport == client.transport && (server.domain == nil || knowsDomains)
        }
        // "… which MUST contain an IP address of the same address family as the source IP address of the request message".
        guard let first = fitting.first(where: { $0.address.family == client.address.family }) else { return [] }
        // "The server SHOULD include an additional ALTERNATE-SERVER attribute, after the mandatory one, that contains an IP
        // address of the address family other than" that: ALTERNATE-DOMAIN is one for both.
        let second = fitting.first { $0.address.family != first.address.family && $0.domain == first.domain }
        return [first] + (second.map { [$0] } ?? [])
    }

    /// Whether an allocation of `needed` relayed addresses is another server's.
    func isRedirected(_ needed: Int) -> Bool {
        configuration.redirection == .always || relays.count + needed > configuration.quotas.relays
    }

    /// 300 to a client that asks for an allocation and has shown no credential yet: "there are use cases for ALTERNATE-SERVER
    /// where authentication of the response is not possible or practical". Browsers are one. They follow only then: once
    /// they have this server's nonce they use it at the other one, too, and give up when it is refused.
    ///
    /// - Returns: nil if the allocation may be made here, exists already, or such an answer has no room.
    func redirection(of request: Request) -> MessageBuilder? {
        let message = request.message
        guard message.type.method == .allocate, message.integrityAlgorithm == nil, isRedirected(1),
            message.first(.reservationToken) == nil, allocation(of: request.client) == nil
        else { return nil }
        var builder = answerBuilder(request, .failure)
        builder.append(.tryAlternate)
        let bare = builder.bytes.count
        let room = room(request)
        for server in alternates(for: request) where builder.bytes.count + 4 + server.address.valueLength <= room {
            // Never the other family's alone.
            guard builder.bytes.count > bare || server.address.family == request.client.address.family else { break }
            builder.append(.alternateServer, address: server.address)
        }
        return builder.bytes.count > bare ? builder : nil
    }

    /// 300 to a client that has shown a credential, under its key.
    ///
    /// - Parameter servers: at least one.
    mutating func tryAlternate(
        _ servers: [AlternateServer], _ request: Request, _ requester: Requester
    ) -> ClientVerdict {
        counters.count(ErrorCode.tryAlternate)
        var builder = answerBuilder(request, .failure)
        builder.append(.tryAlternate, reason: ErrorCode.tryAlternate.phrase)
        for server in servers { builder.append(.alternateServer, address: server.address) }
        if let domain = servers.first?.domain { builder.append(.alternateDomain, domain) }
        return finish(builder, request, requester)
    }
}
