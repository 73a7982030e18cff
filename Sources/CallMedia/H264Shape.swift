/// An encrypted H.264 frame (an access unit in the byte stream format, ITU-T H.264 Annex B).
///
/// A packetizer looks for start codes; a depacketizer reads the parameter sets, may rewrite them or put them in once more,
/// writes all start codes anew, and wants to see in each slice which picture parameter set it uses. So the carrier is the
/// frame's parameter sets in clear, and one slice whose header begins like the frame's first slice and whose data are the
/// ciphertext of the *whole* frame. The receiver takes its parameter sets and slices from there, and what is in clear is of
/// no consequence to its decoder.
enum H264Shape {
    /// The NAL unit's header and the slice header's first_mb_in_slice, slice_type and pic_parameter_set_id (§7.3.3), which are
    /// exponential Golomb codes: three bytes hold them up to the parameter set 126.
    private static let sliceStartLength = 4
    /// rbsp_trailing_bits (§7.3.2.11): no NAL unit may end with a zero byte, which some parsers would cut off.
    private static let stop: UInt8 = 0x80
    private static let startCode: [UInt8] = [0, 0, 0, 1]

    private enum UnitType {
        static let slice: UInt8 = 1
        static let keySlice: UInt8 = 5
        static let sequenceParameters: UInt8 = 7
        static let pictureParameters: UInt8 = 8
    }

    /// The first bytes of the frame's first slice; zero bits fill up what is shorter. nil: there is no slice.
    static func sliceStart(of frame: [UInt8]) -> [UInt8]? {
        guard let slice = units(of: frame).first(where: { isSlice(frame, $0) }) else { return nil }
        var start = [UInt8](frame[slice].prefix(sliceStartLength))
        while start.count < sliceStartLength { start.append(stop) }
        return start
    }

    static func carrier(of ciphertext: [UInt8], sliceStart: [UInt8], frame: [UInt8]) -> [UInt8] {
        var carrier: [UInt8] = []
        carrier.reserveCapacity(ciphertext.count + ciphertext.count / 64 + 128)
        for unit in units(of: frame) {
            let type = frame[unit.lowerBound] & 0x1F
            guard type == UnitType.sequenceParameters || type == UnitType.pictureParameters else { continue }
            carrier += startCode
            carrier += frame[unit]
        }
        carrier += startCode
        carrier.append(sliceStart[0])
        escape(sliceStart[1...] + ciphertext + [stop], into: &carrier)
        return carrier
    }

    static func parts(ofCarrier carrier: [UInt8]) -> FrameParts? {
        guard let slice = units(of: carrier).first(where: { isSlice(carrier, $0) }) else { return nil }
        let data = unescaped(carrier[slice].dropFirst())
        guard data.count >= sliceStartLength, data.last == stop else { return nil }
        return FrameParts(
            clear: [carrier[slice.lowerBound]] + data[..<(sliceStartLength - 1)],
            body: [UInt8](data[(sliceStartLength - 1)..<(data.count - 1)]))
    }

    private static func isSlice(_ frame: [UInt8], _ unit: Range<Int>) -> Bool {
        let type = frame[unit.lowerBound] & 0x1F
        return type == UnitType.slice || type == UnitType.keySlice
    }

    /// Where the NAL units are: from behind a start code of three bytes (the fourth of a longer one is a zero before it) to
    /// the zeros before the next. None is empty.
    static func units(of stream: [UInt8]) -> [Range<Int>] {
        var units: [Range<Int>] = []
        var start: Int?
        var zeros = 0
        func end(at position: Int) {
            if let start, start < position { units.append(start..<position) }
        }
        for (index, byte) in stream.enumerated() {
            if byte == 1, zeros >= 2 {
                end(at: index - zeros)
                start = index + 1
            }
            zeros = byte == 0 ? zeros + 1 : 0
        }
        end(at: stream.count)
        return units
    }

    /// Puts an emulation prevention byte wherever a start code could be seen (§7.4.1.1).
    private static func escape(_ bytes: [UInt8], into output: inout [UInt8]) {
        var zeros = 0
        for byte in bytes {
            if zeros >= 2, byte <= 3 {
                output.append(3)
                zeros = 0
            }
            output.append(byte)
            zeros = byte == 0 ? zeros + 1 : 0
        }
    }

    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var zeros = 0
        for byte in bytes {
            if zeros >= 2, byte == 3 {
                zeros = 0
                continue
            }
            output.append(byte)
            zeros = byte == 0 ? zeros + 1 : 0
        }
        return output
    }
}
