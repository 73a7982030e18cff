import WireFormat

/// What a conversation's composer held, and gets back after a lock or a reload.
public struct Draft: Equatable, Sendable {
    public let conversation: [UInt8]
    public let text: Text
    public let voice: VoiceDraft?

    public init(conversation: [UInt8], text: Text, voice: VoiceDraft?) {
        self.conversation = conversation
        self.text = text
        self.voice = voice
    }
}

/// A voice message that was recorded and not sent.
public struct VoiceDraft: Equatable, Sendable {
    public let type: Text
    public let durationMs: UInt32
    public let waveform: [UInt8]
    public let bytes: [UInt8]

    public init(type: Text, durationMs: UInt32, waveform: [UInt8], bytes: [UInt8]) {
        self.type = type
        self.durationMs = durationMs
        self.waveform = waveform
        self.bytes = bytes
    }
}

extension Draft: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(fixed: conversation)
        writer.write(text)
        writer.write(optional: voice)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            conversation: try reader.readFixed(16), text: try reader.read(), voice: try reader.readOptional())
    }
}

extension VoiceDraft: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(type)
        writer.write(durationMs)
        writer.write(opaque: waveform)
        writer.write(opaque: bytes)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            type: try reader.read(), durationMs: try reader.readUInt32(), waveform: try reader.readOpaque(),
            bytes: try reader.readOpaque())
    }
}
