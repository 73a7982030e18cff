import NIOCore
import NIOWebSocket
import NodeProtocol
import WireFormat

/// One WebSocket: the handshake, then requests and their answers, and what is told unasked.
///
/// All of it runs on the connection's event loop: an idle session is this object, a timer and TLS's own state. What a request
/// does is ``NodeService``'s concern; how much may be asked, held and waited for is this one's.
final class WebSocketSession: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private enum State {
        /// Nothing has been said.
        case opening
        /// A device has been challenged.
        case challenged(Handshake)
        /// Its proof is being compared with what the store holds.
        case proving
        case established(NodeService.Party)
        /// The last word has been said: what still comes in is thrown away, until the client has read it and closes.
        case ending
    }

    private let service: NodeService
    private let ledger: ConnectionLedger
    private let bounds: ServiceBounds
    private let origin: String
    private var state = State.opening
    private var context: ChannelHandlerContext?
    /// The places this session takes up among those from its address.
    private var places: [ConnectionLedger.Place] = []
    private var entry: SessionRegistry.Entry?
    private var assembler = MessageAssembler()
    private var requests: RequestQueue
    private var bucket: TokenBucket
    /// Refusals for asking too much, since the last request that was served.
    private var excess = 0
    /// Bytes that were written and that the client's machine has not taken yet.
    private var outgoing = 0
    private var lastHeard: NIODeadline
    private var timer: Scheduled<Void>?
    /// A read that waits until there is room for more requests.
    private var isReadPending = false

    /// How long a client has to take the last word.
    private static let lingering = TimeAmount.milliseconds(1_500)
    /// The bytes, in or out, that count as one request more.
    private static let bytesPerToken = 262_144.0
    /// A client that asks this often in vain does not listen, and is let go.
    private static let mostExcess = 500

    init(service: NodeService, ledger: ConnectionLedger, bounds: ServiceBounds, origin: String) {
        self.service = service
        self.ledger = ledger
        self.bounds = bounds
        self.origin = origin
        requests = RequestQueue(limit: bounds.requestsInFlight)
        lastHeard = .now()
        bucket = TokenBucket(bounds.guestRequests, now: lastHeard)
    }

    // MARK: - The connection's life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        service.metrics.sessionOpened()
        guard let place = ledger.admit(.session, from: context.remoteAddress) else {
            // What is written while TLS still writes the upgrade's answer would stay there.
            context.eventLoop.assumeIsolated().execute { self.end(.rateLimited) }
            return
        }
        places.append(place)
        schedule(in: .seconds(bounds.handshakeSeconds)) { session in
            if case .established = session.state { session.watch() } else { session.end(.notAuthenticated) }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
        service.metrics.sessionClosed()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        timer?.cancel()
        timer = nil
        if let entry { service.sessions.remove(entry) }
        entry = nil
        places = []
        state = .ending
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            end(.unavailable)
        case ChannelEvent.inputClosed:
            // The client has closed its half: nobody is left to answer.
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: end(.tooLarge)
        case is NIOWebSocketError: end(.malformed)
        case is ByteToMessageDecoderError: break
        default: context.close(promise: nil)
        }
    }

    /// Asks for a sign of life, and gives up on a client that shows none, or whose certificates have ended.
    private func watch() {
        if let entry, service.bubble?.admits(entry.device, now: service.clock()) != true {
            return end(.notAuthenticated)
        }
        let silence = NIODeadline.now() - lastHeard
        guard silence < .seconds(bounds.silenceSeconds) else {
            context?.close(promise: nil)
            return
        }
        if silence >= .seconds(bounds.pingSeconds) {
            write(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer()))
        }
        schedule(in: .seconds(max(1, min(bounds.pingSeconds, bounds.silenceSeconds - bounds.pingSeconds)))) { session in
            session.watch()
        }
    }

    private func schedule(in time: TimeAmount, _ body: @escaping (WebSocketSession) -> Void) {
        timer?.cancel()
        timer = context?.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
            if let self { body(self) }
        }
    }

    // MARK: - What comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        lastHeard = .now()
        if case .ending = state {
            if frame.opcode == .connectionClose { context.close(promise: nil) }
            return
        }
        switch frame.opcode {
        case .ping:
            // As dear as a request: an answer is owed.
            guard bucket.take(1, now: lastHeard) else { return end(.rateLimited) }
            write(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
        case .pong:
            break
        case .connectionClose:
            state = .ending
            write(WebSocketFrame(fin: true, opcode: .connectionClose, data: frame.unmaskedData))
            context.close(promise: nil)
        default:
            do throws(Refusal) {
                if let message = try assembler.add(frame) { try receive(message) }
            } catch {
                end(error)
            }
        }
    }

    private func receive(_ message: [UInt8]) throws(Refusal) {
        service.metrics.received(message.count)
        let frame: ClientFrame
        do throws(WireError) {
            frame = try ClientFrame(decoding: message)
        } catch {
            throw error == .tooLong ? .tooLarge : .malformed
        }
        switch (state, frame) {
        case (.opening, .hello(let version, let role, let bubble, let device, let nonce)):
            guard version == nodeProtocolVersion else { throw .unsupportedVersion }
            try greet(
                try Handshake(
                    role: role, bubble: bubble, device: device, nonce: nonce, origin: origin, node: service.identity))
        case (.challenged(let handshake), .authenticate(let signature)):
            prove(handshake, by: signature)
        case (.established(let party), .request(let id, let request)):
            take(RequestQueue.Item(id: id, request: request), length: message.count, from: party)
        default:
            throw .malformed
        }
    }

    // MARK: - Handshake

    private func greet(_ handshake: Handshake) throws(Refusal) {
        if handshake.role == .guest {
            guard let place = ledger.admit(.guest, from: context?.remoteAddress) else { throw .rateLimited }
            places.append(place)
        }
        send(try handshake.challenge(by: service.identity, time: service.clock()).encoded)
        switch handshake.role {
        case .guest: establish(.guest)
        case .device: state = .challenged(handshake)
        }
    }

    private func prove(_ handshake: Handshake, by signature: [UInt8]) {
        guard let context else { return }
        state = .proving
        let session = NIOLoopBound(self, eventLoop: context.eventLoop)
        service.store.read {
            try $0.device(handshake.device)
        } then: { [service] found in
            var admitted: DeviceRecord?
            if case .success(let device?) = found, let bubble = service.bubble,
                bubble.authority.bubble.bytes == handshake.bubble, bubble.admits(device, now: service.clock()),
                handshake.isProved(by: signature, key: device.sessionKey)
            {
                admitted = device
            }
            session.eventLoop.execute { [admitted] in
                guard case .proving = session.value.state else { return }
                guard let admitted else { return session.value.end(.notAuthenticated) }
                session.value.establish(.device(admitted, SeenCheckpoint()))
            }
        }
    }

    private func establish(_ party: NodeService.Party) {
        guard let context else { return }
        state = .established(party)
        var limit = FrameLengthHandler.guest
        if case .device = party { limit = Limits.frameLength }
        assembler.limit = limit
        do {
            try context.pipeline.syncOperations.handler(type: FrameLengthHandler.self).limit = limit
        } catch {
            return context.close(promise: nil)
        }
        send(NodeFrame.established.encoded)
        if case .device(let device, _) = party {
            bucket = TokenBucket(bounds.deviceRequests, now: .now())
            let entry = SessionRegistry.Entry(self, device: device, origin: origin, on: context.eventLoop)
            self.entry = entry
            service.sessions.add(entry)
            // Revoked between the look-up and now: the announcement may have missed this session.
            if service.bubble?.admits(device, now: service.clock()) != true { end(.notAuthenticated) }
        }
    }

    // MARK: - Requests

    private func take(_ item: RequestQueue.Item, length: Int, from party: NodeService.Party) {
        service.metrics.requested(item.request.kind)
        guard bucket.take(1 + Double(length) / Self.bytesPerToken, now: lastHeard) else {
            excess += 1
            if excess > Self.mostExcess { return end(.rateLimited) }
            return respond(.refused(.rateLimited), to: item.id)
        }
        excess = 0
        requests.append(item)
        work(for: party)
    }

    /// Begins as many of the waiting requests as may be begun.
    private func work(for party: NodeService.Party) {
        guard let context else { return }
        while let item = requests.next(room: bounds.outgoingBytes - outgoing) {
            let session = NIOLoopBound(self, eventLoop: context.eventLoop)
            service.answer(item.request, from: party) { response in
                session.eventLoop.execute { session.value.finish(item, response) }
            }
        }
        if isReadPending, requests.isEmpty {
            isReadPending = false
            context.read()
        }
    }

    private func finish(_ item: RequestQueue.Item, _ response: Response) {
        requests.finish(item)
        guard case .established(let party) = state else { return }
        respond(response, to: item.id)
        work(for: party)
    }

    private func respond(_ response: Response, to id: UInt32) {
        if case .refused(let refusal) = response { service.metrics.refused(refusal) }
        let frame = NodeFrame.response(id: id, response).encoded
        bucket.owe(Double(frame.count) / Self.bytesPerToken)
        send(frame)
    }

    /// No more is read from a client whose requests already wait.
    func read(context: ChannelHandlerContext) {
        if requests.isEmpty { context.read() } else { isReadPending = true }
    }

    // MARK: - What goes out

    /// Sends a frame of the protocol. A client that does not take what it is sent is let go: nothing is lost that is stored.
    func send(_ frame: [UInt8]) {
        guard let context else { return }
        if case .ending = state { return }
        guard outgoing + frame.count <= bounds.outgoingBytes + requests.promised else {
            service.metrics.slowReaderClosed()
            state = .ending
            return context.close(promise: nil)
        }
        service.metrics.sent(frame.count)
        write(WebSocketFrame(fin: true, opcode: .binary, data: context.channel.allocator.buffer(bytes: frame)))
    }

    private func write(_ frame: WebSocketFrame) {
        guard let context else { return }
        let length = frame.data.readableBytes
        outgoing += length
        context.writeAndFlush(wrapOutboundOut(frame)).assumeIsolated().whenComplete { [weak self] _ in
            guard let self else { return }
            outgoing -= length
            if case .established(let party) = state, !requests.isEmpty { work(for: party) }
        }
    }

    /// Says the last word and closes, once the client has had time to hear it.
    func end(_ refusal: Refusal) {
        guard let context else { return }
        if case .ending = state { return }
        service.metrics.refused(refusal)
        send(NodeFrame.goodbye(refusal).encoded)
        if case .ending = state { return }
        leave()
        var code = context.channel.allocator.buffer(capacity: 2)
        code.write(webSocketErrorCode: refusal == .unavailable ? .goingAway : .policyViolation)
        write(WebSocketFrame(fin: true, opcode: .connectionClose, data: code))
        schedule(in: Self.lingering) { $0.context?.close(promise: nil) }
        context.read()
    }
}
