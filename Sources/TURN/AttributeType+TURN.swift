import STUN

/// TURN's methods (RFC 8656 §17).
extension Method {
    public static let allocate = Method(rawValue: 0x003)
    public static let refresh = Method(rawValue: 0x004)
    public static let send = Method(rawValue: 0x006)
    public static let data = Method(rawValue: 0x007)
    public static let createPermission = Method(rawValue: 0x008)
    public static let channelBind = Method(rawValue: 0x009)
}

/// TURN's attributes (RFC 8656 §18).
extension AttributeType {
    public static let channelNumber = AttributeType(rawValue: 0x000C)
    public static let lifetime = AttributeType(rawValue: 0x000D)
    public static let xorPeerAddress = AttributeType(rawValue: 0x0012)
    public static let data = AttributeType(rawValue: 0x0013)
    public static let xorRelayedAddress = AttributeType(rawValue: 0x0016)
    public static let requestedAddressFamily = AttributeType(rawValue: 0x0017)
    public static let evenPort = AttributeType(rawValue: 0x0018)
    public static let requestedTransport = AttributeType(rawValue: 0x0019)
    public static let dontFragment = AttributeType(rawValue: 0x001A)
    public static let reservationToken = AttributeType(rawValue: 0x0022)
    public static let additionalAddressFamily = AttributeType(rawValue: 0x8000)
    public static let addressErrorCode = AttributeType(rawValue: 0x8001)
    public static let icmp = AttributeType(rawValue: 0x8004)
}

/// TURN's errors (RFC 8656 §19).
extension ErrorCode {
    public static let forbidden = ErrorCode(rawValue: 403)
    public static let allocationMismatch = ErrorCode(rawValue: 437)
    public static let addressFamilyNotSupported = ErrorCode(rawValue: 440)
    public static let wrongCredentials = ErrorCode(rawValue: 441)
    public static let unsupportedTransport = ErrorCode(rawValue: 442)
    public static let peerAddressFamilyMismatch = ErrorCode(rawValue: 443)
    public static let allocationQuotaReached = ErrorCode(rawValue: 486)
    public static let insufficientCapacity = ErrorCode(rawValue: 508)
}
