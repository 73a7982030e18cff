import Simulator
import Testing

/// Time alone ends no conversation.
@Suite("Two people who were away for long")
struct AbsenceScenarios {
    @Test("find each other again, though the other's commits are gone from the node", arguments: [91, 400] as [UInt64])
    func oneWasAway(days: UInt64) throws {
        for seed: UInt64 in 401...403 {
            let world = try World.acquainted(2, seed: seed)
            world.cutDirectPaths()
            world.leave(1)
            // Two commits of hers, which he does not fetch.
            world.write(230, from: 0, to: 1)
            world.pass(seconds: 3_600)
            world.skip(days: days)
            world.comeBack(0)
            world.comeBack(1)
            world.pass(seconds: 900)
            world.write(2, from: 0, to: 1)
            world.write(2, from: 1, to: 0)
            world.pass(seconds: 900)
            #expect(world.states(of: 0, with: 1).suffix(2) == [.delivered, .delivered], "seed \(seed)")
            #expect(world.states(of: 1, with: 0).suffix(2) == [.delivered, .delivered], "seed \(seed)")
        }
    }

    @Test("find each other again when one has lost its state, too", arguments: [91, 400] as [UInt64])
    func bothWereAway(days: UInt64) throws {
        let world = try World.acquainted(2, seed: 411)
        world.cutDirectPaths()
        let backup = world.backUp(1)
        world.write(230, from: 1, to: 0)
        world.pass(seconds: 3_600)
        world.skip(days: days)
        // The KeyPackages at the node are as old as the absence.
        world.comeBack(0)
        world.pass(seconds: 600)
        world.restore(backup, of: 1)
        world.comeBack(1)
        world.pass(seconds: 900)
        world.write(2, from: 0, to: 1)
        world.write(2, from: 1, to: 0)
        world.pass(seconds: 900)
        #expect(world.states(of: 0, with: 1).suffix(2) == [.delivered, .delivered])
        #expect(world.states(of: 1, with: 0).suffix(2) == [.delivered, .delivered])
    }

    @Test("have KeyPackages at the node that are replaced before they are too old to be used")
    func keyPackages() throws {
        let world = try World.acquainted(2, seed: 421)
        let first = world.keyPackages(of: 0)
        #expect(!first.isEmpty)
        world.skip(days: 20)
        world.comeBack(0)
        #expect(world.keyPackages(of: 0) == first)
        world.skip(days: 11)
        world.comeBack(0)
        #expect(world.keyPackages(of: 0).count == first.count)
        #expect(Set(world.keyPackages(of: 0)).isDisjoint(with: first))
    }

    @Test("keep no leaf key that none of their groups has any more")
    func leafKeys() throws {
        let world = try World.acquainted(2, seed: 424)
        world.cutDirectPaths()
        func beginAnew(_ times: Int) {
            for _ in 0..<times {
                let backup = world.backUp(1)
                world.write(40, from: 1, to: 0)
                world.pass(seconds: 60)
                world.restore(backup, of: 1)
                world.comeBack(1)
                world.pass(seconds: 120)
            }
        }
        beginAnew(10)
        let length = world.stateBytes(of: 1)
        let beginnings = world.beginnings(of: 1, with: 0)
        beginAnew(60)
        #expect(world.beginnings(of: 1, with: 0) >= beginnings + 50)
        // A sealed key is some 100 bytes.
        #expect(world.stateBytes(of: 1) < length + 3_000, "\(world.stateBytes(of: 1) - length)")
    }

    @Test("keep nothing to read earlier epochs with when a month has passed since they ended")
    func pastEpochs() throws {
        let world = try World.acquainted(2, seed: 423)
        world.cutDirectPaths()
        for _ in 0..<4 {
            world.write(110, from: 0, to: 1)
            world.pass(seconds: 600)
        }
        world.goOffline(0)
        world.skip(days: 29)
        world.comeBack(0)
        let length = world.stateBytes(of: 0)
        world.skip(days: 2)
        world.comeBack(0)
        // Three epochs of two members.
        #expect(world.stateBytes(of: 0) < length - 1_500, "\(length - world.stateBytes(of: 0))")
    }

    @Test("keep no private key of an invitation that nobody can use any more")
    func reservedKeyPackages() throws {
        let world = try World.acquainted(2, seed: 422)
        _ = try #require(world.invite(by: 0, validForSeconds: 3_600))
        world.skip(days: 119)
        world.comeBack(0)
        let length = world.stateBytes(of: 0)
        world.skip(days: 2)
        world.comeBack(0)
        // A KeyPackage and its keys are some 3,000 bytes.
        #expect(world.stateBytes(of: 0) < length - 2_000)
    }
}
