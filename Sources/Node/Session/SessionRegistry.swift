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

    private let entries = Mutex<[[UInt8]: [Entry]]>([:])
    private let sessionsPerDevice: Int

    init(sessionsPerDevice: Int) {
        self.sessionsPerDevice = sessionsPerDevice
    }

    /// A device that opens one session more than it may loses the oldest: the network has forgotten it.
    func add(_ entry: Entry) {
        let surplus = entries.withLock { entries in
            entries[entry.device.device, default: []].append(entry)
            let count = entries[entry.device.device, default: []].count
            return count > sessionsPerDevice ? entries[entry.device.device]?.removeFirst() : nil
        }
        surplus?.end(.rateLimited)
    }

    func remove(_ entry: Entry) {
        entries.withLock { entries in
            entries[entry.device.device]?.removeAll { $0 === entry }
            if entries[entry.device.device]?.isEmpty == true { entries[entry.device.device] = nil }
        }
    }

    /// Says something to every session of a device.
    ///
    /// - Returns: whether there is any.
    @discardableResult
    func push(_ push: Push, to device: [UInt8]) -> Bool {
        let open = entries.withLock { $0[device] ?? [] }
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
        let names = entries.withLock { entries in
            entries.values.flatMap { sessions in Set(sessions.compactMap { ServerName(origin: $0.origin) }) }
        }
        let counts = names.reduce(into: [ServerName: Int]()) { counts, name in counts[name, default: 0] += 1 }
        return counts.sorted { ($1.value, $0.key.host) < ($0.value, $1.key.host) }.map(\.key)
    }

    private var all: [Entry] {
        entries.withLock { $0.values.flatMap { $0 } }
    }
}
