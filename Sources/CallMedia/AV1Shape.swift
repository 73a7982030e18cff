/// An encrypted AV1 frame (a temporal unit of open bitstream units, AV1 §5.3).
///
/// A packetizer cuts at OBUs, drops temporal delimiters and takes size fields out; a depacketizer puts size fields in, and
/// puts a key frame together only if it sees a sequence header. So the carrier is the frame's sequence headers in clear, and
/// one OBU whose payload is the ciphertext of the *whole* temporal unit. That it is a frame shows in its header; the packetizer
/// has the rest from the encoder's metadata. The receiver takes the sequence header from what it opens, and what is in clear
/// is of no consequence to its decoder.
enum AV1Shape {
    private enum UnitType {
        static let sequenceHeader: UInt8 = 1
        static let frame: UInt8 = 6
    }

    private static let hasSize: UInt8 = 0b010
    private static let hasExtension: UInt8 = 0b100
    /// obu_reserved_1bit and obu_extension_flag, which the carrier's header does not have.
    private static let unused: UInt8 = 0b101
    /// The longest leb128 that AV1 allows (§4.10.5).
    private static let sizeLimit = 8

    static func carrier(of ciphertext: [UInt8], frame: [UInt8]) -> [UInt8] {
        sequenceHeaders(of: frame) + [UnitType.frame << 3] + ciphertext
    }

    static func ciphertext(in carrier: [UInt8]) -> [UInt8]? {
        var position = 0
        while let unit = unit(of: carrier, at: position) {
            if unit.type == UnitType.frame {
                guard carrier[position] & unused == 0, unit.end == carrier.count else { return nil }
                return [UInt8](carrier[unit.payload..<unit.end])
            }
            guard unit.type == UnitType.sequenceHeader else { return nil }
            position = unit.end
        }
        return nil
    }

    /// As they are in the frame, their own headers included.
    private static func sequenceHeaders(of frame: [UInt8]) -> [UInt8] {
        var headers: [UInt8] = []
        var position = 0
        while let unit = unit(of: frame, at: position) {
            if unit.type == UnitType.sequenceHeader { headers += frame[position..<unit.end] }
            position = unit.end
        }
        return headers
    }

    private struct Unit {
        var type: UInt8
        /// Where its payload begins.
        var payload: Int
        var end: Int
    }

    /// The OBU that begins there (§5.3.2). nil: none does.
    private static func unit(of stream: [UInt8], at start: Int) -> Unit? {
        guard start < stream.count, stream[start] & 0x80 == 0 else { return nil }
        let header = stream[start]
        var position = start + (header & hasExtension == 0 ? 1 : 2)
        guard position <= stream.count else { return nil }
        var end = stream.count
        if header & hasSize != 0 {
            var size = 0
            var count = 0
            while true {
                guard position < stream.count, count < sizeLimit else { return nil }
                let byte = stream[position]
                // What is longer than the stream is refused below, and none is longer than 2³¹.
                guard count < 4 || byte & 0x7F == 0 else { return nil }
                if count < 4 { size |= Int(byte & 0x7F) << (7 * count) }
                position += 1
                count += 1
                if byte & 0x80 == 0 { break }
            }
            guard size <= stream.count - position else { return nil }
            end = position + size
        }
        return Unit(type: header >> 3 & 0x0F, payload: position, end: end)
    }
}
