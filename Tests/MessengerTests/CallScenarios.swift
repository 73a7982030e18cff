import Foundation
import Messenger
import Simulator
import Testing

/// What can become of a call between two devices, as stories.
@Suite("Calls")
struct CallScenarios {
    /// What a call's notices say: own, kind of notice, text.
    private func notices(_ world: World, _ person: Int, _ other: Int) -> [String] {
        world.callNotices(of: person, with: other).map { message in
            "\(message.isOwn ? "own " : "")\(message.notice == .call ? "call" : "missed") \(message.text.string)"
        }
    }

    /// A world of two who are in a call.
    private func conversing(seed: UInt64, video: Bool = true) throws -> World {
        let world = try World.withTelephones(2, seed: seed)
        world.ring(0, 1, video: video)
        world.pass(seconds: 3)
        world.answer(1, video: video)
        world.pass(seconds: 10)
        #expect(world.call(of: 0)?.state == .inCall)
        #expect(world.call(of: 1)?.state == .inCall)
        return world
    }

    @Test("ring there, are answered, last, are hung up, and both logs say for how long")
    func ordinary() throws {
        let world = try World.withTelephones(2, seed: 101)
        world.ring(0, 1, video: true)
        #expect(world.call(of: 0)?.state == .calling)
        world.pass(seconds: 2)
        #expect(world.call(of: 0)?.state == .ringingThere)
        let ringing = try #require(world.call(of: 1))
        #expect(ringing.state == .ringingHere && !ringing.isOwn && ringing.video && ringing.encryption == .frames)
        #expect(ringing.call == world.call(of: 0)?.call)
        world.answer(1, video: true)
        world.pass(seconds: 5)
        #expect(world.call(of: 0)?.state == .inCall && world.call(of: 1)?.state == .inCall)
        let started = try #require(world.call(of: 0)?.startedMs)
        #expect(started > 0)
        world.pass(seconds: 93)
        world.hangUp(0)
        world.pass(seconds: 2)
        #expect(world.call(of: 0) == nil && world.call(of: 1) == nil)
        #expect(world.calls(of: 0).map(\.reason) == [.hungUp] && world.calls(of: 1).map(\.reason) == [.hungUp])
        for (person, other) in [(0, 1), (1, 0)] {
            let text = try #require(notices(world, person, other).last)
            #expect(text.hasPrefix(person == 0 ? "own call video 9" : "call video 9") && text.hasSuffix(" 1"))
            #expect(notices(world, person, other).count == 1)
        }
        #expect(world.finish() == [])
    }

    @Test("work by envelopes alone, where no channel is to be had")
    func withoutChannel() throws {
        let world = try World.withTelephones(2, seed: 102)
        world.cutDirectPaths()
        world.pass(seconds: 60)
        let envelopes = world.envelopes
        world.ring(1, 0)
        world.pass(seconds: 3)
        world.answer(0)
        world.pass(seconds: 10)
        #expect(world.call(of: 0)?.state == .inCall && world.call(of: 1)?.state == .inCall)
        #expect(world.envelopes == envelopes, "the node stores nothing of a call")
        world.hangUp(0)
        world.pass(seconds: 5)
        #expect(world.calls(of: 1).map(\.reason) == [.hungUp])
        #expect(world.finish() == [])
    }

    @Test("that are declined are over on both sides, and nobody has missed them")
    func declined() throws {
        let world = try World.withTelephones(2, seed: 103)
        world.ring(0, 1)
        world.pass(seconds: 3)
        world.decline(1)
        world.pass(seconds: 3)
        #expect(world.calls(of: 0).map(\.reason) == [.declined])
        #expect(notices(world, 0, 1) == ["own call voice 0 2"])
        #expect(notices(world, 1, 0) == ["call voice 0 2"])
        #expect(world.finish() == [])
    }

    @Test("that nobody answers ring for 45 seconds and are shown as missed, once")
    func notAnswered() throws {
        let world = try World.withTelephones(2, seed: 104)
        world.ring(0, 1, video: true)
        world.pass(seconds: 43)
        #expect(world.call(of: 0)?.state == .ringingThere && world.call(of: 1)?.state == .ringingHere)
        world.pass(seconds: 6)
        #expect(world.calls(of: 0).map(\.reason) == [.noAnswer])
        #expect(world.call(of: 1) == nil)
        world.pass(seconds: 60)
        #expect(notices(world, 0, 1) == ["own call video 0 4"])
        #expect(notices(world, 1, 0) == ["missed video"])
        #expect(world.finish() == [])
    }

    @Test("that the caller takes back are missed")
    func takenBack() throws {
        let world = try World.withTelephones(2, seed: 105)
        world.ring(0, 1)
        world.pass(seconds: 5)
        world.hangUp(0)
        world.pass(seconds: 5)
        #expect(world.call(of: 1) == nil)
        #expect(world.conversation(of: 1, with: 0)?.unread == 1)
        #expect(notices(world, 1, 0) == ["missed voice"])
        #expect(world.finish() == [])
    }

    @Test("to somebody who is away end soon, and are found on return")
    func away() throws {
        let world = try World.withTelephones(2, seed: 106)
        world.leave(1)
        world.pass(seconds: 60)
        world.ring(0, 1)
        world.pass(seconds: 20)
        #expect(world.calls(of: 0).map(\.reason) == [.away])
        world.pass(seconds: 600)
        world.comeBack(1)
        world.pass(seconds: 30)
        #expect(world.call(of: 1) == nil)
        #expect(notices(world, 1, 0) == ["missed voice"])
        #expect(world.finish() == [])
    }

    @Test("find somebody busy who is in another, who sees that one was missed")
    func busy() throws {
        let world = try World.withTelephones(3, seed: 107)
        world.ring(1, 0)
        world.pass(seconds: 3)
        world.answer(0)
        world.pass(seconds: 10)
        world.ring(2, 0)
        world.pass(seconds: 5)
        #expect(world.calls(of: 2).map(\.reason) == [.busy])
        #expect(world.call(of: 0)?.state == .inCall)
        #expect(notices(world, 0, 2) == ["missed voice"])
        // Nor can one make a second call.
        world.ring(0, 2)
        #expect(world.problems(of: 0).last == .callInProgress)
        #expect(world.finish() == [])
    }

    @Test("made by both at the same time are one call", arguments: 0..<12 as Range<UInt64>)
    func glare(seed: UInt64) throws {
        let world = try World.withTelephones(2, seed: 200 + seed)
        if seed % 2 == 1 {
            world.cutDirectPaths()
            world.pass(seconds: 60)
        }
        world.ring(0, 1, video: true)
        world.ring(1, 0)
        world.pass(seconds: 10)
        let (first, second) = (try #require(world.call(of: 0)), try #require(world.call(of: 1)))
        #expect(first.call == second.call)
        #expect(first.state == .inCall && second.state == .inCall)
        #expect(first.isOwn != second.isOwn)
        let replaced = (world.calls(of: 0) + world.calls(of: 1)).filter { $0.reason == .replaced }
        #expect(replaced.count == 1)
        #expect(replaced.allSatisfy { !$0.call.lexicographicallyPrecedes(first.call) })
        world.hangUp(1)
        world.pass(seconds: 5)
        #expect(notices(world, 0, 1).count == 1 && notices(world, 1, 0).count == 1)
        #expect(world.finish() == [])
    }

    @Test("whose caller vanishes stop ringing")
    func callerVanishes() throws {
        let world = try World.withTelephones(2, seed: 108)
        world.ring(0, 1)
        world.pass(seconds: 4)
        world.leave(0)
        world.pass(seconds: 20)
        #expect(world.calls(of: 1).map(\.reason) == [.lost])
        #expect(notices(world, 1, 0) == ["missed voice"])
        world.comeBack(0)
        #expect(notices(world, 1, 0) == ["missed voice"])
        #expect(world.finish() == [])
    }

    @Test("whose caller vanishes and comes back are missed once")
    func callerReturns() throws {
        let world = try World.withTelephones(2, seed: 121)
        world.ring(0, 1)
        world.pass(seconds: 4)
        world.takeOffline(0)
        world.pass(seconds: 18)
        #expect(world.calls(of: 1).map(\.reason) == [.lost])
        #expect(notices(world, 1, 0) == ["missed voice"])
        world.takeOnline(0)
        world.pass(seconds: 120)
        #expect(world.call(of: 0) == nil)
        #expect(notices(world, 1, 0) == ["missed voice"])
        #expect(world.finish() == [])
    }

    @Test("ring again on a page that was reloaded meanwhile")
    func calleeReloads() throws {
        let world = try World.withTelephones(2, seed: 109)
        world.ring(0, 1)
        world.pass(seconds: 5)
        world.leave(1)
        world.quickReturn(1)
        world.pass(seconds: 12)
        #expect(world.call(of: 1)?.state == .ringingHere)
        world.answer(1)
        world.pass(seconds: 10)
        #expect(world.call(of: 0)?.state == .inCall && world.call(of: 1)?.state == .inCall)
        #expect(world.finish() == [])
    }

    @Test("answered a second time, by a page that was reloaded, have other keys")
    func answeredTwice() throws {
        let world = try World.withTelephones(2, seed: 123)
        world.ring(0, 1)
        world.pass(seconds: 4)
        world.takeOffline(1)
        world.answer(1)
        let first = try #require(world.sendKey(of: 1))
        world.leave(1)
        world.takeOnline(1)
        world.quickReturn(1)
        world.pass(seconds: 12)
        world.answer(1)
        let second = try #require(world.sendKey(of: 1))
        #expect(first.key != second.key)
        world.pass(seconds: 10)
        #expect(world.call(of: 0)?.state == .inCall && world.call(of: 1)?.state == .inCall)
        #expect(world.receiveKeys(of: 0) == [second.id: second.key])
        #expect(world.finish() == [])
    }

    @Test("are over when a side is reloaded, and the other is told")
    func reloaded() throws {
        let world = try conversing(seed: 110)
        world.leave(1)
        world.quickReturn(1)
        world.pass(seconds: 15)
        world.loseMediaIfThere(0)
        world.pass(seconds: 12)
        #expect(world.calls(of: 0).map(\.reason) == [.lost])
        #expect(world.call(of: 1) == nil)
        #expect(world.finish() == [])
    }

    @Test("go on while the media are there, whatever becomes of the node; and are over when those stay away")
    func mediaDecide() throws {
        let world = try conversing(seed: 111)
        world.takeOffline(0)
        world.pass(seconds: 600)
        #expect(world.call(of: 0)?.state == .inCall && world.call(of: 1)?.state == .inCall)
        world.loseMedia(0)
        world.loseMedia(1)
        #expect(world.call(of: 0)?.state == .reconnecting)
        world.pass(seconds: 28)
        #expect(world.call(of: 0)?.state == .reconnecting)
        world.pass(seconds: 4)
        #expect(world.calls(of: 0).map(\.reason) == [.lost] && world.calls(of: 1).map(\.reason) == [.lost])
    }

    @Test("that were hung up while the other could not hear it are over there as soon as it can")
    func hungUpUnheard() throws {
        let world = try conversing(seed: 112)
        world.takeOffline(1)
        world.pass(seconds: 20)
        world.hangUp(0)
        world.pass(seconds: 60)
        #expect(world.call(of: 1)?.state == .inCall)
        world.takeOnline(1)
        world.loseMedia(1)
        world.pass(seconds: 31)
        #expect(world.call(of: 1) == nil)
        #expect(world.finish() == [])
    }

    @Test("have keys of their own, one for each direction, which both sides have")
    func keys() throws {
        let world = try conversing(seed: 113)
        let (first, second) = (try #require(world.sendKey(of: 0)), try #require(world.sendKey(of: 1)))
        #expect(first.key.count == 32 && first.key != second.key && first.id != second.id)
        #expect(world.receiveKeys(of: 1) == [first.id: first.key])
        #expect(world.receiveKeys(of: 0) == [second.id: second.key])
        world.hangUp(0)
        world.pass(seconds: 5)
        world.ring(0, 1)
        world.pass(seconds: 3)
        world.answer(1)
        world.pass(seconds: 5)
        let next = try #require(world.sendKey(of: 0))
        #expect(next.key != first.key && next.key != second.key)
    }

    @Test("follow the conversation into its next epoch, without a frame that cannot be opened")
    func epochs() throws {
        let world = try conversing(seed: 114)
        var sendKeys: Set<[UInt8]> = []
        for _ in 0..<5 {
            // A hundred messages of one side make it commit.
            world.write(110, from: 0, to: 1)
            world.pass(seconds: 30)
            let (first, second) = (try #require(world.sendKey(of: 0)), try #require(world.sendKey(of: 1)))
            #expect(world.receiveKeys(of: 1) == [first.id: first.key])
            #expect(world.receiveKeys(of: 0) == [second.id: second.key])
            #expect(sendKeys.insert(first.key).inserted && sendKeys.insert(second.key).inserted)
        }
        #expect(world.call(of: 0)?.state == .inCall && world.call(of: 1)?.state == .inCall)
        #expect(world.finish() == [])
    }

    @Test("renew the conversation's keys when they are over, so that nobody can make theirs again")
    func forwardSecrecy() throws {
        let world = try conversing(seed: 115)
        let commits = world.commits
        world.hangUp(1)
        world.pass(seconds: 30)
        #expect(world.commits == commits + 1)
        #expect(world.finish() == [])
    }

    @Test("say before they begin that a side cannot encrypt frames, and have no keys then")
    func plain() throws {
        let world = try World.withTelephones(2, seed: 116)
        world.act(1, .callsSupported(.media))
        world.pass(seconds: 2)
        #expect(world.conversation(of: 0, with: 1)?.calls == .media)
        #expect(world.conversation(of: 1, with: 0)?.calls == .frames)
        world.ring(0, 1)
        #expect(world.call(of: 0)?.encryption == CallEncryption.none)
        world.pass(seconds: 3)
        #expect(world.call(of: 1)?.encryption == CallEncryption.none)
        world.answer(1)
        world.pass(seconds: 10)
        #expect(world.call(of: 0)?.state == .inCall)
        #expect(world.sendKey(of: 0) == nil && world.sendKey(of: 1) == nil)
        world.write(220, from: 0, to: 1)
        world.pass(seconds: 60)
        #expect(world.sendKey(of: 0) == nil)
        #expect(world.finish() == [])
    }

    @Test("to a device that takes none say so, and that one was missed")
    func unsupported() throws {
        let world = try World.withTelephones(2, seed: 117)
        world.act(1, .callsSupported(.none))
        world.ring(0, 1)
        world.pass(seconds: 3)
        #expect(world.calls(of: 0).map(\.reason) == [.unsupported])
        #expect(world.calls(of: 1) == [])
        #expect(notices(world, 1, 0) == ["missed voice"])
        world.ring(1, 0)
        #expect(world.problems(of: 1).last == .callsUnsupported)
    }

    @Test("that somebody makes without end are not all kept")
    func flood() throws {
        let world = try conversing(seed: 122)
        world.leave(0)
        // Each page calls once and is gone.
        for _ in 0..<40 {
            world.quickReturn(0)
            world.pass(seconds: 3)
            world.ring(0, 1)
            world.pass(seconds: 1)
            world.leave(0)
        }
        world.pass(seconds: 90)
        #expect(world.call(of: 1) == nil)
        world.comeBack(0)
        #expect(world.finish() == [])
    }

    @Test("with a fingerprint that nobody signalled end at once, with a warning")
    func fingerprint() throws {
        let world = try conversing(seed: 118)
        let call = try #require(world.call(of: 0)?.call)
        world.act(0, .callMedia(call, .fingerprintMismatch))
        world.pass(seconds: 3)
        #expect(world.calls(of: 0).map(\.reason) == [.fingerprintMismatch])
        #expect(world.warnings(of: 0) == [.fingerprintMismatch])
        #expect(world.calls(of: 1).map(\.reason) == [.hungUp])
    }

    @Test("end when the account is locked")
    func locked() throws {
        let world = try conversing(seed: 119)
        world.act(0, .lock)
        world.pass(seconds: 3)
        #expect(world.calls(of: 1).map(\.reason) == [.hungUp])
    }

    @Test("are nothing to a page that knows no such call", arguments: [true, false])
    func strangers(isAnswer: Bool) throws {
        let world = try World.withTelephones(2, seed: 120)
        let stranger = [UInt8](repeating: 9, count: 16)
        world.act(0, isAnswer ? .answerCall(stranger, video: true) : .declineCall(stranger))
        world.act(0, .hangUp(stranger))
        world.act(0, .callSignal(stranger, kind: .candidate, "x"))
        world.act(0, .callMedia(stranger, .connected))
        world.act(0, .call(conversation: stranger, video: false))
        #expect(world.calls(of: 0) == [])
        #expect(world.problems(of: 0).last == .unknownPeer)
        // One's own call is not answered by oneself.
        world.ring(0, 1)
        let call = try #require(world.call(of: 0)?.call)
        world.act(0, .answerCall(call, video: false))
        world.act(0, .callMedia(call, .connected))
        #expect(world.call(of: 0)?.state == .calling)
    }

    @Test("in worlds full of them end on both sides, whatever page, network and node do")
    func storms() async throws {
        let results = await withTaskGroup(of: WorldResult?.self) { group in
            for seed in 5_001...5_000 + Self.storms {
                group.addTask { try? World(.talkative(seed: seed)).run() }
            }
            var results: [WorldResult] = []
            for await result in group { if let result { results.append(result) } }
            return results
        }
        #expect(results.count == Int(Self.storms))
        for result in results where !result.violations.isEmpty {
            Issue.record(
                "seed \(result.seed): \(result.violations.joined(separator: "; ")) (CRYPTPEER_CALLS=1 CRYPTPEER_SEED=\(result.seed))"
            )
        }
        let rings = results.reduce(0) { $0 + $1.counts.rings }
        let connected = results.reduce(0) { $0 + $1.counts.callsConnected }
        let keyChanges = results.reduce(0) { $0 + $1.counts.callKeyChanges }
        #expect(rings > results.count * 3 && connected > results.count * 2 && keyChanges > results.count / 5)
    }

    /// How many worlds: they are the slowest test of all. `CRYPTPEER_CALL_WORLDS` asks for more.
    private static var storms: UInt64 {
        ProcessInfo.processInfo.environment["CRYPTPEER_CALL_WORLDS"].flatMap { UInt64($0) } ?? 20
    }
}
