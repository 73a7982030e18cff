/// Characters that are taken for a Latin letter or a digit (after Unicode Technical Standard #39, what people meet in names).
enum Lookalikes {
    /// The Latin letter that a scalar looks like; the scalar itself if it looks like none.
    static func latin(of scalar: UInt32) -> UInt32 {
        switch scalar {
        case 0x30: 0x6F  // 0, as o
        case 0x31, 0x7C: 0x6C  // 1 and |, as l
        // Fullwidth forms, mathematical alphabets, circled letters.
        case 0xFF01...0xFF5E: latin(of: scalar - 0xFEE0)
        case 0x1D400...0x1D6A3: letter((scalar - 0x1D400) % 52)
        case 0x24B6...0x24E9: letter(scalar - 0x24B6)
        case 0x0370...0x03FF: greek(scalar)
        case 0x0400...0x052F: cyrillic(scalar)
        default: scalar
        }
    }

    /// The 52 letters, upper case first.
    private static func letter(_ index: UInt32) -> UInt32 { index < 26 ? 0x41 + index : 0x61 + index - 26 }

    private static func greek(_ scalar: UInt32) -> UInt32 {
        switch scalar {
        case 0x0391, 0x03B1: 0x61  // a
        case 0x0392: 0x62
        case 0x0395: 0x65
        case 0x0397: 0x68
        case 0x0399, 0x03B9: 0x69
        case 0x039A, 0x03BA: 0x6B
        case 0x039C: 0x6D
        case 0x039D: 0x6E
        case 0x039F, 0x03BF: 0x6F  // o
        case 0x03A1, 0x03C1: 0x70
        case 0x03A4, 0x03C4: 0x74
        case 0x03C5: 0x75
        case 0x03BD: 0x76
        case 0x03A7, 0x03C7: 0x78
        case 0x03A5: 0x79
        case 0x0396: 0x7A
        default: scalar
        }
    }

    private static func cyrillic(_ scalar: UInt32) -> UInt32 {
        switch scalar {
        case 0x0410, 0x0430: 0x61  // a
        case 0x0412, 0x0432: 0x62
        case 0x0421, 0x0441: 0x63
        case 0x0501: 0x64
        case 0x0415, 0x0435: 0x65  // e
        case 0x041D, 0x043D, 0x04BA, 0x04BB: 0x68
        case 0x0406, 0x0456: 0x69  // i
        case 0x0408, 0x0458: 0x6A
        case 0x041A, 0x043A: 0x6B
        case 0x041C, 0x043C: 0x6D
        case 0x041E, 0x043E: 0x6F  // o
        case 0x0420, 0x0440: 0x70
        case 0x051A, 0x051B: 0x71
        case 0x0405, 0x0455: 0x73
        case 0x0422, 0x0442: 0x74
        case 0x051C, 0x051D: 0x77
        case 0x0425, 0x0445: 0x78
        case 0x0423, 0x0443: 0x79
        default: scalar
        }
    }
}
