/// An encrypted AV1 frame (a temporal unit of open bitstream units, AV1 §5.3).
///
/// A packetizer cuts at OBUs, drops temporal delimiters and takes size fields out; a depacketizer puts size fields in. So the
/// carrier is one OBU, whose payload is the ciphertext of the whole temporal unit. That it is a frame shows in its header; the
/// packetizer has the rest from the encoder's metadata.
enum AV1Shape {
    private static let frameType: UInt8 = 6
    private static let hasSize: UInt8 = 0b010
    /// obu_extension_flag and obu_reserved_1bit, which the carrier's header does not have.
    private static let unused: UInt8 = 0b101
    /// The longest leb128 that AV1 allows (§4.10.5).
    private static let sizeLimit = 8

    static func carrier(of ciphertext: [UInt8]) -> [UInt8] {
        [frameType << 3] + ciphertext
    }

    static func ciphertext(in carrier: [UInt8]) -> [UInt8]? {
        guard let header = carrier.first, header >> 3 == frameType, header & unused == 0 else { return nil }
        guard header & hasSize != 0 else { return [UInt8](carrier.dropFirst()) }
        var size = 0
        var position = 1
        while true {
            guard position < carrier.count, position <= sizeLimit else { return nil }
            let byte = carrier[position]
            // What is longer than the carrier is refused below, and none is longer than 2³¹.
            guard position <= 4 || byte & 0x7F == 0 else { return nil }
            size |= Int(byte & 0x7F) << (7 * (position - 1))
            position += 1
            if byte & 0x80 == 0 { break }
        }
        guard carrier.count - position == size else { return nil }
        return [UInt8](carrier[position...])
    }
}
