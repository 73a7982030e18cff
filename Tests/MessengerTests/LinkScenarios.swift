import Messenger
import Simulator
import Testing

@Suite("A connection that dies without a word")
struct LinkScenarios {
    @Test("is noticed within 45 seconds by a page that does nothing, which then has its messages")
    func silence() throws {
        for seed: UInt64 in 501...505 {
            let world = try World.acquainted(2, seed: seed)
            world.cutDirectPaths()
            world.pass(seconds: 600)
            world.silence(0)
            world.write(3, from: 1, to: 0)
            // And a few more to connect and to fetch.
            world.pass(seconds: 50)
            #expect(world.read(0, from: 1) == 3, "seed \(seed)")
            #expect(world.finish() == [], "seed \(seed)")
        }
    }

    @Test("costs a page that does nothing a question each half minute, and no more")
    func cost() throws {
        let world = try World.acquainted(2, seed: 511)
        world.leave(1)
        world.pass(seconds: 3_600)
        let before = world.nodeFrames
        world.pass(seconds: 3_600)
        // And now and then a credential for the relay, and a hello.
        #expect((100...130).contains(world.nodeFrames - before), "\(world.nodeFrames - before)")
    }
}

@Suite("A channel between two who are there")
struct ChannelScenarios {
    /// Each takes some eight messages of each side's, and a hundred of them make an epoch: commits fall between the signals, which
    /// come once, and overtake the first envelope of a session.
    @Test(
        "is made within seconds, whatever commits fall between its signals", arguments: 521...523 as ClosedRange<UInt64>
    )
    func commits(seed: UInt64) throws {
        let world = try World.acquainted(2, seed: seed)
        let before = world.commits
        for round in 1...300 {
            world.breakChannel(0, 1)
            world.reconnect(0)
            world.reconnect(1)
            var waited = 0
            while !world.hasChannel(0, 1), waited < 120 {
                world.pass(milliseconds: 250)
                waited += 1
            }
            // Without one of its signals it is given up after five seconds at the soonest.
            #expect(waited < 20, "round \(round) took \(waited * 250) ms")
            world.pass(milliseconds: 2_000)
        }
        #expect(world.commits - before > 10)
        #expect(world.finish() == [])
    }
}
