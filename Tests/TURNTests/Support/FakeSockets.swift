import STUN
import TURN

/// Sockets that exist on paper: what is open, and ports that somebody else has.
final class FakeSockets: RelaySockets {
    struct Socket {
        let relay: RelayID
        let family: AddressFamily
        let port: UInt16
    }

    private(set) var open: [Int32: Socket] = [:]
    private(set) var opened = 0
    var portsOfOthers: Set<UInt16> = []
    var isExhausted = false

    func open(_ relay: RelayID, _ family: AddressFamily, port: UInt16) -> Int32? {
        guard !isExhausted, !portsOfOthers.contains(port) else { return nil }
        opened += 1
        open[Int32(opened)] = Socket(relay: relay, family: family, port: port)
        return Int32(opened)
    }

    func close(_ socket: Int32) {
        open[socket] = nil
    }

    func relay(port: UInt16, _ family: AddressFamily = .ipv4) -> RelayID? {
        open.values.first { $0.port == port && $0.family == family }?.relay
    }
}
