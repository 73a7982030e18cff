import WireFormat

/// What a certificate permits. A certificate grants nothing that its issuer does not have.
public struct Rights: OptionSet, Sendable, WireCodable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// To issue invitations.
    public static let mayInvite = Rights(rawValue: 1)
    /// To run the bubble.
    public static let `operator` = Rights(rawValue: 2)

    static let all: Rights = [.mayInvite, .operator]
    /// What an invitation cannot grant: it comes straight from the authority, so that chains do not grow by invitation upon
    /// invitation.
    static let fromAuthorityOnly: Rights = [.mayInvite, .operator]

    public func encode(into writer: inout WireWriter) {
        writer.write(rawValue)
    }

    /// Refuses rights that this version does not know.
    public init(from reader: inout WireReader) throws(WireError) {
        rawValue = try reader.readUInt8()
        guard isSubset(of: .all) else { throw .invalidValue }
    }
}

/// From when until when, both included, in seconds since 1970.
public struct Validity: Equatable, Sendable, WireCodable {
    /// How far ahead of ours the issuer's clock may be, in seconds. Machines without a network have wrong clocks, and taking
    /// a certificate a day early gives nothing to anyone. Its end is exact.
    public static let clockLeeway: UInt64 = 24 * 3600

    public let notBefore: UInt64
    public let notAfter: UInt64

    /// - Parameter end: without one, it never ends.
    public init(from start: UInt64, until end: UInt64 = .max) {
        notBefore = start
        notAfter = end
    }

    public func contains(_ time: UInt64) -> Bool {
        notBefore <= time && time <= notAfter
    }

    /// - Throws: ``TrustError/notYetValid``, ``TrustError/expired``.
    func check(now: UInt64) throws(TrustError) {
        let (latest, overflow) = now.addingReportingOverflow(Self.clockLeeway)
        guard overflow || notBefore <= latest else { throw .notYetValid }
        guard now <= notAfter else { throw .expired }
    }

    public func encode(into writer: inout WireWriter) {
        writer.write(notBefore)
        writer.write(notAfter)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        notBefore = try reader.readUInt64()
        notAfter = try reader.readUInt64()
    }
}
