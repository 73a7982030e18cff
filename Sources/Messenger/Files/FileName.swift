/// Names of files that come from elsewhere: for showing and for saving, on whatever system. The page shows them as they come.
package enum FileName {
    /// In bytes of UTF-8: what common file systems take.
    private static let lengthLimit = FileAnnouncement.nameLimit
    /// What follows the last dot is kept when a name is cut, unless it is longer than this.
    private static let extensionLimit = 32
    private static let replacement: UInt8 = 0x5F

    /// One component of a path that names no device, hides nothing from the reader and is not hidden itself. Never empty.
    package static func sanitised(_ text: Text) -> Text {
        var name = scalars(of: text)
        while let last = name.last, last == 0x20 || last == 0x2E { name.removeLast() }
        while let first = name.first, first == 0x20 { name.removeFirst() }
        // Hidden on many systems, and known by that dot: it stays, but not in front.
        if name.count > 1, name[0] == 0x2E, name[1] != 0x2E, name[1] != 0x20, name[1] != UInt32(replacement) {
            name.insert(UInt32(replacement), at: 0)
        }
        while let first = name.first, first == 0x20 || first == 0x2E { name.removeFirst() }
        if name.isEmpty { return "file" }
        if isReserved(name) { name.insert(0x5F, at: 0) }
        return Text(cut(name))
    }

    /// Without control, formatting and separating characters, and without joiners that join nothing; spaces of any width, and any
    /// number of them, as one: a long run would push the extension out of sight.
    private static func scalars(of text: Text) -> [UInt32] {
        var kept: [Unicode.Scalar] = []
        for scalar in text.string.unicodeScalars {
            let value = scalar.value
            if isSpace(value) || !DisplayName.isStripped(value) && !DisplayName.isBlank(value) { kept.append(scalar) }
        }
        var scalars: [UInt32] = []
        for index in kept.indices where DisplayName.hasPurpose(index, in: kept) {
            let value = kept[index].value
            switch value {
            case _ where isSpace(value):
                if scalars.last != 0x20 { scalars.append(0x20) }
            // / \ : * ? " < > |
            case 0x2F, 0x5C, 0x3A, 0x2A, 0x3F, 0x22, 0x3C, 0x3E, 0x7C: scalars.append(UInt32(replacement))
            // Slashes and dots that only look like them.
            case 0x2044, 0x2215, 0x29F8, 0xFF0F, 0x29F5, 0xFE68, 0xFF3C: scalars.append(UInt32(replacement))
            case 0x2024, 0xFE52, 0xFF0E: scalars.append(0x2E)
            default: scalars.append(value)
            }
        }
        return scalars
    }

    /// Lines may be broken between words.
    private static func isSpace(_ scalar: UInt32) -> Bool {
        (0x09...0x0D).contains(scalar) || DisplayName.isSpace(scalar)
    }

    /// Whether Windows takes the name, whatever its extension, for a device.
    private static func isReserved(_ name: [UInt32]) -> Bool {
        var stem: [UInt8] = []
        for scalar in name {
            if scalar == 0x2E { break }
            switch scalar {
            case 0xB9: stem.append(0x31)
            case 0xB2: stem.append(0x32)
            case 0xB3: stem.append(0x33)
            case 0x61...0x7A: stem.append(UInt8(scalar - 32))
            case 0...0x7E: stem.append(UInt8(scalar))
            default: return false
            }
            if stem.count > 7 { return false }
        }
        while stem.last == 0x20 { stem.removeLast() }
        if let last = stem.last, last >= 0x30, last <= 0x39, stem.count == 4 {
            stem.removeLast()
            return stem == label("COM") || stem == label("LPT")
        }
        return stem == label("CON") || stem == label("PRN") || stem == label("AUX") || stem == label("NUL")
            || stem == label("CLOCK$") || stem == label("CONIN$") || stem == label("CONOUT$")
    }

    /// Cuts what stands before the extension, at a scalar's end.
    private static func cut(_ name: [UInt32]) -> String {
        var stem = name
        var rest: [UInt32] = []
        if let dot = name.lastIndex(of: 0x2E), dot > 0, length(name[dot...]) <= extensionLimit {
            stem = [UInt32](name[..<dot])
            rest = [UInt32](name[dot...])
        }
        var room = lengthLimit - length(rest[...])
        var scalars = String.UnicodeScalarView()
        for scalar in stem {
            room -= length(of: scalar)
            if room < 0 { break }
            if let scalar = Unicode.Scalar(scalar) { scalars.append(scalar) }
        }
        for scalar in rest { if let scalar = Unicode.Scalar(scalar) { scalars.append(scalar) } }
        return String(scalars)
    }

    private static func length(_ scalars: ArraySlice<UInt32>) -> Int {
        scalars.reduce(0) { $0 + length(of: $1) }
    }

    /// In UTF-8.
    private static func length(of scalar: UInt32) -> Int {
        scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
    }
}
