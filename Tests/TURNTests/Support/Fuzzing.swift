import CryptoPrimitives
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

    private static let key = Secret([1, 2, 3])
}
