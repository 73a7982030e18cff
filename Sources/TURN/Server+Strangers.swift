import STUN

// Answers to clients that have shown no credential. They go wherever the request claims to come from, so they are few and
// small: anybody can have them sent to somebody else.
extension Server {
    /// The most bytes of such an answer, for each byte of its question.
    static let amplification = (numerator: 8, denominator: 5)

    /// Whether one more answer may go there.
    mutating func admitStranger(_ client: ClientPath) -> Bool {
        if isUnlimited(client) { return true }
        return strangers.admit(client.address.ip, addressHash, at: now.milliseconds)
    }

    /// Whether answers to that address are not counted.
    private func isUnlimited(_ client: ClientPath) -> Bool {
        // A stream's other end has shown that it is where it says it is.
        client.isStream || isHere(client)
    }

    private func isHere(_ client: ClientPath) -> Bool {
        policy.allowsLoopback && PeerPolicy.loopback.contains { $0.contains(client.address.ip) }
    }

    /// Whether the code of one more request is computed. A client with a nonce has got an answer at its address, and is
    /// counted by its own mistakes: a flood in the name of its network does not keep it out.
    func mayTry(_ client: ClientPath, hasNonce: Bool) -> Bool {
        if hasNonce {
            return isHere(client) || forgeries.hasRoom(client.address.ip, addressHash, at: now.milliseconds)
        }
        return isUnlimited(client) || strangers.hasRoom(client.address.ip, addressHash, at: now.milliseconds)
    }

    /// Counts a wrong code under a valid nonce.
    mutating func countForgery(_ client: ClientPath) {
        if !isHere(client) { _ = forgeries.admit(client.address.ip, addressHash, at: now.milliseconds) }
    }

    /// The bytes that an answer may have.
    func room(_ request: Request) -> Int {
        if request.client.isStream { return .max }
        return request.message.bytes.count * Self.amplification.numerator / Self.amplification.denominator
    }

    /// Answers with what is built, and with FINGERPRINT if the question had one and there is room.
    ///
    /// The one answer that can be longer than its request allows is a Binding response over IPv6: 44 bytes to 20, which is
    /// all that browsers send. It cannot be shorter; with the headers of IPv6 and UDP, which both have, it is 92 bytes to 68.
    mutating func finishForStranger(_ builder: consuming MessageBuilder, _ request: Request) -> ClientVerdict {
        if request.message.hasFingerprint, builder.bytes.count + 8 <= room(request) { builder.appendFingerprint() }
        answer = builder.bytes
        return .answer
    }

    /// A refusal that explains nothing.
    mutating func refuseStranger(_ request: Request, _ code: ErrorCode) -> ClientVerdict {
        guard admitStranger(request.client) else { return discard(.strangerLimit) }
        counters.count(code)
        var builder = answerBuilder(request, .failure)
        builder.append(code)
        return finishForStranger(builder, request)
    }

    /// 401, with what a client needs to ask again (RFC 8489 §9.2.4): realm, nonce and, where there is room for them, the
    /// password algorithms and the nonce's cookie that says so. What a browser asks first has 28 bytes and gets realm and a
    /// short nonce in 44: it knows nothing newer.
    mutating func challenge(_ request: Request) -> ClientVerdict {
        guard admitStranger(request.client) else { return discard(.strangerLimit) }
        if let redirection = redirection(of: request) {
            counters.count(ErrorCode.tryAlternate)
            return finishForStranger(redirection, request)
        }
        counters.count(ErrorCode.unauthenticated)
        var builder = answerBuilder(request, .failure)
        builder.append(.unauthenticated)
        appendNonce(to: &builder, request, room: room(request) - builder.bytes.count)
        return finishForStranger(builder, request)
    }

    /// Appends realm and nonce, and what comes with a whole nonce; less of it, or nothing, where there is no room for all.
    ///
    /// - Parameter room: the bytes that the answer may still grow by.
    func appendNonce(to builder: inout MessageBuilder, _ request: Request, room: Int) {
        // Realm and nonce have a header of 4 bytes each.
        let room = room - 4 - (configuration.realm.count + 3) & ~3 - 4
        let cookieNonce = SecurityFeatures.noncePrefixLength + Nonces.codeLength
        if room >= (cookieNonce + 3) & ~3 + 4 + Self.passwordAlgorithms.count {
            builder.append(.realm, configuration.realm)
            builder.append(.nonce, nonces.make(for: request.client, second: now.second))
            builder.append(.passwordAlgorithms, Self.passwordAlgorithms)
        } else if room >= Nonces.shortestCode {
            let length = min(room & ~3, Nonces.codeLength & ~3)
            builder.append(.realm, configuration.realm)
            builder.append(.nonce, nonces.makeShort(for: request.client, second: now.second, length: length))
        }
    }

    /// The value of PASSWORD-ALGORITHMS (RFC 8489 §14.11), the better one first.
    static let passwordAlgorithms = PasswordAlgorithm.sha256.bytes + PasswordAlgorithm.md5.bytes
}
