import WireFormat

extension Request: WireCodable {
    public func encode(into writer: inout WireWriter) {
        switch self {
        case .claim(let token, let authority, let bubbleState, let chain):
            writer.write(UInt8(0))
            writer.write(fixed: token)
            writer.write(opaque: authority)
            writer.write(opaque: bubbleState)
            writer.write(opaque: chain)
        case .invitationBundle(let invitation):
            writer.write(UInt8(1))
            writer.write(fixed: invitation)
        case .redeem(let invitation, let redemption):
            writer.write(UInt8(2))
            writer.write(fixed: invitation)
            writer.write(opaque: redemption)
        case .bubbleState:
            writer.write(UInt8(3))
        case .publishBubbleState(let state):
            writer.write(UInt8(4))
            writer.write(opaque: state)
        case .putInvitation(let invitation, let verifier, let expires, let bundle):
            writer.write(UInt8(5))
            writer.write(fixed: invitation)
            writer.write(fixed: verifier)
            writer.write(expires)
            writer.write(opaque: bundle)
        case .withdrawInvitation(let invitation):
            writer.write(UInt8(6))
            writer.write(fixed: invitation)
        case .createMailbox(let mailbox, let deliveryKeyHash):
            writer.write(UInt8(7))
            writer.write(fixed: mailbox)
            writer.write(fixed: deliveryKeyHash)
        case .rotateDeliveryKey(let mailbox, let deliveryKeyHash):
            writer.write(UInt8(8))
            writer.write(fixed: mailbox)
            writer.write(fixed: deliveryKeyHash)
        case .fetchEnvelopes(let mailbox, let after, let limit):
            writer.write(UInt8(9))
            writer.write(fixed: mailbox)
            writer.write(after)
            writer.write(limit)
        case .acknowledge(let mailbox, let through):
            writer.write(UInt8(10))
            writer.write(fixed: mailbox)
            writer.write(through)
        case .deliver(let mailbox, let deliveryKey, let transient, let expires, let envelope):
            writer.write(UInt8(11))
            writer.write(fixed: mailbox)
            writer.write(fixed: deliveryKey)
            writer.write(transient)
            writer.write(expires)
            writer.write(opaque: envelope)
        case .putBlob(let blob, let expires, let bytes):
            writer.write(UInt8(12))
            writer.write(fixed: blob)
            writer.write(expires)
            writer.write(opaque: bytes)
        case .fetchBlob(let blob):
            writer.write(UInt8(13))
            writer.write(fixed: blob)
        case .deleteBlob(let blob):
            writer.write(UInt8(14))
            writer.write(fixed: blob)
        case .publishKeyPackages(let mailbox, let keyPackages):
            writer.write(UInt8(15))
            writer.write(fixed: mailbox)
            writer.writeVector { writer in
                for keyPackage in keyPackages { writer.write(opaque: keyPackage) }
            }
        case .takeKeyPackage(let mailbox, let deliveryKey):
            writer.write(UInt8(16))
            writer.write(fixed: mailbox)
            writer.write(fixed: deliveryKey)
        case .createSlot(let slot, let tokenHash):
            writer.write(UInt8(17))
            writer.write(fixed: slot)
            writer.write(fixed: tokenHash)
        case .commit(let slot, let position, let token, let nextTokenHash, let sealedCommit):
            writer.write(UInt8(18))
            writer.write(fixed: slot)
            writer.write(position)
            writer.write(fixed: token)
            writer.write(fixed: nextTokenHash)
            writer.write(opaque: sealedCommit)
        case .fetchCommit(let slot, let position, let token):
            writer.write(UInt8(19))
            writer.write(fixed: slot)
            writer.write(position)
            writer.write(fixed: token)
        case .putCheckpoint(let checkpoint):
            writer.write(UInt8(20))
            writer.write(opaque: checkpoint)
        case .checkpoint:
            writer.write(UInt8(21))
        case .relayCredential:
            writer.write(UInt8(22))
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 0:
            self = .claim(
                token: try reader.readFixed(32), authority: try reader.readOpaque(limit: Limits.enrolmentLength),
                bubbleState: try reader.readOpaque(limit: Limits.enrolmentLength),
                chain: try reader.readOpaque(limit: Limits.enrolmentLength))
        case 1: self = .invitationBundle(invitation: try reader.readFixed(16))
        case 2:
            self = .redeem(
                invitation: try reader.readFixed(16),
                redemption: try reader.readOpaque(limit: Limits.enrolmentLength))
        case 3: self = .bubbleState
        case 4: self = .publishBubbleState(try reader.readOpaque(limit: Limits.enrolmentLength))
        case 5:
            self = .putInvitation(
                invitation: try reader.readFixed(16), verifier: try reader.readFixed(32),
                expires: try reader.readUInt64(), bundle: try reader.readOpaque(limit: Limits.bundleLength))
        case 6: self = .withdrawInvitation(invitation: try reader.readFixed(16))
        case 7:
            self = .createMailbox(mailbox: try reader.readFixed(16), deliveryKeyHash: try reader.readFixed(32))
        case 8:
            self = .rotateDeliveryKey(mailbox: try reader.readFixed(16), deliveryKeyHash: try reader.readFixed(32))
        case 9:
            self = .fetchEnvelopes(
                mailbox: try reader.readFixed(16), after: try reader.readUInt64(), limit: try reader.readUInt16())
        case 10: self = .acknowledge(mailbox: try reader.readFixed(16), through: try reader.readUInt64())
        case 11:
            self = .deliver(
                mailbox: try reader.readFixed(16), deliveryKey: try reader.readFixed(32),
                transient: try reader.readBool(), expires: try reader.readUInt64(),
                envelope: try reader.readOpaque(limit: Limits.envelopeLengths[2]))
        case 12:
            self = .putBlob(
                blob: try reader.readFixed(32), expires: try reader.readUInt64(),
                bytes: try reader.readOpaque(limit: Limits.blobLength))
        case 13: self = .fetchBlob(blob: try reader.readFixed(32))
        case 14: self = .deleteBlob(blob: try reader.readFixed(32))
        case 15:
            let mailbox = try reader.readFixed(16)
            var list = try reader.readSlice()
            var keyPackages: [[UInt8]] = []
            while !list.isAtEnd {
                guard keyPackages.count < Limits.keyPackagesPerDevice else { throw .tooLong }
                keyPackages.append(try list.readOpaque(limit: Limits.keyPackageLength))
            }
            self = .publishKeyPackages(mailbox: mailbox, keyPackages: keyPackages)
        case 16: self = .takeKeyPackage(mailbox: try reader.readFixed(16), deliveryKey: try reader.readFixed(32))
        case 17: self = .createSlot(slot: try reader.readFixed(16), tokenHash: try reader.readFixed(32))
        case 18:
            self = .commit(
                slot: try reader.readFixed(16), position: try reader.readUInt64(), token: try reader.readFixed(32),
                nextTokenHash: try reader.readFixed(32), sealedCommit: try reader.readOpaque(limit: Limits.blobLength))
        case 19:
            self = .fetchCommit(
                slot: try reader.readFixed(16), position: try reader.readUInt64(), token: try reader.readFixed(32))
        case 20: self = .putCheckpoint(try reader.readOpaque(limit: Limits.checkpointLength))
        case 21: self = .checkpoint
        case 22: self = .relayCredential
        default: throw .invalidValue
        }
    }
}

extension Response: WireCodable {
    public func encode(into writer: inout WireWriter) {
        switch self {
        case .done:
            writer.write(UInt8(0))
        case .bubbleState(let state):
            writer.write(UInt8(1))
            writer.write(opaque: state)
        case .invitationBundle(let bundle):
            writer.write(UInt8(2))
            writer.write(opaque: bundle)
        case .redeemed(let receipt):
            writer.write(UInt8(3))
            writer.write(opaque: receipt)
        case .envelopes(let envelopes, let more):
            writer.write(UInt8(4))
            writer.write(vector: envelopes)
            writer.write(more)
        case .blob(let bytes):
            writer.write(UInt8(5))
            writer.write(opaque: bytes)
        case .keyPackage(let keyPackage):
            writer.write(UInt8(6))
            writer.write(optionalOpaque: keyPackage)
        case .commit(let commit):
            writer.write(UInt8(7))
            writer.write(optionalOpaque: commit)
        case .checkpoint(let checkpoint):
            writer.write(UInt8(8))
            writer.write(optionalOpaque: checkpoint)
        case .refused(let refusal):
            writer.write(UInt8(9))
            writer.write(refusal)
        case .relayCredential(let credential):
            writer.write(UInt8(10))
            writer.write(credential)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.readUInt8() {
        case 0: self = .done
        case 1: self = .bubbleState(try reader.readOpaque())
        case 2: self = .invitationBundle(try reader.readOpaque())
        case 3: self = .redeemed(receipt: try reader.readOpaque())
        case 4:
            self = .envelopes(
                try reader.readVector(limit: Limits.envelopesPerFetch), more: try reader.readBool())
        case 5: self = .blob(try reader.readOpaque())
        case 6: self = .keyPackage(try reader.readOptionalOpaque())
        case 7: self = .commit(try reader.readOptionalOpaque())
        case 8: self = .checkpoint(try reader.readOptionalOpaque())
        case 9: self = .refused(try reader.read())
        case 10: self = .relayCredential(try reader.read())
        default: throw .invalidValue
        }
    }
}

extension WireWriter {
    fileprivate mutating func write(optionalOpaque value: [UInt8]?) {
        write(value != nil)
        if let value { write(opaque: value) }
    }
}

extension WireReader {
    fileprivate mutating func readOptionalOpaque() throws(WireError) -> [UInt8]? {
        try readBool() ? try readOpaque() : nil
    }
}
