import Messenger
import Simulator
import Testing

@Suite("The node's checkpoint of a device")
struct CheckpointScenarios {
    @Test("knows of every message but the one that was on its way when the node refused it")
    func refused() throws {
        let world = try World.acquainted(2, seed: 701)
        world.cutDirectPaths()
        world.leave(1)
        world.pass(seconds: 60)
        // The generations of a block are used up somewhere in here.
        for _ in 0..<8 {
            let backup = world.backUp(0)
            world.refuseCheckpoints(true)
            world.write(8, from: 0, to: 1)
            world.pass(seconds: 3)
            world.refuseCheckpoints(false)
            world.pass(seconds: 60)
            #expect(world.states(of: 0, with: 1).allSatisfy { $0 == .sent })
            world.restore(backup, of: 0)
            world.comeBack(0)
        }
        world.comeBack(1)
        world.pass(seconds: 900)
        #expect(!world.warnings(of: 1).contains(.replayedMessage), "a generation was used twice")
        world.write(2, from: 0, to: 1)
        world.pass(seconds: 120)
        #expect(world.states(of: 0, with: 1).suffix(2) == [.delivered, .delivered])
    }

    @Test("has the same length whether there are one or four contacts")
    func length() throws {
        var lengths: Set<Int> = []
        for people in [2, 5] {
            let world = try World.acquainted(people, seed: 711)
            world.write(40, from: 0, to: 1)
            world.pass(seconds: 60)
            lengths.formUnion(world.checkpointLengths)
        }
        #expect(lengths.count == 1)
    }
}
