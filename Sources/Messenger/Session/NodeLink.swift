import CryptoPrimitives
import NodeProtocol
import Trust
import WireFormat

/// What a request was made for, so that its answer finds its way back.
enum Purpose: Equatable {
    case claim
    case openBundle
    case redeem
    case readState
    case publishState
    case createMailbox
    case publishKeyPackages
    case fetchEnvelopes
    case acknowledge
    case fetchBlob(id: [UInt8])
    case deleteBlob
    case putInvitation(id: [UInt8])
    case withdrawInvitation(id: [UInt8])
    /// A stored envelope for a conversation. `number` tells one attempt from another.
    case deliver(conversation: [UInt8], number: UInt32)
    case putBlob(conversation: [UInt8], number: UInt32)
    case putFileBlob(file: [UInt8], blob: [UInt8])
    case fetchFileBlob(file: [UInt8], index: UInt32)
    case deliverTransient(conversation: [UInt8])
    case createSlot(conversation: [UInt8])
    case commit(conversation: [UInt8], group: [UInt8], epoch: UInt64)
    case fetchCommit(conversation: [UInt8], epoch: UInt64)
    case takeKeyPackage(conversation: [UInt8])
    case putCheckpoint(counter: UInt64)
    case readCheckpoint
    case relayCredential
    /// Asked only in order to hear something.
    case probe
}

/// The party that speaks to the node: a guest or a device.
struct Speaker {
    let role: SessionRole
    let bubble: BubbleID
    let device: DeviceID
    /// The key that the bubble's state lists. nil: not known yet, take what the node shows.
    let nodeKey: [UInt8]?
    /// The device's session key, or nothing for a guest.
    let sign: ([UInt8]) -> [UInt8]?
}

/// What a frame of the node's amounts to.
enum Arrival {
    case nothing
    case established
    case response(Purpose, Response)
    case push(Push)
    case goodbye(Refusal)
    /// The node is another one than the bubble's state lists.
    case wrongNodeKey
    /// A frame that no honest node sends.
    case forged
}

/// The session with the node: proves both sides to each other, numbers requests and recognises their answers.
///
/// Retrying is not this layer's concern: what was in flight when the connection ended is forgotten here. The part that
/// still needs it asks again.
final class NodeLink {
    private enum Stage {
        case down
        /// Connected; nothing was said yet.
        case connected
        case greeted(nonce: [UInt8])
        /// The node's proof is good; ours, if any, is on its way.
        case proved
        case established
    }

    /// How long an answer may take before the connection counts as dead.
    private static let patience: UInt64 = 30_000
    /// A session that has been silent for ``quiet`` is probed, and is dead if the probe brings no answer within
    /// ``probePatience``: a socket can die without a word, and the node's own pings do not show in a browser.
    private static let quiet: UInt64 = 30_000
    private static let probePatience: UInt64 = 15_000

    private let effects: Effects
    private let origin: Text
    private var stage = Stage.down
    private var speaker: Speaker?
    private var requests: [(id: UInt32, purpose: Purpose, sent: UInt64)] = []
    private var nextID: UInt32 = 1
    /// When we said hello.
    private var greeted: UInt64 = 0
    /// When the node last said anything.
    private var heard: UInt64 = 0
    /// The node's key, once it has signed this session.
    private(set) var nodeKey: [UInt8]?
    /// The node's clock minus ours at the beginning of the session, in seconds.
    private(set) var clockDifference: Int64 = 0

    init(origin: Text, effects: Effects) {
        self.origin = origin
        self.effects = effects
    }

    var isEstablished: Bool {
        if case .established = stage { return true }
        return false
    }

    var isConnected: Bool {
        if case .down = stage { return false }
        return true
    }

    func connected() {
        reset()
        stage = .connected
        greet()
    }

    func disconnected() {
        reset()
    }

    /// Speaks as this party from now on. The caller has to open a session anew that stands already.
    func speak(as speaker: Speaker) {
        self.speaker = speaker
        greet()
    }

    /// Sends the request if the session stands; else it is dropped.
    func send(_ request: Request, for purpose: Purpose) {
        guard isEstablished else { return }
        let id = nextID
        nextID &+= 1
        requests.append((id, purpose, effects.now))
        effects.output.toNode.append(ClientFrame.request(id: id, request).encoded)
    }

    func isWaiting(for purpose: Purpose) -> Bool {
        requests.contains { $0.purpose == purpose }
    }

    /// When the node has been silent for too long. nil: nothing is awaited of it.
    var deadline: UInt64? {
        switch stage {
        case .down, .connected: nil
        case .greeted, .proved: greeted + Self.patience
        case .established: requests.map { $0.sent + Self.patience(for: $0.purpose) }.min()
        }
    }

    private static func patience(for purpose: Purpose) -> UInt64 {
        purpose == .probe ? probePatience : patience
    }

    /// When to ask the node for something, so that its silence shows. nil: its answer is awaited anyway.
    var probeAt: UInt64? { isEstablished && requests.isEmpty ? heard + Self.quiet : nil }

    func receive(_ frame: [UInt8]) -> Arrival {
        heard = effects.now
        do throws(WireError) {
            return take(try NodeFrame(decoding: frame))
        } catch {
            return .forged
        }
    }

    private func take(_ frame: NodeFrame) -> Arrival {
        switch (frame, stage) {
        case (.challenge(let version, let key, let nonce, let signature, let time), .greeted(let ownNonce)):
            guard version == nodeProtocolVersion else { return .forged }
            return answer(key: key, nonce: nonce, ownNonce: ownNonce, signature: signature, time: time)
        case (.established, .proved):
            stage = .established
            return .established
        case (.response(let id, let response), .established):
            guard let index = requests.firstIndex(where: { $0.id == id }) else { return .nothing }
            return .response(requests.remove(at: index).purpose, response)
        case (.push(let push), .established):
            return .push(push)
        case (.goodbye(let refusal), _):
            return .goodbye(refusal)
        default:
            // Repeated, or out of order: changes nothing.
            return .nothing
        }
    }

    private func answer(key: [UInt8], nonce: [UInt8], ownNonce: [UInt8], signature: [UInt8], time: UInt64) -> Arrival {
        guard let speaker else { return .nothing }
        if let expected = speaker.nodeKey, expected != key { return .wrongNodeKey }
        do throws(TrustError) {
            let transcript = try SessionTranscript(
                bubble: speaker.bubble, origin: origin.string, nodeKey: key, device: speaker.device,
                clientNonce: ownNonce, nodeNonce: nonce)
            guard transcript.verify(signature, role: .node, by: key) else { return .forged }
            if speaker.role == .device {
                guard let proof = speaker.sign(transcript.bytes(role: .client)) else { return .forged }
                effects.output.toNode.append(ClientFrame.authenticate(signature: proof).encoded)
            }
        } catch {
            return .forged
        }
        nodeKey = key
        clockDifference = Int64(clamping: time) - Int64(clamping: effects.seconds)
        stage = .proved
        return .nothing
    }

    private func greet() {
        guard case .connected = stage, let speaker else { return }
        let nonce = effects.random.bytes(SessionTranscript.nonceLength)
        stage = .greeted(nonce: nonce)
        greeted = effects.now
        effects.output.toNode.append(
            ClientFrame.hello(
                version: nodeProtocolVersion, role: speaker.role, bubble: speaker.bubble.bytes,
                device: speaker.device.bytes, nonce: nonce
            ).encoded)
    }

    private func reset() {
        stage = .down
        requests = []
        nodeKey = nil
    }
}
