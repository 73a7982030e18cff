/// Names that members give themselves or each other: at most 64 scalars, nothing invisible.
package enum DisplayName {
    private static let scalarLimit = 64

    /// The name without control and bidirectional formatting characters and without spaces around it, cut at 64 scalars.
    /// Empty if nothing is left. (The browser has put it into NFC.)
    package static func cleaned(_ text: Text) -> Text {
        var scalars = String.UnicodeScalarView()
        for scalar in text.string.unicodeScalars where !isStripped(scalar.value) && scalars.count < scalarLimit {
            scalars.append(scalar)
        }
        while let last = scalars.last, isSpace(last.value) { scalars.removeLast() }
        while let first = scalars.first, isSpace(first.value) { scalars.removeFirst() }
        return Text(String(scalars))
    }

    /// Whether two names would be taken for each other: the same but for the case of ASCII letters.
    package static func collide(_ first: Text, _ second: Text) -> Bool {
        guard first.utf8.count == second.utf8.count else { return false }
        for index in first.utf8.indices where folded(first.utf8[index]) != folded(second.utf8[index]) { return false }
        return true
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte + 32 : byte
    }

    private static func isSpace(_ scalar: UInt32) -> Bool {
        scalar == 0x20 || scalar == 0xA0 || scalar == 0x3000
    }

    static func isStripped(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0...0x1F, 0x7F...0x9F: true  // control characters
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true  // bidirectional formatting
        case 0x200B, 0x2028, 0x2029, 0x2060, 0xFEFF, 0x00AD: true  // invisible: spaces, separators, hyphens
        case 0xFFF9...0xFFFB, 0xE0000...0xE007F: true  // annotations, tags
        default: false
        }
    }
}
