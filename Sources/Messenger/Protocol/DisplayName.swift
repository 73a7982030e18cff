/// Names that members give themselves or each other: at most 64 scalars, nothing invisible. The page shows them as they come.
package enum DisplayName {
    private static let scalarLimit = 64

    /// The name without what cannot be seen or turns the text around, without spaces around it, cut at 64 scalars. Spaces of any
    /// width, and any number of them, are one, as a page draws them. Empty if nothing is left. (The browser has put it into NFC.)
    package static func cleaned(_ text: Text) -> Text {
        var kept: [Unicode.Scalar] = []
        for scalar in text.string.unicodeScalars where !isStripped(scalar.value) && !isBlank(scalar.value) {
            kept.append(scalar)
        }
        var scalars = String.UnicodeScalarView()
        for index in kept.indices where scalars.count < scalarLimit && hasPurpose(index, in: kept) {
            let scalar = isSpace(kept[index].value) ? " " : kept[index]
            if scalar == " ", scalars.isEmpty || scalars.last == " " { continue }
            scalars.append(scalar)
        }
        if scalars.last == " " { scalars.removeLast() }
        return Text(String(scalars))
    }

    /// Whether two names would be taken for each other: what they look like is the same, whatever the case and the script.
    package static func collide(_ first: Text, _ second: Text) -> Bool {
        skeleton(first) == skeleton(second)
    }

    /// A name's scalars, each as the Latin letter or digit that it looks like. For comparing only.
    private static func skeleton(_ text: Text) -> [UInt32] {
        var skeleton: [UInt32] = []
        for scalar in text.string.unicodeScalars {
            let value = scalar.value
            guard !isStripped(value), !isBlank(value), !isSelector(value), !isJoiner(value) else { continue }
            let latin = Lookalikes.latin(of: value)
            skeleton.append(latin >= 0x41 && latin <= 0x5A ? latin + 32 : latin)
        }
        return skeleton
    }

    /// A joiner or a variation selector that changes nothing that can be seen is there to make a name another one.
    static func hasPurpose(_ index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        let value = scalars[index].value
        let before = index > 0 ? scalars[index - 1].value : 0
        if isSelector(value) { return before >= 0x2000 }
        guard isJoiner(value) else { return true }
        let after = index + 1 < scalars.count ? scalars[index + 1].value : 0
        // The scripts and pictographs that join stand behind the Latin, Greek and Cyrillic ones.
        return before >= 0x0600 && after >= 0x0600 && !isSpace(before) && !isSpace(after)
    }

    private static func isJoiner(_ scalar: UInt32) -> Bool { scalar == 0x200C || scalar == 0x200D }

    private static func isSelector(_ scalar: UInt32) -> Bool {
        (0xFE00...0xFE0F).contains(scalar) || (0xE0100...0xE01EF).contains(scalar)
    }

    /// Drawn as nothing, or as a space, without being one: fillers, blanks, invisible operators.
    static func isBlank(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180F, 0x2061...0x2065, 0x206A...0x206F: true
        case 0x2800, 0x3164, 0xFFA0, 0x1D173...0x1D17A: true
        default: false
        }
    }

    static func isSpace(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x20, 0xA0, 0x1680, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: true
        default: false
        }
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
