import CryptoPrimitives
import Glibc
import STUN
import TURN

/// Makes a TURN client's requests, over whatever they then go.
struct RelayRequests {
    private let username: [UInt8]
    private let password: Secret
    private var nonce: [UInt8] = []
    private var transactions: UInt64 = 0
    /// What requests are protected with. With SHA-256 they are those of a client that knows RFC 8489, and not only RFC 5389.
    var integrity = IntegrityAlgorithm.sha1

    /// - Parameter secret: the relay's, to make the credential from.
    init(secret: String, user: String) {
        let maker = TimeLimitedCredentials(secret: Secret(Array(secret.utf8)), realm: Array("turn".utf8))
        let made = maker.issue(
            user: Array(user.utf8), subject: Array(user.utf8), seconds: 600, unixTime: UInt64(time(nil)))
        username = made.username
        password = Secret(made.password)
    }

    init(username: [UInt8], password: [UInt8]) {
        self.username = username
        self.password = Secret(password)
    }

    /// A request without a credential, whose refusal has the nonce.
    static var question: [UInt8] {
        var question = MessageBuilder(MessageType(.allocate, .request), TransactionID(high: 1, low: 0))
        question.append(.requestedTransport, [17, 0, 0, 0])
        return question.bytes
    }

    static var binding: [UInt8] {
        MessageBuilder(MessageType(.binding, .request), TransactionID(high: 1, low: 1)).bytes
    }

    var knowsNonce: Bool { !nonce.isEmpty }

    mutating func learn(_ refusal: [UInt8]) { nonce = (try? RelayReply(refusal))?.values[.nonce] ?? [] }

    mutating func make(_ method: Method, _ attributes: (inout MessageBuilder) -> Void) -> [UInt8] {
        transactions += 1
        var builder = MessageBuilder(MessageType(method, .request), TransactionID(high: 1, low: transactions))
        attributes(&builder)
        builder.append(.username, username)
        builder.append(.realm, Array("turn".utf8))
        builder.append(.nonce, nonce)
        let key = PasswordAlgorithm.md5.key(username: username, realm: Array("turn".utf8), password: password)
        builder.append(integrity, key: key)
        return builder.bytes
    }
}

/// What the relay answers or tells, read.
struct RelayReply {
    let type: MessageType
    var values: [AttributeType: [UInt8]] = [:]
    private(set) var relayed: TransportAddress?
    /// The addresses of ALTERNATE-SERVER in their order.
    private(set) var alternates: [TransportAddress] = []
    private(set) var mapped: TransportAddress?
    private(set) var peer: TransportAddress?
    let error: ErrorCode?

    var isSuccess: Bool { type.messageClass == .success }

    init(_ bytes: [UInt8]) throws {
        self = try bytes.withUnsafeBytes { try RelayReply($0) }
    }

    private init(_ bytes: UnsafeRawBufferPointer) throws {
        let message = try Message(bytes)
        type = message.type
        error = try message.errorCode()
        for attribute in message.attributes {
            values[attribute.type] = attribute.bytes
            if attribute.type == .alternateServer { alternates.append(try TransportAddress(mapped: attribute.value)) }
        }
        relayed = try message.xorAddress(.xorRelayedAddress)
        mapped = try message.xorAddress(.xorMappedAddress)
        peer = try message.xorAddress(.xorPeerAddress)
    }
}
