import Messenger
import Simulator
import Testing

@Suite("A contact that floods a mailbox")
struct FloodScenarios {
    @Test("does not hold up what its owner sends to others")
    func gag() throws {
        let world = try World.acquainted(3, seed: 601)
        world.cutDirectPaths()
        world.pass(seconds: 60)
        let link = try #require(world.invite(by: 0))
        let mailbox = try #require(world.mailbox(behind: link))
        for second in 0..<40 {
            if second == 10 { world.write(3, from: 0, to: 2) }
            for _ in 0..<20 {
                world.flood(mailbox, from: 1, envelopes: 5)
                world.pass(milliseconds: 50)
            }
        }
        #expect(world.states(of: 0, with: 2) == [.delivered, .delivered, .delivered])
        #expect(world.read(2, from: 0) == 3)
        #expect(world.finish() == [])
    }

    @Test("and takes every KeyPackage leaves one for whoever has to begin a conversation anew")
    func strand() throws {
        let world = try World.acquainted(3, seed: 603)
        world.cutDirectPaths()
        let link = try #require(world.invite(by: 0))
        let mailbox = try #require(world.mailbox(behind: link))
        let backup = world.backUp(2)
        world.write(40, from: 2, to: 0)
        world.pass(seconds: 60)
        world.takeKeyPackages(mailbox, from: 1)
        world.restore(backup, of: 2)
        world.comeBack(2)
        world.pass(seconds: 300)
        world.takeKeyPackages(mailbox, from: 1)
        world.write(2, from: 2, to: 0)
        world.write(2, from: 0, to: 2)
        world.pass(seconds: 300)
        #expect(world.states(of: 2, with: 0).suffix(2) == [.delivered, .delivered])
        #expect(world.states(of: 0, with: 2).suffix(2) == [.delivered, .delivered])
    }

    @Test("does not hold up its owner who comes back, though it goes on")
    func gagOnReturn() throws {
        let world = try World.acquainted(3, seed: 602)
        world.cutDirectPaths()
        let link = try #require(world.invite(by: 0))
        let mailbox = try #require(world.mailbox(behind: link))
        world.leave(0)
        world.pass(seconds: 60)
        world.flood(mailbox, from: 1, envelopes: 3_000)
        world.comeBack(0)
        world.write(3, from: 0, to: 2)
        for _ in 0..<700 {
            world.flood(mailbox, from: 1, envelopes: 5)
            world.pass(milliseconds: 50)
        }
        #expect(world.states(of: 0, with: 2) == [.delivered, .delivered, .delivered])
        #expect(world.finish() == [])
    }
}
