import Messenger
import Simulator
import Testing

/// What a client makes of a peer that says what no honest one would.
@Suite("A peer in a simulated world")
struct IntakeScenarios {
    /// Beyond JavaScript's dates, beyond its integers, and as far as a clock can be.
    @Test(
        "whose clock is absurd is read, and what it wrote is dated by its arrival",
        arguments: [8_700_000_000_000_000, 9_100_000_000_000_000, Int64.max])
    func absurdClock(ahead: Int64) throws {
        let world = try World.acquainted(2, seed: 31)
        world.write(from: 0, to: 1)
        world.write(from: 1, to: 0)
        world.pass(seconds: 10)
        world.setClock(1, ahead: ahead)
        world.write(2, from: 1, to: 0)
        world.pass(seconds: 10)
        world.setClock(1, ahead: 0)
        world.write(from: 1, to: 0)
        world.pass(seconds: 10)
        let futures = world.futures(of: 0, with: 1)
        #expect(futures.count >= 4)
        #expect(futures.allSatisfy { $0 <= 86_400_000 })
        #expect(world.read(0, from: 1) == 4)
        #expect(world.brokenInvariants == [])
    }

    @Test("whose clock is a little ahead is believed")
    func hastyClock() throws {
        let world = try World.acquainted(2, seed: 32)
        world.setClock(1, ahead: 3_600_000)
        world.write(from: 1, to: 0)
        world.pass(seconds: 10)
        #expect(world.futures(of: 0, with: 1).contains { $0 > 3_000_000 })
        #expect(world.brokenInvariants == [])
    }

    @Test("that is taken out of the bubble is heard no more, neither through its channel nor from the mailbox")
    func revoked() throws {
        let world = try World.acquainted(3, seed: 33)
        world.write(from: 1, to: 0)
        world.pass(seconds: 10)
        #expect(world.read(0, from: 1) == 1)
        #expect(world.conversation(of: 0, with: 1)?.connection == .direct)
        let conversation = try #require(world.conversation(of: 0, with: 1)?.conversation)
        world.act(0, .call(conversation: conversation, video: false))
        world.pass(seconds: 5)
        #expect(world.isCalling(0))
        world.revoke(1)
        world.pass(seconds: 5)
        // The call and the channel have ended, the other conversation goes on, and the user is told.
        #expect(!world.isCalling(0))
        #expect(world.conversation(of: 0, with: 1)?.connection == .mailbox)
        #expect(world.conversation(of: 0, with: 1)?.removed == true)
        #expect(world.conversation(of: 0, with: 2)?.removed == false)
        #expect(world.notices(of: 0, with: 1).filter { $0 == .removed }.count == 1)
        let direct = world.channelsOpened
        world.write(3, from: 1, to: 0)
        world.pass(seconds: 120)
        #expect(world.read(0, from: 1) == 1)
        #expect(world.channelsOpened == direct)
        // Nothing is sent either, and that is said at once.
        world.write(from: 0, to: 1)
        #expect(world.states(of: 0, with: 1) == [.failed])
        world.act(0, .call(conversation: conversation, video: false))
        #expect(!world.isCalling(0))
        world.leave(0)
        world.comeBack(0)
        #expect(world.conversation(of: 0, with: 1)?.removed == true)
        #expect(world.notices(of: 0, with: 1).filter { $0 == .removed }.count == 1)
        #expect(world.brokenInvariants == [])
    }

    @Test("sees of short texts one length, on a channel and in the mailbox")
    func padding() throws {
        let world = try World.acquainted(2, seed: 34)
        func write(_ lengths: [Int]) -> (channel: Set<Int>, envelopes: Set<Int>) {
            world.lengths(from: 0) { for length in lengths { world.write(from: 0, to: 1, length: length) } }
        }
        let short = write([0, 2, 20, 60, 90])
        #expect(short.channel.count == 1)
        let all = write([0, 300, 600, 3_000, 9_000])
        #expect(all.channel.count == 5)
        world.leave(1)
        world.pass(seconds: 60)
        // What fits an envelope of 1 KiB without padding fits it with.
        #expect(write([0, 300, 600, 720]).envelopes == [1_024])
        #expect(write([3_700]).envelopes == [4_096])
        #expect(write([16_000]).envelopes == [16_384])
        world.comeBack(1)
        #expect(world.finish() == [])
    }

    @Test("an attempt at the passphrase counts from when it begins, and a spoilt count is a fresh one")
    func throttle() throws {
        let world = try World.acquainted(2, seed: 35)
        for _ in 0..<4 {
            world.leave(1)
            world.openLocked(1)
            world.pass(seconds: 120)
            // The page is ended while scrypt runs.
            world.act(1, .beginAttempt)
        }
        world.leave(1)
        world.openLocked(1)
        #expect(world.unlockDelay(of: 1) > 0)
        world.leave(1)
        world.spoilThrottle(of: 1)
        world.openLocked(1)
        #expect(world.unlockDelay(of: 1) == 0)
        #expect(world.problems(of: 1) == [])
        world.comeBack(1)
        #expect(world.isUnlocked(1))
        #expect(world.finish() == [])
    }

    @Test("at an unlocked screen gets neither a recovery file nor another passphrase without the present one")
    func unattended() throws {
        let world = try World.acquainted(2, seed: 36)
        let wrong = world.passphraseSegment(of: 0, isWrong: true)
        world.act(0, .recoveryFile(passphraseSegment: wrong))
        #expect(!world.hasRecoveryFile(0))
        world.act(0, .changePassphrase(old: wrong, new: wrong))
        #expect(world.problems(of: 0) == [.wrongPassphrase, .wrongPassphrase])
        world.act(0, .changePassphrase(old: wrong, new: wrong))
        #expect(world.problems(of: 0).last == .tooManyAttempts)
        #expect(world.recoveryMade(by: 0) == 0)
        world.pass(seconds: 60)
        world.act(0, .recoveryFile(passphraseSegment: world.passphraseSegment(of: 0)))
        #expect(world.hasRecoveryFile(0))
        #expect(world.recoveryMade(by: 0) > 0)
        // The right one takes the count back.
        world.act(0, .changePassphrase(old: wrong, new: wrong))
        #expect(world.problems(of: 0).last == .wrongPassphrase)
        world.act(1, .recoveryFile(passphraseSegment: world.passphraseSegment(of: 1)))
        #expect(world.problems(of: 1) == [.notPermitted])
        #expect(world.finish() == [])
    }
}
