import Messenger
import Simulator
import Testing

/// A right to the node's relay is there whenever the node is.
@Suite("The credential for the relay")
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

    @Test("is replaced at once when the relay refuses it while the session stands")
    func refused() throws {
        let world = try World.acquainted(2, seed: 206)
        world.pass(seconds: 600)
        let refused = try username(of: 0, in: world)
        #expect(world.relayLife(of: 0) < 3_100)
        world.act(0, .relayRefused(username: refused))
        world.pass(seconds: 5)
        #expect(try username(of: 0, in: world) != refused)
        #expect(world.relayLife(of: 0) > 3_500)
        #expect(world.finish() == [])
    }

    @Test("is asked for once each half minute at most, however often the relay refuses what is given")
    func refusedForEver() throws {
        let world = try World.acquainted(2, seed: 207)
        world.pass(seconds: 600)
        var given = [try username(of: 0, in: world)]
        for _ in 0..<200 {
            let latest = try username(of: 0, in: world)
            if latest != given.last { given.append(latest) }
            for _ in 0..<3 { world.act(0, .relayRefused(username: latest)) }
            world.pass(seconds: 1)
        }
        // At once, and after each pause of 30 seconds: what is refused first is replaced soon, the rest by and by.
        #expect((7...8).contains(given.count))
        // One refusal is enough to have it replaced when the pause is over.
        let last = try username(of: 0, in: world)
        world.act(0, .relayRefused(username: last))
        world.pass(seconds: 35)
        #expect(try username(of: 0, in: world) != last)
        #expect(world.finish() == [])
    }

    @Test("stays as it is when the relay is said to refuse another one: a late word, or none of ours")
    func lateRefusal() throws {
        let world = try World.acquainted(2, seed: 208)
        world.pass(seconds: 600)
        let former = try username(of: 0, in: world)
        world.act(0, .relayRefused(username: former))
        world.pass(seconds: 120)
        let latest = try username(of: 0, in: world)
        #expect(latest != former)
        for other in [former, "", "1700003600:0f"] as [Text] { world.act(0, .relayRefused(username: other)) }
        world.pass(seconds: 120)
        #expect(try username(of: 0, in: world) == latest)
        #expect(world.finish() == [])
    }

    @Test("that the relay refuses while the node is out of reach is replaced with the next session, once")
    func refusedOffline() throws {
        let world = try World.acquainted(2, seed: 209)
        world.takeOffline(0)
        world.pass(seconds: 120)
        let former = try username(of: 0, in: world)
        for _ in 0..<3 {
            world.act(0, .relayRefused(username: former))
            world.pass(seconds: 60)
        }
        #expect(try username(of: 0, in: world) == former)
        world.takeOnline(0)
        world.pass(seconds: 60)
        let latest = try username(of: 0, in: world)
        #expect(latest != former)
        world.pass(seconds: 600)
        #expect(try username(of: 0, in: world) == latest)
        #expect(world.finish() == [])
    }

    private func username(of person: Int, in world: World) throws -> Text {
        guard case .granted(let grant)? = world.relay(of: person) else { throw NoRight() }
        return grant.username
    }

    private struct NoRight: Error {}

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
