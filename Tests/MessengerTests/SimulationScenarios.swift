import Messenger
import Simulator
import Testing

@Suite("Two people in a simulated world")
struct SimulationScenarios {
    @Test("who are both there write straight to each other, and no envelope reaches the node")
    func direct() throws {
        let world = try World.acquainted(2, seed: 1)
        #expect(world.conversation(of: 0, with: 1)?.connection == .direct)
        let (envelopes, direct) = (world.envelopes, world.directMessages)
        world.write(5, from: 0, to: 1)
        world.write(5, from: 1, to: 0, length: 60_000)
        world.pass(seconds: 10)
        #expect(world.states(of: 0, with: 1).allSatisfy { $0 == .delivered })
        #expect(world.states(of: 1, with: 0).allSatisfy { $0 == .delivered })
        #expect(world.envelopes == envelopes)
        #expect(world.directMessages > direct)
        world.read(1, from: 0)
        world.pass(seconds: 10)
        #expect(world.states(of: 0, with: 1).allSatisfy { $0 == .read })
        #expect(world.envelopes == envelopes)
        #expect(world.finish() == [])
    }

    @Test("one of whom is away write through the mailbox, and the message arrives on return")
    func mailbox() throws {
        let world = try World.acquainted(2, seed: 2)
        world.leave(1)
        world.pass(seconds: 30)
        world.write(3, from: 0, to: 1)
        world.pass(seconds: 30)
        #expect(world.conversation(of: 0, with: 1)?.connection == .mailbox)
        #expect(world.states(of: 0, with: 1) == [.sent, .sent, .sent])
        world.comeBack(1)
        #expect(world.states(of: 0, with: 1) == [.delivered, .delivered, .delivered])
        #expect(world.read(1, from: 0) == 3)
        #expect(world.finish() == [])
    }

    @Test("without a direct path use the mailbox, there and back")
    func noPath() throws {
        let world = try World.acquainted(2, seed: 3)
        world.cutDirectPaths()
        world.pass(seconds: 60)
        world.write(2, from: 0, to: 1)
        world.write(2, from: 1, to: 0)
        world.pass(seconds: 30)
        #expect(world.conversation(of: 0, with: 1)?.connection == .mailbox)
        #expect(world.states(of: 0, with: 1) == [.delivered, .delivered])
        #expect(world.finish() == [])
    }

    @Test("a message that nobody fetched until its expiry has failed, and can be sent again")
    func expiry() throws {
        let world = try World.acquainted(2, seed: 4)
        world.leave(1)
        world.pass(seconds: 30)
        world.write(from: 0, to: 1)
        world.pass(seconds: 60)
        #expect(world.states(of: 0, with: 1) == [.sent])
        world.pass(seconds: 31 * 86_400)
        #expect(world.states(of: 0, with: 1) == [.failed])
        world.comeBack(1)
        let conversation = try #require(world.conversation(of: 0, with: 1))
        for message in world.failed(of: 0, with: 1) {
            world.act(0, .retry(conversation: conversation.conversation, message: message))
        }
        world.pass(seconds: 120)
        #expect(world.states(of: 0, with: 1) == [.delivered])
        #expect(world.finish() == [])
    }

    @Test(
        "a tab that dies around a write sends all of a message or nothing", arguments: [false, true], [0, 1, 2, 3, 4])
    func deaths(afterWrite: Bool, skipped: Int) throws {
        let world = try World.acquainted(2, seed: 5)
        // The death meets another write each time.
        world.write(skipped, from: 0, to: 1)
        world.die(0, afterWrite: afterWrite)
        world.write(from: 0, to: 1)
        world.pass(seconds: 60)
        world.write(from: 1, to: 0)
        #expect(world.finish() == [])
    }

    @Test("a storage that was set back says so, uses no key twice and goes on")
    func rollback() throws {
        let world = try World.acquainted(2, seed: 6)
        let backup = world.backUp(0)
        world.write(3, from: 0, to: 1)
        world.pass(seconds: 30)
        world.read(1, from: 0)
        world.pass(seconds: 30)
        world.restore(backup, of: 0)
        world.pass(seconds: 30)
        world.comeBack(0)
        world.write(2, from: 0, to: 1)
        world.write(2, from: 1, to: 0)
        world.pass(seconds: 600)
        #expect(world.warnings(of: 0).contains(.rolledBack))
        #expect(world.states(of: 0, with: 1).suffix(2) == [.delivered, .delivered])
        #expect(world.states(of: 1, with: 0).suffix(2) == [.delivered, .delivered])
        #expect(!world.warnings(of: 1).contains(.forgedMessage))
    }

    @Test("a storage that was set back to before the node had enrolled it says so too")
    func rollbackToEnrolment() throws {
        let world = try World.acquainted(2, seed: 13)
        let link = try #require(world.invite(by: 0))
        let newcomer = world.addNewcomer(holding: link)
        world.comeBack(newcomer)
        world.write(3, from: newcomer, to: 0)
        world.pass(seconds: 60)
        world.restore(try #require(world.backUpOfEnrolment(newcomer)), of: newcomer)
        world.pass(seconds: 30)
        world.comeBack(newcomer)
        world.write(2, from: newcomer, to: 0)
        world.write(2, from: 0, to: newcomer)
        world.pass(seconds: 600)
        #expect(world.warnings(of: newcomer).contains(.rolledBack))
        #expect(world.states(of: newcomer, with: 0).suffix(2) == [.delivered, .delivered])
        #expect(world.states(of: 0, with: newcomer).suffix(2) == [.delivered, .delivered])
        #expect(!world.warnings(of: 0).contains(.forgedMessage))
        #expect(!world.warnings(of: 0).contains(.replayedMessage))
    }

    @Test("a wrong passphrase opens nothing, ever slower, and a reload does not help")
    func wrongPassphrase() throws {
        let world = try World.acquainted(2, seed: 7)
        world.leave(0)
        world.act(0, .tick)
        world.openLocked(0)
        var delays: [UInt64] = []
        for _ in 0..<6 {
            world.pass(seconds: world.unlockDelay(of: 0) / 1_000 + 1)
            world.mistype(0)
            #expect(!world.isUnlocked(0))
            world.openLocked(0)
            delays.append(world.unlockDelay(of: 0))
        }
        #expect(delays == delays.sorted())
        #expect(try #require(delays.last) >= 4_000)
        world.pass(seconds: 900)
        world.comeBack(0)
        #expect(world.isUnlocked(0))
        #expect(world.finish() == [])
    }

    @Test("an invitation that has expired is refused as such")
    func expiredInvitation() throws {
        let world = try World.acquainted(2, seed: 8)
        let link = try #require(world.invite(by: 0, validForSeconds: 3_600))
        world.pass(seconds: 3_700)
        let newcomer = world.addNewcomer(holding: link)
        world.comeBack(newcomer)
        #expect(world.refusal(of: newcomer) == .expired)
    }

    @Test("an invitation works once")
    func usedInvitation() throws {
        let world = try World.acquainted(2, seed: 9)
        let link = try #require(world.invite(by: 0))
        let first = world.addNewcomer(holding: link)
        world.comeBack(first)
        #expect(world.isUnlocked(first))
        let second = world.addNewcomer(holding: link)
        world.comeBack(second)
        #expect(world.refusal(of: second) == .alreadyUsed)
        #expect(world.conversation(of: 0, with: first) != nil)
    }

    @Test("an invitation enrols while the inviter is away, who confirms on return")
    func inviterAway() throws {
        let world = try World.acquainted(2, seed: 10)
        let link = try #require(world.invite(by: 0))
        world.leave(0)
        world.pass(seconds: 30)
        let newcomer = world.addNewcomer(holding: link)
        world.comeBack(newcomer)
        #expect(world.isUnlocked(newcomer))
        world.write(2, from: newcomer, to: 0)
        world.pass(seconds: 30)
        #expect(world.states(of: newcomer, with: 0) == [.sent, .sent])
        world.comeBack(0)
        world.pass(seconds: 60)
        #expect(world.states(of: newcomer, with: 0) == [.delivered, .delivered])
        #expect(world.conversation(of: 0, with: newcomer)?.removed == false)
        #expect(world.finish() == [])
    }

    @Test("a fingerprint that is not the signalled one closes the channel with a warning")
    func fingerprint() throws {
        let world = try World.acquainted(2, seed: 11)
        let device = try #require(world.conversation(of: 0, with: 1)?.device)
        world.act(0, .channelFingerprintMismatch(device: device))
        #expect(world.warnings(of: 0) == [.fingerprintMismatch])
        #expect(world.conversation(of: 0, with: 1)?.connection != .direct)
        world.write(from: 0, to: 1)
        world.pass(seconds: 60)
        #expect(world.states(of: 0, with: 1) == [.delivered])
    }

    @Test("a node killed in the middle of a conversation costs nothing")
    func nodeKilled() throws {
        let world = try World.acquainted(2, seed: 12)
        world.cutDirectPaths()
        world.pass(seconds: 60)
        for _ in 0..<6 {
            world.write(3, from: 0, to: 1)
            world.write(3, from: 1, to: 0, length: 30_000)
            world.killNode()
            world.write(from: 0, to: 1)
            world.pass(seconds: 90)
        }
        world.pass(seconds: 60)
        #expect(world.states(of: 0, with: 1) == Array(repeating: .delivered, count: 24))
        #expect(world.finish() == [])
    }
}
