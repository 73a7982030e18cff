import Messenger
import Simulator
import Testing

/// A right to the node's relay is there whenever the node is.
@Suite("The right to the relay")
struct RelayScenarios {
    @Test("is asked for with the session, and again when a quarter of its hour is left")
    func refreshed() throws {
        let world = try World.acquainted(2, seed: 201)
        for person in 0...1 { #expect(world.relayLife(of: person) > 0) }
        var lives: Set<Bool> = []
        for _ in 0..<72 {
            world.pass(seconds: 300)
            let life = world.relayLife(of: 0)
            #expect(life > 840)
            lives.insert(life > 3_000)
        }
        #expect(lives == [true, false], "it was renewed and had been used up before")
        #expect(world.finish() == [])
    }

    @Test("ends while the node is out of reach, and is given anew when it is back")
    func reconnection() throws {
        let world = try World.acquainted(2, seed: 202)
        world.takeOffline(1)
        world.pass(seconds: 7_200)
        #expect(world.relayLife(of: 1) == 0)
        #expect(world.relayLife(of: 0) > 0)
        world.takeOnline(1)
        world.pass(seconds: 60)
        #expect(world.relayLife(of: 1) > 3_400)
        #expect(world.finish() == [])
    }

    @Test("is asked for anew from a node that started again, which may have another secret")
    func restart() throws {
        let world = try World.acquainted(2, seed: 203)
        world.pass(seconds: 1_200)
        let before = world.relay(of: 0)
        #expect(world.relayLife(of: 0) < 2_500)
        world.killNode()
        world.pass(seconds: 120)
        #expect(world.relay(of: 0) != before)
        #expect(world.relayLife(of: 0) > 3_300)
        #expect(world.finish() == [])
    }

    @Test("is in memory only: a page that was opened again has none before the node gave it another")
    func memory() throws {
        let world = try World.acquainted(2, seed: 204)
        world.leave(0)
        #expect(world.relay(of: 0) == nil)
        world.openLocked(0)
        #expect(world.relay(of: 0) == nil)
    }

    @Test("decides about channels at once when somebody wants to be reached through the relay only, and is remembered")
    func relayOnly() throws {
        let world = try World.acquainted(2, seed: 205)
        #expect(world.conversation(of: 0, with: 1)?.connection == .direct)
        world.act(0, .settings(Settings(relayOnly: true)))
        #expect(world.conversation(of: 0, with: 1)?.connection != .direct)
        world.pass(seconds: 60)
        #expect(world.conversation(of: 0, with: 1)?.connection == .relayed)
        world.leave(0)
        world.pass(seconds: 30)
        world.comeBack(0)
        world.pass(seconds: 60)
        #expect(world.conversation(of: 0, with: 1)?.connection == .relayed)
        world.act(0, .settings(Settings(relayOnly: false)))
        world.pass(seconds: 60)
        #expect(world.conversation(of: 0, with: 1)?.connection == .direct)
        #expect(world.finish() == [])
    }
}
