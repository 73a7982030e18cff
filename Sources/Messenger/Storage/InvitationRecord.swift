import MLS
import Trust
import WireFormat

/// An invitation of ours, from its making to long after its end.
struct InvitationRecord {
    /// What the node has still to be told.
    enum Errand: UInt8 {
        case none = 0
        case put = 1
        case withdraw = 2
    }

    var id: InvitationID
    /// Milliseconds since 1970.
    var created: UInt64
    var expires: UInt64
    var state: InvitationState
    var errand: Errand
    /// The whole link with its secret, kept while the invitation is open: it is offered again rather than another one made.
    var link: Text
    /// What the node checks a redemption's proof against.
    var verifier: [UInt8]
    /// The sealed bundle, kept until the node has it.
    var bundle: [UInt8]
    /// The KeyPackage reserved for the newcomer. nil: used, or given up.
    var keyPackage: KeyPackageBundle?
    /// Whom the user made it for, in their own words.
    var label = Text.empty
    /// The member who joined with it.
    var guest: MemberID?
}

extension InvitationRecord {
    /// Whether the node has it and its link can be given to somebody.
    var isShowable: Bool { state == .open && errand == .none && !link.isEmpty }
}

extension InvitationRecord: WireCodable {
    func encode(into writer: inout WireWriter) {
        writer.write(id)
        writer.write(created)
        writer.write(expires)
        writer.write(state.rawValue)
        writer.write(errand.rawValue)
        writer.write(link)
        writer.write(opaque: verifier)
        writer.write(opaque: bundle)
        writer.write(optional: keyPackage)
        writer.write(label)
        writer.write(optional: guest)
    }

    init(from reader: inout WireReader) throws(WireError) {
        id = try reader.read()
        created = try reader.readUInt64()
        expires = try reader.readUInt64()
        state = try InvitationState(from: &reader)
        errand = try Errand(from: &reader)
        link = try reader.read()
        verifier = try reader.readOpaque()
        bundle = try reader.readOpaque()
        keyPackage = try reader.readOptional()
        // Records from before the label end here.
        if !reader.isAtEnd {
            label = try reader.read()
            guest = try reader.readOptional()
        }
    }
}

/// The private halves of the KeyPackages that the node hands out for us.
struct KeyPackageStock: WireCodable {
    var bundles: [KeyPackageBundle] = []

    init() {}

    func encode(into writer: inout WireWriter) {
        writer.write(vector: bundles)
    }

    init(from reader: inout WireReader) throws(WireError) {
        bundles = try reader.readVector()
    }
}
