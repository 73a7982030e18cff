import NIOCore
import NIOHTTP1

/// Decides on a connection's first request whether it may become a WebSocket, and makes every other one an ordinary request.
///
/// NIO's upgrade handler (2.101) loses the head of a request that asks for an upgrade and gets none, so that it could not be
/// answered: such a request never reaches it.
final class UpgradeGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let mayUpgrade: (HTTPRequestHead) -> Bool

    init(mayUpgrade: @escaping (HTTPRequestHead) -> Bool) {
        self.mayUpgrade = mayUpgrade
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        if !(isWebSocket(head) && mayUpgrade(head)) { head.headers.remove(name: "Upgrade") }
        context.fireChannelRead(wrapInboundOut(.head(head)))
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    /// RFC 6455 §4.2.1, as far as the upgrade handler does not answer for it.
    private func isWebSocket(_ head: HTTPRequestHead) -> Bool {
        let headers = head.headers
        return head.method == .GET && headers[canonicalForm: "Upgrade"].map { $0.lowercased() } == ["websocket"]
            && headers[canonicalForm: "Connection"].contains { $0.lowercased() == "upgrade" }
            && headers["Sec-WebSocket-Key"].count == 1 && headers["Sec-WebSocket-Version"] == ["13"]
            && headers["Transfer-Encoding"].isEmpty && headers["Content-Length"].allSatisfy { $0 == "0" }
    }
}
