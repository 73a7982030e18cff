/// Media types (RFC 6838) that come from elsewhere. They choose how a file may be shown, and prove nothing about it.
package enum MediaType {
    /// `type/subtype` in small letters, without parameters; empty for anything else.
    package static func sanitised(_ text: Text) -> Text {
        var type: [UInt8] = []
        var slash: Int?
        for byte in text.utf8 {
            if byte == 0x3B || byte == 0x20 { break }  // parameters follow
            switch byte {
            case 0x2F:
                if slash != nil { return .empty }
                slash = type.count
                type.append(byte)
            case 0x41...0x5A: type.append(byte + 32)
            case _ where isToken(byte): type.append(byte)
            default: return .empty
            }
        }
        guard let slash, slash > 0, slash < type.count - 1, type.count <= FileAnnouncement.typeLimit else {
            return .empty
        }
        return Text(validating: type) ?? .empty
    }

    /// RFC 9110 §5.6.2, capital letters aside.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
