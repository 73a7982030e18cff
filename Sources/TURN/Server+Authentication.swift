import CryptoPrimitives
import STUN

extension Server {
    enum Authentication {
        case requester(Requester)
        case verdict(ClientVerdict)
    }

    /// The long-term credential mechanism (RFC 8489 §9.2.4), which every request of TURN's goes through (RFC 8656 §5).
    mutating func authenticate(_ request: Request) -> Authentication {
        let message = request.message
        // "If the message does not contain a MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256 attribute": 401.
        guard let integrity = message.integrityAlgorithm else { return .verdict(challenge(request)) }
        // "… but is missing either the USERNAME or USERHASH, REALM, or NONCE attribute": 400.
        guard let nonce = message.first(.nonce), message.first(.realm) != nil else {
            return .verdict(refuseStranger(request, .badRequest))
        }
        let name = message.first(.username).map { [UInt8]($0) }
        let userhash = message.first(.userhash).map { [UInt8]($0) }
        guard name != nil || userhash != nil else { return .verdict(refuseStranger(request, .badRequest)) }
        // The nonce cookie says that password algorithms are known: both attributes or none, the server's own list, and one
        // of it. Without either it is MD5. Anything else was changed on its way: 400.
        var algorithm = PasswordAlgorithm.md5
        if SecurityFeatures(nonce: nonce)?.contains(.passwordAlgorithms) == true {
            switch (message.first(.passwordAlgorithms), message.first(.passwordAlgorithm)) {
            case (nil, nil):
                break
            case (let list?, let chosen?):
                guard list.elementsEqual(Self.passwordAlgorithms), let known = try? PasswordAlgorithm(chosen) else {
                    return .verdict(refuseStranger(request, .badRequest))
                }
                algorithm = known
            default:
                return .verdict(refuseStranger(request, .badRequest))
            }
        }
        // "If the value of the USERNAME or USERHASH attribute is not valid": 401.
        guard let username = name ?? userhash.flatMap({ credentials.username(ofUserhash: $0) }) else {
            return .verdict(refuseCredential(request))
        }
        let isContinuing =
            if let allocation = allocation(of: request.client) { usernames[Int(allocation)] == username } else { false }
        guard
            let credential = credentials.credential(
                username: username, isContinuing: isContinuing, unixTime: now.unixTime)
        else { return .verdict(refuseCredential(request)) }
        // A code that no password of the user's explains: 401, whether or not the nonce is stale.
        for password in credential.passwords {
            let key = algorithm.key(username: username, realm: configuration.realm, password: password)
            guard message.isProtected(by: integrity, key: key) else { continue }
            let requester = Requester(
                username: username, subject: credential.subject, key: key, integrity: integrity)
            // "If the NONCE is no longer valid": 438, with another one.
            guard nonces.isValid(nonce, from: request.client, second: now.second) else {
                return .verdict(staleNonce(request, requester))
            }
            return .requester(requester)
        }
        return .verdict(refuseCredential(request))
    }

    private mutating func refuseCredential(_ request: Request) -> ClientVerdict {
        counters.wrongCredentials += 1
        return challenge(request)
    }

    /// The request was listened to and is sent again, or the nonce is old, or made for another address: only who knows the
    /// password can make use of the next one, so that the answer needs no limit.
    private mutating func staleNonce(_ request: Request, _ requester: Requester) -> ClientVerdict {
        counters.count(ErrorCode.staleNonce)
        var builder = answerBuilder(request, .failure)
        builder.append(.staleNonce, reason: ErrorCode.staleNonce.phrase)
        builder.append(.realm, configuration.realm)
        builder.append(.nonce, nonces.make(for: request.client, second: now.second))
        builder.append(.passwordAlgorithms, Self.passwordAlgorithms)
        return finish(builder, request, requester)
    }
}
