import CryptoPrimitives
import Foundation
import Glibc
import NodeClient
import NodeProtocol
import Testing

@Suite("A full disk")
struct FullDiskTests {
    @Test(
        "is said by /healthz, the doctor and one line; nothing is lost, what frees room works, and the node starts again",
        .enabled(if: geteuid() == 0, "only root can mount a small disk"))
    func fullDisk() async throws {
        let folder = try TemporaryFolder()
        let disk = try SmallDisk(folder.path + "/data", mebibytes: 6)
        defer { disk.unmount() }
        let node = try await NodeProcess(folder: folder)
        let bubble = try await TestBubble(claiming: try #require(node.operatorLink), over: try await node.connect())
        var session = try await bubble.session(over: try await node.connect(), origin: node.origin)
        let mailbox = try await TestMailbox(of: session)
        let envelopes = (0..<6).map { _ in Randomness.system().bytes(Limits.envelopeLengths[2]) }
        for envelope in envelopes {
            #expect(try await session.ask(mailbox.delivery(envelope, at: session.nodeTime)) == .done)
        }
        let https = try HTTPSClient(node.origin, trusting: try node.authority)
        #expect(try await https.get("/healthz").status == 200)

        try disk.fill()
        #expect(try await https.get("/healthz").status == 503)
        #expect(try await session.ask(mailbox.delivery(envelopes[0], at: session.nodeTime)) == .refused(.unavailable))
        #expect(try await session.ask(.acknowledge(mailbox: mailbox.id, through: 1)) == .done)
        #expect(try await https.get("/healthz").status == 503)
        await session.close()
        #expect(try await node.terminate() == 0)
        var lines = node.log.split(separator: "\n")
        #expect(lines.count { $0.contains("disk of the data folder is full") } == 1, "\(node.log)")

        try await node.start()
        #expect(try await https.get("/healthz").status == 503)
        let doctor = try await NodeProcess.output(of: ["doctor", "--data", node.data, "--turn-port", "0"])
        #expect(doctor.status == 1)
        #expect(doctor.out.contains("fail  Data: the disk is full"), "\(doctor.out) \(doctor.err)")
        session = try await bubble.session(over: try await node.connect(), origin: node.origin)
        #expect(try await session.ask(.acknowledge(mailbox: mailbox.id, through: 2)) == .done)
        #expect(try await session.ask(mailbox.delivery(envelopes[0], at: session.nodeTime)) == .refused(.unavailable))
        let left = (3...6).map { StoredEnvelope(sequence: UInt64($0), envelope: envelopes[$0 - 1]) }
        let fetch = Request.fetchEnvelopes(mailbox: mailbox.id, after: 0, limit: 32)
        #expect(try await session.ask(fetch) == .envelopes(left, more: false))

        try disk.makeRoom()
        #expect(try await https.get("/healthz").status == 200)
        #expect(try await session.ask(mailbox.delivery(envelopes[0], at: session.nodeTime)) == .done)
        #expect(
            try await session.ask(fetch)
                == .envelopes(left + [StoredEnvelope(sequence: 7, envelope: envelopes[0])], more: false))
        await session.close()
        #expect(try await node.terminate() == 0)
        lines = node.log.split(separator: "\n")
        #expect(lines.count { $0.contains("disk of the data folder is full") } == 1, "\(node.log)")
        #expect(lines.count { $0.contains("There is room in the data folder again") } == 1, "\(node.log)")
    }

    @Test(
        "is emptied by what members delete: the node gives the room back and stores again by itself",
        .enabled(if: geteuid() == 0, "only root can mount a small disk"))
    func emptied() async throws {
        let folder = try TemporaryFolder()
        let disk = try SmallDisk(folder.path + "/data", mebibytes: 12)
        defer { disk.unmount() }
        let node = try await NodeProcess(folder: folder)
        let bubble = try await TestBubble(claiming: try #require(node.operatorLink), over: try await node.connect())
        let session = try await bubble.session(over: try await node.connect(), origin: node.origin)
        func put(_ id: [UInt8], _ length: Int) -> Request {
            .putBlob(
                blob: id, expires: session.nodeTime + 6_000, bytes: [UInt8](repeating: 3, count: length))
        }
        var blobs: [[UInt8]] = []
        // It fills the disk itself, as far as it lets itself.
        while blobs.count < 64 {
            let id = Randomness.system().bytes(32)
            guard try await session.ask(put(id, 256 << 10)) == .done else { break }
            blobs.append(id)
        }
        #expect((8..<48).contains(blobs.count), "\(blobs.count)")
        let https = try HTTPSClient(node.origin, trusting: try node.authority)
        #expect(try await https.get("/healthz").status == 503)
        for id in blobs { #expect(try await session.ask(.deleteBlob(blob: id)) == .done) }
        // It looks every five seconds.
        var status = 503
        for _ in 0..<100 where status != 200 {
            try await Task.sleep(for: .milliseconds(200))
            status = try await https.get("/healthz").status
        }
        #expect(status == 200)
        #expect(try await session.ask(put(Randomness.system().bytes(32), 256 << 10)) == .done)
        await session.close()
        #expect(try await node.terminate() == 0)
    }
}

/// A disk of a few mebibytes at a path of the test's.
private final class SmallDisk: Sendable {
    struct Failure: Error {
        let error: Int32
    }

    private let path: String
    private var filler: String { path + "/another-program" }

    init(_ path: String, mebibytes: Int) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(mebibytes)m,mode=0700") == 0 else { throw Failure(error: errno) }
    }

    /// Another program takes all there is.
    func fill() throws {
        let descriptor = open(filler, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(error: errno) }
        let piece = [UInt8](repeating: 1, count: 4_096)
        while write(descriptor, piece, piece.count) > 0 {}
        close(descriptor)
    }

    func makeRoom() throws {
        guard unlink(filler) == 0 else { throw Failure(error: errno) }
    }

    func unmount() {
        umount2(path, Int32(MNT_DETACH))
    }
}
