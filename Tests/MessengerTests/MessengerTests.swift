import Messenger
import Testing
import WireFormat

@Suite("The boundary between engine and host")
struct BoundaryTests {
    @Test("a record that is not there takes one byte for its value, as the page writes it")
    func missingRecord() throws {
        // The same bytes as in Tests/Web/wire.test.ts.
        let (missing, present) = ([UInt8](repeating: 7, count: 32), [UInt8](repeating: 8, count: 32))
        let bytes: [UInt8] = [0x0B, 0x40, 0x46, 2] + missing + [0, 2] + present + [1, 1, 9]
        let input = Input.records([
            ReadRecord(store: .messages, key: missing, value: nil),
            ReadRecord(store: .messages, key: present, value: [9]),
        ])
        #expect(input.encoded == bytes)
        #expect(try Input(decoding: bytes) == input)
    }

    @Test("an output is read back as it was written")
    func outputRoundTrip() throws {
        let key = [UInt8](repeating: 7, count: 32)
        let device = [UInt8](repeating: 9, count: 16)
        var output = Output()
        output.writes = [
            Write(store: .meta, key: [UInt8]("header".utf8), value: [1, 2]), Write(store: .state, key: key, value: nil),
        ]
        output.reads = [Read(store: .messages, key: key)]
        output.connection = .reopen
        output.toNode = [[1], [], [2, 3]]
        output.relay = .granted(
            RelayGrant(username: "1700003600:a", password: "b", until: 1 << 41, udpPort: 3_478, tcpPort: 0))
        output.channels = [.connect(device: device, initiator: true, relayOnly: false), .close(device: device)]
        output.events = [.noVault, .warning(.replayedMessage, conversation: device), .problem(.none)]
        output.files = [
            .seal(file: device, ticket: 3, storage: device, key: key, size: 1 << 33),
            .send(device: device, file: device, storage: device, from: 1, chunks: 2),
            .receive(device: device, file: device, storage: device, key: key, size: 7, hash: key),
            .stop(file: device), .read(file: device, storage: device, from: 15, count: 15),
            .store(file: device, storage: device, key: key, size: 7, hash: key, from: 0, chunks: [1, 2]),
            .delete(file: device, storage: device),
            .open(
                file: device, storage: device, key: key, size: 7, name: "plan.pdf", type: "application/pdf",
                purpose: .readableCopy),
            .inventory([StoredFile(file: device, storage: device, length: 23)]),
        ]
        output.events += [
            .resumed(conversation: nil, drafts: []),
            .resumed(
                conversation: device,
                drafts: [
                    Draft(
                        conversation: device, text: "half a sent",
                        voice: VoiceDraft(type: "audio/webm", durationMs: 900, waveform: [1, 2], bytes: [3]))
                ]),
        ]
        output.nextTimeout = 1 << 40
        #expect(try Output(decoding: output.encoded) == output)
        for relay in [RelayAccess.off, .refused] {
            output.relay = relay
            #expect(try Output(decoding: output.encoded) == output)
        }
    }

    @Test("an input is read back as it was written")
    func inputRoundTrip() throws {
        let id = [UInt8](repeating: 5, count: 16)
        let inputs: [Input] = [
            .start(origin: "https://localhost:8443", header: [], throttle: [1], deviceSegment: id + id),
            .unlock(passphraseSegment: id + id, records: [StoredRecord(key: id + id, value: [4])]),
            .records([ReadRecord(store: .messages, key: id + id, value: nil)]), .tick,
            .send(conversation: id, "سلام 🙂"), .settings(Settings(revealSeconds: 5, relayOnly: true)),
            .localSignal(device: id, kind: .restart, ""), .relayRefused(username: "1700003600:0f"),
            .channelFingerprintMismatch(device: id),
            .prepareFile(
                conversation: id, ticket: 9,
                FileDescription(
                    name: "voice.opus", type: "audio/ogg", size: 8_000, kind: .voice, durationMs: 3_500,
                    waveform: [0, 128, 255])),
            .fileSealed(file: id, hash: id + id), .fileFailed(file: id, .unreadable), .fileReceived(file: id),
            .fileBytes(file: id, from: 15, [1, 2, 3]), .pauseFile(conversation: id, message: id, true),
            .cancelFile(conversation: id, message: id), .openFile(conversation: id, message: id, .view),
            .readableCopy(conversation: id, message: id, isKept: true), .fileProgress(file: id, chunks: 64),
            .showInvitation(id), .labelInvitation(id, "Max"),
            .hide(conversation: id, message: id), .unmask(conversation: id, true),
            .draft(conversation: id, "half a sent"), .voiceDraft(conversation: id, nil),
            .voiceDraft(
                conversation: id, VoiceDraft(type: "audio/webm", durationMs: 900, waveform: [1, 2], bytes: [3])),
        ]
        for input in inputs { #expect(try Input(decoding: input.encoded) == input) }
    }

    @Test("text that is not UTF-8 is refused")
    func illFormedText() {
        #expect(throws: WireError.invalidValue) { try Input(decoding: [1, 2, 0xC3, 0x28]) }
    }
}
