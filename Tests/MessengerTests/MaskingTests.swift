import Messenger
import Simulator
import Testing

@Suite("Masking")
struct MaskingTests {
    @Test("hides what arrives and never one's own, and what was revealed stays while its conversation is open")
    func whileInView() throws {
        let world = try World.acquainted(2, seed: 51)
        world.write(2, from: 0, to: 1)
        world.pass(seconds: 60)
        #expect(world.texts(of: 0, with: 1).map { $0.isMasked } == [false, false])
        #expect(world.texts(of: 0, with: 1).allSatisfy { !$0.text.isEmpty })
        #expect(world.texts(of: 1, with: 0).map { $0.isMasked } == [true, true])
        world.read(1, from: 0)
        world.pass(seconds: 3_600)
        world.write(from: 0, to: 1)
        world.pass(seconds: 60)
        let id = try #require(world.conversation(of: 1, with: 0)).conversation
        // A change of state shows each of them anew.
        #expect(world.openTexts(of: 1).map { $0.isMasked } == [false, false, true])
        world.act(1, .closeConversation)
        world.act(1, .openConversation(id))
        #expect(world.texts(of: 1, with: 0).map { $0.isMasked } == [true, true, true])
        #expect(world.finish() == [])
    }

    @Test("ends until the user hides a message, where they want that, whatever is locked meanwhile")
    func untilHidden() throws {
        let world = try World.acquainted(2, seed: 52)
        world.act(1, .settings(Settings(revealSeconds: Settings.untilHidden)))
        world.write(2, from: 0, to: 1)
        world.pass(seconds: 60)
        world.read(1, from: 0)
        world.leave(1)
        world.comeBack(1)
        let shown = world.texts(of: 1, with: 0)
        #expect(shown.map { $0.isMasked } == [false, false])
        let id = try #require(world.conversation(of: 1, with: 0)).conversation
        world.act(1, .hide(conversation: id, message: shown[0].id))
        #expect(world.openTexts(of: 1).map { $0.isMasked } == [true, false])
        #expect(world.texts(of: 1, with: 0).map { $0.isMasked } == [true, false])
        #expect(world.finish() == [])
    }

    @Test("ends after the time that the user has set")
    func forAWhile() throws {
        let world = try World.acquainted(2, seed: 53)
        world.act(1, .settings(Settings(revealSeconds: 30)))
        world.write(from: 0, to: 1)
        world.pass(seconds: 60)
        world.read(1, from: 0)
        world.pass(seconds: 29)
        #expect(world.openTexts(of: 1).map { $0.isMasked } == [false])
        world.pass(seconds: 2)
        #expect(world.openTexts(of: 1).map { $0.isMasked } == [true])
        #expect(world.finish() == [])
    }

    @Test("is off in a conversation of which the user wants that: what arrives is legible, and counts as read")
    func unmasked() throws {
        let world = try World.acquainted(2, seed: 54)
        world.write(from: 0, to: 1)
        world.pass(seconds: 60)
        let id = try #require(world.conversation(of: 1, with: 0)).conversation
        #expect(world.texts(of: 1, with: 0).map { $0.isMasked } == [true])
        world.act(1, .unmask(conversation: id, true))
        #expect(world.openTexts(of: 1).map { $0.isMasked } == [false])
        world.write(from: 0, to: 1)
        world.pass(seconds: 60)
        #expect(world.openTexts(of: 1).map { $0.isMasked } == [false, false])
        #expect(world.states(of: 0, with: 1) == [.read, .read])
        world.leave(1)
        world.comeBack(1)
        #expect(world.conversation(of: 1, with: 0)?.unmasked == true)
        #expect(world.texts(of: 1, with: 0).map { $0.isMasked } == [false, false])
        world.act(1, .unmask(conversation: id, false))
        #expect(world.openTexts(of: 1).map { $0.isMasked } == [true, true])
        #expect(world.finish() == [])
    }
}
