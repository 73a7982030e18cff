import CryptoPrimitives
import Glibc
import STUN
import TURN

/// What is tried with arbitrary bytes, by a fuzzer (`make fuzz`) and, with the same bytes each time, by the tests. What must
/// never be ends the process.
enum Fuzzing {
    /// A message is refused, or every question about it has an answer that stays inside it.
    static func message(_ bytes: UnsafeRawBufferPointer) {
        guard let message = try? Message(bytes) else { return }
        var total = Message.headerLength
        for attribute in message.attributes {
            total += 4 + (attribute.value.count + 3) & ~3
            _ = attribute.bytes.reduce(0, ^)
            _ = try? PasswordAlgorithm(attribute.value)
            _ = SecurityFeatures(nonce: attribute.value)
            _ = try? message.number(attribute.type)
            // An address that can be read is written as it was.
            if let address = try? TransportAddress(xored: attribute.value, message.transactionID) {
                var builder = MessageBuilder(message.type, message.transactionID)
                builder.append(attribute.type, xored: address)
                precondition(
                    builder.bytes.dropFirst(Message.headerLength + 6).elementsEqual(attribute.value.dropFirst(2)))
            }
            if let address = try? TransportAddress(mapped: attribute.value) {
                var builder = MessageBuilder(message.type, message.transactionID)
                builder.append(attribute.type, address: address)
                precondition(
                    builder.bytes.dropFirst(Message.headerLength + 6).elementsEqual(attribute.value.dropFirst(2)))
            }
        }
        precondition(total <= bytes.count)
        _ = try? message.errorCode()
        _ = try? message.unknownAttributes()
        _ = message.isProtected(by: .sha1, key: key)
        _ = message.isProtected(by: .sha256, key: key)
        _ = message.isFingerprintRight
    }

    /// A stream falls apart into the same messages, however many bytes of it have come already, until one that is none.
    static func stream(_ bytes: UnsafeRawBufferPointer) {
        for acceptsOld in [false, true] {
            var offset = 0
            while offset < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
                let next = StreamFraming.next(rest, acceptingOldNumbers: acceptsOld)
                for count in 0..<min(rest.count, 8) {
                    let early = StreamFraming.next(
                        UnsafeRawBufferPointer(rebasing: rest[..<count]), acceptingOldNumbers: acceptsOld)
                    precondition(early == next || early == .incomplete)
                }
                guard case .length(let length) = next else {
                    precondition(next == .invalid || rest.count < 4)
                    break
                }
                precondition(length >= 4 && length & 3 == 0 && length <= StreamFraming.maximumLength)
                guard length <= rest.count else { break }
                // What a stream calls a message is one, if the cookie is right.
                let whole = UnsafeRawBufferPointer(rebasing: rest[..<length])
                precondition(whole[0] >= 0x40 || length >= Message.headerLength)
                message(whole)
                offset += length
            }
        }
    }

    /// A datagram as long as they come, whose bytes are its attributes, by a stranger and by a client with an allocation: the
    /// server is done with it in little time, whatever is in it.
    static func large(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 4 else { return }
        let methods: [Method] = [.binding, .allocate, .refresh, .createPermission, .channelBind, .send]
        let method = methods[Int(bytes[0]) % methods.count]
        let site = Site()
        let client = Client(site)
        client.allocate { $0.append(.additionalAddressFamily, [2, 0, 0, 0]) }
        let messageClass: MessageClass = method == .send ? .indication : .request
        var builder = MessageBuilder(
            MessageType(method, messageClass), client.nextTransaction(), capacity: bytes.count + 300)
        // Either each attribute has a type and a length of its own, mostly a short one; or the types are counted through, and
        // there are as many as there can be.
        let countsTypes = bytes[1] & 1 != 0
        var offset = 2
        var number: UInt16 = 0
        while offset + 4 <= bytes.count, builder.bytes.count < 65_000 {
            var type = 0x7FFF - number % 0x7000
            var length = bytes[offset] & 0x0F == 0 ? Int(bytes[offset] >> 4) : 0
            offset += 1
            if !countsTypes {
                type = UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
                if bytes[offset + 2] & 0xF0 == 0 { length = Int(bytes[offset + 2]) << 8 }
                offset += 3
            }
            let value = min(length, bytes.count - offset, 65_000 - builder.bytes.count)
            builder.append(
                AttributeType(rawValue: type), UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + value]))
            offset += value
            number += 1
        }
        let bare = builder.bytes
        builder.append(.username, client.username)
        builder.append(.realm, site.realm)
        builder.append(.nonce, client.nonce)
        builder.append(.sha1, key: client.key)
        let stranger = ClientPath(TransportAddress(IPAddress(198, 51, 100, 77), port: 1), link: 3)
        for (message, path) in [(bare, stranger), (bare, client.path), (builder.bytes, client.path)] {
            precondition(milliseconds { site.receive(message, from: path) } < 10, "it takes too long")
        }
    }

    /// The time that this thread's CPU spends: the least of three times, of which others may disturb one.
    private static func milliseconds(_ body: () -> Void) -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
        }
        return (0..<3).reduce(.infinity) { least, _ in
            let begun = now()
            body()
            return min(least, now() - begun)
        }
    }

    private static let key = Secret([1, 2, 3])
}
