import CDatagrams
import Glibc
import STUN
import TURN

/// The sockets of one relay thread's allocations, and the poll set that they stand in.
final class RelaySocketTable: RelaySockets {
    let poll: Int32
    /// Why there is no poll set (`errno`); 0 if there is one.
    let failure: Int32
    /// Where relayed addresses are bound, so that peers are answered from the address they know: nil, for all addresses of
    /// the machine, where that is a router's, which passes on what comes to it.
    private var bindIPv4: IPAddress?
    private var bindIPv6: IPAddress?
    /// Sockets that are to be closed once what was to go out through them has gone. Their numbers must not be given to
    /// others before.
    private var ended: [Int32] = []

    init() {
        poll = datagram_poll_create()
        failure = poll < 0 ? errno : 0
    }

    deinit {
        closeEnded()
        if poll >= 0 { close(descriptor: poll) }
    }

    /// Binds what is opened from now on to these addresses.
    func bind(to addresses: RelayAddresses) {
        bindIPv4 = addresses.bound(.ipv4)
        bindIPv6 = addresses.bound(.ipv6)
    }

    func open(_ relay: RelayID, _ family: AddressFamily, port: UInt16) -> Int32? {
        let ip = family == .ipv4 ? bindIPv4 : bindIPv6
        let socket = DatagramSocket.open(family, ip, port: port, for: .relay)
        guard socket >= 0 else { return nil }
        guard watch(socket, as: relay.rawValue) else {
            close(descriptor: socket)
            return nil
        }
        return socket
    }

    /// What still comes from it is nobody's: the server does not know its name any more.
    func close(_ socket: Int32) { ended.append(socket) }

    /// Closes what the server is done with, before the poll set is asked again: closed sockets are no longer in it.
    func closeEnded() {
        for socket in ended { close(descriptor: socket) }
        ended.removeAll(keepingCapacity: true)
    }

    func watch(_ descriptor: Int32, as number: UInt64) -> Bool {
        datagram_poll_add(poll, descriptor, number) == 0
    }

    private func close(descriptor: Int32) { Glibc.close(descriptor) }
}
