import Messenger
import Simulator
import Testing

@Suite("What was not sent")
struct DraftTests {
    private let voice = VoiceDraft(type: "audio/webm", durationMs: 900, waveform: [1, 2], bytes: [3, 4, 5])

    @Test("comes back after a lock or a reload, with the conversation that was open")
    func comesBack() throws {
        let world = try World.acquainted(2, seed: 41)
        let id = try #require(world.conversation(of: 0, with: 1)).conversation
        world.act(0, .openConversation(id))
        world.act(0, .draft(conversation: id, "half a sent"))
        world.act(0, .voiceDraft(conversation: id, voice))
        world.leave(0)
        world.comeBack(0)
        #expect(world.resumed(0).conversation == id)
        #expect(world.resumed(0).drafts == [Draft(conversation: id, text: "half a sent", voice: voice)])
        #expect(world.finish() == [])
    }

    @Test("does not come back once it was sent or thrown away, nor does a conversation that was closed")
    func isForgotten() throws {
        let world = try World.acquainted(2, seed: 42)
        let id = try #require(world.conversation(of: 0, with: 1)).conversation
        world.act(0, .openConversation(id))
        world.act(0, .draft(conversation: id, "half a sent"))
        world.act(0, .voiceDraft(conversation: id, voice))
        world.act(0, .draft(conversation: id, ""))
        world.act(0, .voiceDraft(conversation: id, nil))
        world.act(0, .closeConversation)
        world.leave(0)
        world.comeBack(0)
        #expect(world.resumed(0).conversation == nil)
        #expect(world.resumed(0).drafts == [])
        #expect(world.finish() == [])
    }
}
