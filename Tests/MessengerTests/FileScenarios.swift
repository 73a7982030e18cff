import Messenger
import Simulator
import Testing

@Suite("Two people who send each other files")
struct FileScenarios {
    @Test("and are both there move the chunks between them, and the node sees none")
    func direct() throws {
        let world = try World.acquainted(2, seed: 1)
        let envelopes = world.envelopes
        for size in [0, 1, 65_520, 65_521, 2_000_000] { world.sendFile(of: size, from: 0, to: 1) }
        world.sendFile(of: 300_000, from: 1, to: 0)
        world.pass(seconds: 60)
        #expect(world.fileStates(of: 0, with: 1) == Array(repeating: .complete, count: 6))
        #expect(world.openFiles(1, from: 0) == 6)
        #expect(world.fileChunks == 1 + 1 + 1 + 2 + 31 + 5)
        #expect(world.envelopes == envelopes)
        #expect(world.storedBlobs == 0)
        #expect(world.finish() == [])
    }

    @Test("one of whom is away leave small files at the node and let large ones wait")
    func throughTheNode() throws {
        let world = try World.acquainted(2, seed: 2)
        world.leave(1)
        world.pass(seconds: 30)
        world.sendFile(of: 1 << 20, from: 0, to: 1)
        world.sendFile(of: (1 << 20) + 1, from: 0, to: 1)
        world.pass(seconds: 8)
        #expect(world.storedBlobs == 0, "a channel may still come about")
        world.pass(seconds: 30)
        #expect(world.fileStates(of: 0, with: 1) == [.atNode, .waiting])
        #expect(world.storedBlobs == 2)
        // The sender goes before the recipient comes.
        world.leave(0)
        world.pass(seconds: 30)
        world.comeBack(1)
        #expect(world.fileStates(of: 1, with: 0) == [.complete, .waiting])
        #expect(world.fileBlobs == 2)
        #expect(world.storedBlobs == 0, "the recipient deletes what it has")
        world.comeBack(0)
        world.pass(seconds: 60)
        #expect(world.fileStates(of: 1, with: 0) == [.complete, .complete])
        #expect(world.fileStates(of: 0, with: 1) == [.complete, .complete])
        #expect(world.openFiles(1, from: 0) == 2)
        #expect(world.finish() == [])
    }

    @Test("one of whom is taken out of the bubble fetch nothing of the other's from the node any more")
    func removed() throws {
        let world = try World.acquainted(2, seed: 15)
        world.cutDirectPaths()
        world.leave(0)
        world.pass(seconds: 30)
        world.sendFile(of: 1 << 20, from: 1, to: 0)
        world.pass(seconds: 40)
        #expect(world.fileStates(of: 1, with: 0) == [.atNode])
        world.refuseBlobs(true)
        world.comeBack(0)
        #expect(world.fileStates(of: 0, with: 1).count == 1)
        world.revoke(1)
        world.pass(seconds: 10)
        world.refuseBlobs(false)
        world.pass(seconds: 120)
        world.leave(0)
        world.comeBack(0)
        #expect(world.fileBlobs == 0)
    }

    @Test("go on where they were after a reload of either, a dead channel and a killed node", arguments: [0, 1, 2, 3])
    func resumption(what: Int) throws {
        let world = try World.acquainted(2, seed: 3)
        world.sendFile(of: 30_000_000, from: 0, to: 1)
        world.pass(untilChunks: 180)
        #expect((180..<200).contains(world.fileChunks))
        switch what {
        case 0, 1:
            world.leave(what)
            world.pass(seconds: 30)
            world.comeBack(what)
        case 2:
            world.cutDirectPaths()
            world.pass(seconds: 60)
            world.mendDirectPaths()
        default: world.killNode()
        }
        world.pass(seconds: 180)
        #expect(world.fileStates(of: 0, with: 1) == [.complete])
        #expect(world.fileStates(of: 1, with: 0) == [.complete])
        #expect(world.openFiles(1, from: 0) == 1)
        // What was on its way is sent again, and not more.
        #expect(world.fileChunks <= 458 + 8)
        #expect(world.finish() == [])
    }

    @Test("one of whom has a browser that makes no connections use the node at once", arguments: [0, 1])
    func noConnections(person: Int) throws {
        let world = try World.acquainted(2, seed: 15)
        world.act(person, .callsSupported(.noConnections))
        world.pass(seconds: 2)
        world.cutDirectPaths()
        world.pass(seconds: 60)
        world.mendDirectPaths()
        world.pass(seconds: 120)
        #expect(world.conversation(of: 0, with: 1)?.connection == .mailbox)
        #expect(world.conversation(of: 1, with: 0)?.connection == .mailbox)
        #expect(world.conversation(of: 1 - person, with: person)?.calls == .noConnections)
        world.sendFile(of: 3_000, from: 0, to: 1)
        world.sendFile(of: 3_000, from: 1, to: 0)
        world.pass(seconds: 4)
        #expect(world.fileStates(of: 0, with: 1) == [.complete, .complete])
        #expect(world.fileStates(of: 1, with: 0) == [.complete, .complete])
        world.ring(1 - person, person)
        world.pass(seconds: 3)
        #expect(world.calls(of: 1 - person).map(\.reason) == [.unsupported])
        #expect(world.finish() == [])
    }

    @Test("begin a transfer anew that does not come forward, on the same channel")
    func stalled() throws {
        let world = try World.acquainted(2, seed: 14)
        world.sendFile(of: 3_000_000, from: 0, to: 1)
        world.pass(untilChunks: 20)
        world.breakFileChannels()
        world.pass(seconds: 30)
        #expect(world.fileStates(of: 1, with: 0) == [.moving])
        #expect(world.fileChunks < 46)
        world.pass(seconds: 60)
        #expect(world.fileStates(of: 1, with: 0) == [.complete])
        #expect(world.fileStates(of: 0, with: 1) == [.complete])
        #expect(world.openFiles(1, from: 0) == 1)
        #expect(world.finish() == [])
    }

    @Test("can pause and go on, on either side", arguments: [0, 1])
    func pausing(person: Int) throws {
        let world = try World.acquainted(2, seed: 4)
        world.sendFile(of: 10_000_000, from: 0, to: 1)
        world.pass(untilChunks: 50)
        world.pause(true, person, with: 1 - person)
        world.pass(seconds: 5)
        let sent = world.fileChunks
        #expect(world.fileStates(of: person, with: 1 - person) == [.pausedHere])
        #expect(world.fileStates(of: 1 - person, with: person) == [.pausedThere])
        world.pass(seconds: 60)
        #expect(world.fileChunks == sent)
        // The pause outlives a reload.
        world.leave(person)
        world.pass(seconds: 30)
        world.comeBack(person)
        world.pass(seconds: 60)
        #expect(world.fileChunks == sent)
        #expect(world.fileStates(of: person, with: 1 - person) == [.pausedHere])
        world.pause(false, person, with: 1 - person)
        world.pass(seconds: 60)
        #expect(world.fileStates(of: 1, with: 0) == [.complete])
        #expect(world.openFiles(1, from: 0) == 1)
        #expect(world.finish() == [])
    }

    @Test("can cancel, on either side, and nothing is left", arguments: [0, 1], [true, false])
    func cancelling(person: Int, together: Bool) throws {
        let world = try World.acquainted(2, seed: 5)
        if !together {
            world.leave(1)
            world.pass(seconds: 30)
        }
        world.sendFile(of: together ? 10_000_000 : 500_000, from: 0, to: 1)
        if together { world.pass(untilChunks: 50) } else { world.pass(seconds: 40) }
        if !together {
            if person == 1 {
                // The one who comes back declines before the blob is there.
                world.leave(0)
                world.cutDirectPaths()
                world.comeBack(1)
            } else {
                #expect(world.storedBlobs == 1)
            }
        }
        world.cancelFiles(person, with: 1 - person)
        world.pass(seconds: 30)
        world.mendDirectPaths()
        world.comeBack(0)
        world.comeBack(1)
        world.pass(seconds: 30)
        if together || person == 0 {
            #expect(world.fileStates(of: 0, with: 1) == [.cancelled])
            #expect(world.fileStates(of: 1, with: 0) == [.cancelled])
            #expect(world.disk(of: 0).files == 0)
            #expect(world.disk(of: 1).files == 0)
        }
        #expect(world.storedBlobs == 0)
        #expect(world.finish() == [])
    }

    @Test(
        "hear of a file that one has lost before the other had it, and can fetch again what they have lost themselves")
    func lostDisks() throws {
        let world = try World.acquainted(2, seed: 6)
        world.leave(1)
        world.pass(seconds: 30)
        world.sendFile(of: 2_000_000, from: 0, to: 1)
        world.pass(seconds: 30)
        world.leave(0)
        world.loseDisk(of: 0)
        world.comeBack(0)
        world.comeBack(1)
        world.pass(seconds: 30)
        #expect(world.fileStates(of: 0, with: 1) == [.failed])
        #expect(world.fileStates(of: 1, with: 0) == [.cancelled])
        world.sendFile(of: 200_000, from: 0, to: 1)
        world.pass(seconds: 30)
        world.leave(1)
        world.loseDisk(of: 1)
        world.comeBack(1)
        world.pass(seconds: 30)
        #expect(world.fileStates(of: 1, with: 0) == [.cancelled, .failed])
        world.retryFiles(1, with: 0)
        world.pass(seconds: 60)
        #expect(world.fileStates(of: 1, with: 0) == [.cancelled, .complete])
        #expect(world.openFiles(1, from: 0) == 1)
    }

    @Test("do not take for received what their disk has spoilt")
    func spoiltDisk() throws {
        let world = try World.acquainted(2, seed: 7)
        world.sendFile(of: 10_000_000, from: 0, to: 1)
        world.pass(untilChunks: 50)
        world.leave(1)
        world.spoilDisk(of: 1)
        world.pass(seconds: 30)
        world.comeBack(1)
        world.pass(seconds: 120)
        #expect(world.fileStates(of: 1, with: 0) == [.failed])
        #expect(world.problems(of: 1).contains(.fileDamaged))
        #expect(world.disk(of: 1).files == 0)
        world.retryFiles(1, with: 0)
        world.pass(seconds: 120)
        #expect(world.fileStates(of: 1, with: 0) == [.complete])
        #expect(world.openFiles(1, from: 0) == 1)
        #expect(world.finish() == [])
    }

    @Test("see an announcement fail that nobody fetched, and can make it again")
    func expiry() throws {
        let world = try World.acquainted(2, seed: 8)
        world.leave(1)
        world.pass(seconds: 30)
        world.sendFile(of: 100, from: 0, to: 1)
        world.pass(seconds: 60)
        #expect(world.fileStates(of: 0, with: 1) == [.atNode])
        world.pass(seconds: 31 * 86_400)
        #expect(world.files(of: 0, with: 1).map { $0.state } == [.failed])
        #expect(world.files(of: 0, with: 1).map { $0.failure } == [.expired])
        #expect(world.fileStates(of: 0, with: 1) == [.failed])
        #expect(world.storedBlobs == 0)
        world.retryFiles(0, with: 1)
        world.pass(seconds: 60)
        #expect(world.fileStates(of: 0, with: 1) == [.atNode])
        world.comeBack(1)
        world.pass(seconds: 60)
        #expect(world.fileStates(of: 1, with: 0) == [.complete])
        #expect(world.openFiles(1, from: 0) == 1)
    }

    @Test("see a file's name and type at once, and say that they have read it when it is opened")
    func naming() throws {
        let world = try World.acquainted(2, seed: 9)
        world.sendFile(of: 100, from: 0, to: 1)
        world.pass(seconds: 120)
        let message = try #require(world.files(of: 1, with: 0).first)
        #expect(!message.isMasked)
        #expect(message.file?.name == "CANARY file 1.bin")
        #expect(message.file?.type == "application/octet-stream")
        #expect(message.file?.size == 100)
        #expect(message.file?.durationMs == 0)
        #expect(world.files(of: 0, with: 1).map { $0.state } == [.delivered])
        world.act(1, .readableCopy(message: message.id, isKept: true))
        #expect(world.shown(message.id, to: 1)?.file?.hasReadableCopy == true)
        #expect(world.openFiles(1, from: 0) == 1)
        world.pass(seconds: 10)
        #expect(world.files(of: 0, with: 1).map { $0.state } == [.read])
        #expect(world.files(of: 0, with: 1).map { $0.kind } == [.file])
        // What was chosen outlives the page.
        world.comeBack(1)
        #expect(world.files(of: 1, with: 0).first?.file?.hasReadableCopy == true)
        #expect(world.files(of: 1, with: 0).first?.file?.name == "CANARY file 1.bin")
        #expect(world.finish() == [])
    }

    @Test("see nothing of a voice message but its length before it is revealed")
    func masking() throws {
        let world = try World.acquainted(2, seed: 12)
        world.act(1, .settings(Settings(revealSeconds: 30)))
        world.sendFile(of: 8_000, as: .voice, from: 0, to: 1)
        world.pass(seconds: 120)
        let masked = try #require(world.files(of: 1, with: 0).first)
        #expect(masked.isMasked)
        #expect(masked.file?.kind == .voice)
        #expect(masked.file?.name == "")
        #expect(masked.file?.durationMs == 0)
        #expect(masked.file?.waveform == [])
        #expect(masked.file?.size == 8_000)
        #expect(world.files(of: 0, with: 1).first?.file?.waveform == [1, 2, 3], "one's own is not masked")
        let conversation = try #require(world.conversation(of: 1, with: 0))
        world.act(1, .reveal(conversation: conversation.conversation, message: masked.id))
        let shown = try #require(world.shown(masked.id, to: 1))
        #expect(!shown.isMasked)
        #expect(shown.file?.durationMs == 4_000)
        #expect(shown.file?.waveform == [1, 2, 3])
        world.pass(seconds: 31)
        #expect(world.shown(masked.id, to: 1)?.file?.waveform == [])
        #expect(world.files(of: 0, with: 1).map { $0.state } == [.read])
        #expect(world.finish() == [])
    }

    @Test("one of whom never fetches leave nothing at the node for longer than it keeps it")
    func forgottenByTheNode() throws {
        let world = try World.acquainted(2, seed: 13)
        world.cutDirectPaths()
        world.pass(seconds: 60)
        // Announced, and then the recipient is gone.
        world.sendFile(of: 100, from: 0, to: 1)
        world.pass(seconds: 6)
        world.leave(1)
        world.pass(seconds: 60)
        #expect(world.fileStates(of: 0, with: 1) == [.atNode])
        world.pass(seconds: 31 * 86_400)
        #expect(world.storedBlobs == 0)
        #expect([.waiting, .failed].contains(world.fileStates(of: 0, with: 1).first))
        world.mendDirectPaths()
        world.comeBack(1)
        world.pass(seconds: 60)
        world.retryFiles(0, with: 1)
        world.pass(seconds: 60)
        #expect(world.fileStates(of: 1, with: 0) == [.complete])
        #expect(world.openFiles(1, from: 0) == 1)
    }

    @Test("cannot send what is larger than the largest file")
    func tooLarge() throws {
        let world = try World.acquainted(2, seed: 10)
        let conversation = try #require(world.conversation(of: 0, with: 1))
        world.act(
            0,
            .prepareFile(
                conversation: conversation.conversation, ticket: 1,
                FileDescription(name: "x", type: "", size: (10 << 30) + 1)))
        #expect(world.problems(of: 0) == [.fileTooLarge])
        #expect(world.files(of: 0, with: 1).isEmpty)
    }

    @Test("keep nothing of a file whose sealing died with its page")
    func diedSealing() throws {
        let world = try World.acquainted(2, seed: 11)
        world.sendFile(of: 5_000_000, from: 0, to: 1)
        #expect(world.disk(of: 0).files == 1)
        world.comeBack(0)
        #expect(world.fileStates(of: 0, with: 1) == [.failed])
        #expect(world.files(of: 0, with: 1).map { $0.failure } == [.fileUnreadable])
        #expect(world.disk(of: 0).files == 0)
        #expect(world.files(of: 1, with: 0).isEmpty)
        #expect(world.finish() == [])
    }
}
