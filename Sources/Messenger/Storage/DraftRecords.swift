import WireFormat

/// What is typed in a conversation and not sent.
struct DraftRecord {
    var conversation: [UInt8]
    var text: Text
}

/// What is recorded in a conversation and not sent. Apart from the text, which is written at every pause of the typing.
struct VoiceDraftRecord {
    var conversation: [UInt8]
    var voice: VoiceDraft
}

/// Which conversation the user looks at.
struct ViewRecord {
    var conversation: [UInt8]
}

extension DraftRecord: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(fixed: conversation)
        writer.write(text)
    }

    init(from reader: inout WireReader) throws(WireError) {
        conversation = try reader.readFixed(16)
        text = try reader.read()
    }
}

extension VoiceDraftRecord: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(fixed: conversation)
        writer.write(voice)
    }

    init(from reader: inout WireReader) throws(WireError) {
        conversation = try reader.readFixed(16)
        voice = try reader.read()
    }
}

extension ViewRecord: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(fixed: conversation)
    }

    init(from reader: inout WireReader) throws(WireError) {
        conversation = try reader.readFixed(16)
    }
}
