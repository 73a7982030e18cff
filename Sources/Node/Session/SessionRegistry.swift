import NIOCore
import NodeProtocol
import Synchronization
import WireFormat

/// The established sessions of devices, in memory only: to whom something can be said unasked.
final class SessionRegistry: Sendable {
    /// One session, from any thread.
    final class Entry: Sendable {
        let device: DeviceRecord
        /// Under which of the node's own names the device has come.
        let origin: String
        private let session: NIOLoopBound<WebSocketSession>
        private let eventLoop: any EventLoop

        init(_ session: WebSocketSession, device: DeviceRecord, origin: String, on eventLoop: any EventLoop) {
            self.session = NIOLoopBound(session, eventLoop: eventLoop)
            self.device = device
            self.origin = origin
            self.eventLoop = eventLoop
        }

        fileprivate func send(_ frame: [UInt8]) {
            eventLoop.execute { [session] in session.value.send(frame) }
        }

        fileprivate func end(_ refusal: Refusal) {
            eventLoop.execute { [session] in session.value.end(refusal) }
        }
    }

    private struct State {
        var entries: [[UInt8]: [Entry]] = [:]
        /// How many devices have come under each origin: asked for often, and not to be counted anew.
        var devices: [String: Int] = [:]

        mutating func change(_ device: [UInt8], _ body: (inout [Entry]) -> Void) {
            let before = Set((entries[device] ?? []).map(\.origin))
            body(&entries[device, default: []])
            let after = Set((entries[device] ?? []).map(\.origin))
            if entries[device]?.isEmpty == true { entries[device] = nil }
            for origin in after.subtracting(before) { devices[origin, default: 0] += 1 }
            for origin in before.subtracting(after) {
                let count = devices[origin, default: 0] - 1
                devices[origin] = count > 0 ? count : nil
            }
        }
    }

    private let state = Mutex(State())
    private let sessionsPerDevice: Int

    init(sessionsPerDevice: Int) {
        self.sessionsPerDevice = sessionsPerDevice
    }

    /// A device that opens one session more than it may loses the oldest: the network has forgotten it.
    func add(_ entry: Entry) {
        let surplus = state.withLock { state in
            var surplus: Entry?
            state.change(entry.device.device) { entries in
                entries.append(entry)
                if entries.count > sessionsPerDevice { surplus = entries.removeFirst() }
            }
            return surplus
        }
        surplus?.end(.rateLimited)
    }

    func remove(_ entry: Entry) {
        state.withLock { state in
            state.change(entry.device.device) { $0.removeAll { $0 === entry } }
        }
    }

    /// Says something to every session of a device.
    ///
    /// - Returns: whether there is any.
    @discardableResult
    func push(_ push: Push, to device: [UInt8]) -> Bool {
        let open = state.withLock { $0.entries[device] ?? [] }
        guard !open.isEmpty else { return false }
        let frame = NodeFrame.push(push).encoded
        for entry in open { entry.send(frame) }
        return true
    }

    func push(toAll push: Push) {
        let frame = NodeFrame.push(push).encoded
        for entry in all { entry.send(frame) }
    }

    /// Ends the sessions of the devices that `condition` names.
    func end(_ refusal: Refusal, where condition: (DeviceRecord) -> Bool) {
        for entry in all where condition(entry.device) { entry.end(refusal) }
    }

    /// The names of the node under which devices have come, those of most devices first.
    var names: [ServerName] {
        let devices = state.withLock { $0.devices }
        let counts = devices.reduce(into: [ServerName: Int]()) { counts, origin in
            if let name = ServerName(origin: origin.key) { counts[name, default: 0] += origin.value }
        }
        return counts.sorted { ($1.value, $0.key.host) < ($0.value, $1.key.host) }.map(\.key)
    }

    private var all: [Entry] {
        state.withLock { $0.entries.values.flatMap { $0 } }
    }
}
