import Messenger
import NodeProtocol
import Simulator
import Testing

@Suite("The node's checkpoint of a device")
struct CheckpointScenarios {
    @Test("is at the node before any message of the block that it reserves, also where the node refuses it for a while")
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

    @Test("lets two copies of a profile use no generation twice", arguments: 0..<4 as Range<UInt64>)
    func copies(seed: UInt64) throws {
        let world = try World.acquainted(2, seed: 720 + seed)
        world.write(4, from: 0, to: 1)
        world.pass(seconds: 60)
        let copy = world.copyProfile(of: 0)
        // Whoever is there would tell each of the two what the other one has used.
        world.leave(1)
        world.pass(seconds: 60)
        world.comeBack(copy)
        // Both write on, one after the other and at the same time, and use several blocks up.
        for round in 0..<12 {
            world.write(7, from: 0, to: 1)
            if round % 2 == 0 { world.pass(seconds: 4) }
            world.write(7, from: copy, to: 1)
            world.pass(seconds: 4)
        }
        world.leave(0)
        world.leave(copy)
        world.comeBack(1)
        world.pass(seconds: 60)
        #expect(!world.warnings(of: 1).contains(.replayedMessage), "a generation was used twice")
        #expect(
            (world.warnings(of: 0) + world.warnings(of: copy)).contains(.rolledBack), "neither knows of the other")
    }

    @Test("is known by who sent it where its answer got lost")
    func lostAnswers() throws {
        let world = try World.acquainted(2, seed: 731)
        world.cutDirectPaths()
        for isReload in [false, true, false, true] {
            world.loseCheckpointAnswers(true)
            world.write(40, from: 0, to: 1)
            // Long enough for the device to ask over another connection.
            world.pass(seconds: 50)
            world.loseCheckpointAnswers(false)
            if isReload {
                world.leave(0)
                world.comeBack(0)
            }
            world.pass(seconds: 120)
            #expect(world.states(of: 0, with: 1).allSatisfy { $0 == .delivered })
        }
        #expect(world.warnings(of: 0) == [] && world.warnings(of: 1) == [])
        #expect(world.beginnings(of: 0, with: 1) == 0)
    }

    @Test("of 5,000 conversations names those that were spoken in last, says that it is not whole, and fits")
    func large() throws {
        let used = (0..<5_000).map { number in
            let id = [UInt8](repeating: 0, count: 14) + [UInt8(number >> 8), UInt8(number & 255)]
            return (
                entry: Checkpoint.Entry(conversation: id, instance: 0, epoch: 1, ceiling: 32),
                time: UInt64(number * 37 % 5_000)
            )
        }
        let checkpoint = try Checkpoint(decoding: Checkpoint(counter: 7, used: used).encoded)
        #expect(!checkpoint.isComplete)
        // What the HSM's seal adds is 128 bytes at most.
        #expect(checkpoint.encoded.count + 128 <= Limits.checkpointLength)
        let latest = used.filter { $0.time >= UInt64(5_000 - Checkpoint.entryLimit) }.map { $0.entry.conversation }
        #expect(Set(checkpoint.entries.map { $0.conversation }) == Set(latest))
        let few = try Checkpoint(decoding: Checkpoint(counter: 8, used: [used[9], used[3]]).encoded)
        #expect(
            few.isComplete && few.entries.map { $0.conversation } == [used[9], used[3]].map { $0.entry.conversation })
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
