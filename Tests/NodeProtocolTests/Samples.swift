import NodeProtocol

/// One of every frame, request, response and push, with the longest lists and fields that are told apart.
enum Samples {
    static let identifier = [UInt8](0..<16)
    static let key = [UInt8](16..<48)
    static let text = [UInt8]("sealed".utf8)

    static let requests: [Request] = [
        .claim(token: key, authority: text, bubbleState: text, chain: text),
        .invitationBundle(invitation: identifier),
        .redeem(invitation: identifier, redemption: text),
        .bubbleState,
        .publishBubbleState(text),
        .putInvitation(invitation: identifier, verifier: key, expires: 7, bundle: text),
        .withdrawInvitation(invitation: identifier),
        .createMailbox(mailbox: identifier, deliveryKeyHash: key),
        .rotateDeliveryKey(mailbox: identifier, deliveryKeyHash: key),
        .fetchEnvelopes(mailbox: identifier, after: .max, limit: 32),
        .acknowledge(mailbox: identifier, through: 9),
        .deliver(mailbox: identifier, deliveryKey: key, transient: true, expires: 7, envelope: text),
        .putBlob(blob: key, expires: 7, bytes: text),
        .fetchBlob(blob: key),
        .deleteBlob(blob: key),
        .publishKeyPackages(mailbox: identifier, keyPackages: [text, [], text]),
        .takeKeyPackage(mailbox: identifier, deliveryKey: key),
        .createSlot(slot: identifier, tokenHash: key),
        .commit(slot: identifier, position: 3, token: key, nextTokenHash: key, sealedCommit: text),
        .fetchCommit(slot: identifier, position: 3, token: key),
        .putCheckpoint(text),
        .checkpoint,
        .relayCredential,
    ]

    static let responses: [Response] =
        [
            .done, .bubbleState(text), .invitationBundle(text), .redeemed(receipt: text),
            .envelopes(
                [StoredEnvelope(sequence: 1, envelope: text), StoredEnvelope(sequence: 2, envelope: [])], more: true),
            .envelopes([], more: false), .blob(text), .keyPackage(nil), .keyPackage(text), .commit(nil), .commit(text),
            .checkpoint(nil), .checkpoint(text),
            .relayCredential(
                RelayCredential(username: text, password: key, expires: 7, udpPort: 3_478, tcpPort: 0)),
        ] + Refusal.allCases.map { .refused($0) }

    static let clientFrames: [ClientFrame] =
        [
            .hello(version: 1, role: .guest, bubble: identifier, device: identifier, nonce: key),
            .hello(version: 1, role: .device, bubble: identifier, device: identifier, nonce: key),
            .authenticate(signature: key + key),
        ] + requests.enumerated().map { .request(id: UInt32($0.offset), $0.element) }

    static let nodeFrames: [NodeFrame] =
        [
            .challenge(version: 1, nodeKey: key, nonce: key, signature: key + key, time: 5), .established,
            .push(.envelope(mailbox: identifier, sequence: 0, envelope: text)), .push(.bubbleState(version: 4)),
            .push(.invitationRedeemed(invitation: identifier)),
        ] + Refusal.allCases.map { .goodbye($0) }
        + responses.enumerated().map { .response(id: UInt32($0.offset), $0.element) }
}
