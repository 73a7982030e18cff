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
