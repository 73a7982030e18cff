/// Why a request was refused (RFC 8489 §14.8).
public struct ErrorCode: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    /// From 300 to 699.
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let tryAlternate = ErrorCode(rawValue: 300)
    public static let badRequest = ErrorCode(rawValue: 400)
    public static let unauthenticated = ErrorCode(rawValue: 401)
    public static let unknownAttribute = ErrorCode(rawValue: 420)
    public static let staleNonce = ErrorCode(rawValue: 438)
    public static let serverError = ErrorCode(rawValue: 500)
}
