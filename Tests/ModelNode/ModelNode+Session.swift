import CryptoPrimitives
import NodeProtocol
import Trust

extension ModelNode {
    /// How far a connection has come.
    enum Session {
        /// Nothing has been said.
        case opened
        /// The node has proved itself to this device, and waits for its signature.
        case challenged(bubble: [UInt8], device: [UInt8], SessionTranscript)
        case guest
        case device([UInt8])

        /// The device that the connection has proved to speak for.
        var device: [UInt8]? {
            if case .device(let device) = self { return device }
            return nil
        }
    }

    /// Answers a hello with the node's proof. Whether the device is known shows only once it has signed.
    mutating func greet(
        _ role: SessionRole, bubble: [UInt8], device: [UInt8], nonce: [UInt8], on connection: Connection, now: UInt64
    ) {
        if role == .guest, (bubble + device).contains(where: { $0 != 0 }) { return end(connection, .malformed) }
        let nodeNonce = random.bytes(SessionTranscript.nonceLength)
        guard let bubbleID = try? BubbleID(bubble), let deviceID = try? DeviceID(device),
            let transcript = try? SessionTranscript(
                bubble: bubbleID, origin: origin, nodeKey: key, device: deviceID, clientNonce: nonce,
                nodeNonce: nodeNonce),
            let signature = try? SignatureScheme.ed25519.sign(transcript.bytes(role: .node), with: keySeed)
        else { return end(connection, .malformed) }
        outputs.append(
            .send(
                .challenge(
                    version: nodeProtocolVersion, nodeKey: key, nonce: nodeNonce, signature: signature, time: now),
                to: connection))
        switch role {
        case .guest:
            sessions[connection] = .guest
            outputs.append(.send(.established, to: connection))
        case .device:
            sessions[connection] = .challenged(bubble: bubble, device: device, transcript)
        }
    }

    mutating func authenticate(
        _ signature: [UInt8], bubble: [UInt8], device: [UInt8], transcript: SessionTranscript,
        on connection: Connection, now: UInt64
    ) {
        guard state.bubble?.authority.bubble.bytes == bubble, let known = state.devices[device],
            isGood(known, now: now), transcript.verify(signature, role: .client, by: known.sessionKey)
        else { return end(connection, .notAuthenticated) }
        sessions[connection] = .device(device)
        outputs.append(.send(.established, to: connection))
    }

    /// Ends the sessions of devices that the bubble state revokes.
    mutating func endRevokedSessions(now: UInt64) {
        for connection in sessions.keys.sorted() {
            guard let device = sessions[connection]?.device else { continue }
            if let known = state.devices[device], isGood(known, now: now) { continue }
            end(connection, .notAuthenticated)
        }
    }

    private func isGood(_ device: VerifiedDevice, now: UInt64) -> Bool {
        guard let bubble = state.bubble else { return false }
        do {
            try device.check(now: now, revoked: bubble.state.revoked)
            return true
        } catch {
            return false
        }
    }
}
