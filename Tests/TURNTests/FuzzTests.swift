import Testing

/// The fuzzers' targets, with the same bytes each time. `make fuzz` looks further.
@Suite("What the fuzzers try")
struct FuzzTests {
    private func run(_ count: Int, _ length: ClosedRange<Int>, seed: UInt64, _ body: (UnsafeRawBufferPointer) -> Void) {
        var numbers = Numbers(state: seed)
        var corpus: [[UInt8]] = []
        for _ in 0..<count {
            // Some are new, others are changed ones of before.
            var bytes: [UInt8]
            if let old = corpus.randomElement(using: &numbers), numbers.below(3) != 0 {
                bytes = old
                for _ in 0...numbers.below(4) where !bytes.isEmpty {
                    let place = numbers.below(bytes.count)
                    switch numbers.below(6) {
                    case 0: bytes.removeSubrange(place...)
                    case 1: bytes.insert(UInt8(numbers.below(256)), at: place)
                    case 2: bytes += bytes[place...].prefix(40)
                    default: bytes[place] = UInt8(numbers.below(256))
                    }
                }
            } else {
                bytes = (0..<numbers.below(length.upperBound - length.lowerBound + 1) + length.lowerBound).map { _ in
                    // Small numbers are lengths and types more often.
                    UInt8(numbers.below(numbers.below(3) == 0 ? 256 : 32))
                }
            }
            if bytes.count > length.upperBound { bytes.removeSubrange(length.upperBound...) }
            if corpus.count < 200 { corpus.append(bytes) } else { corpus[numbers.below(200)] = bytes }
            bytes.withUnsafeBytes(body)
        }
    }

    @Test("messages")
    func messages() {
        run(30_000, 0...120, seed: 11) { rest in
            // Behind a header that is right, or nothing would come past it.
            var bytes: [UInt8] = [UInt8(rest.count & 1), 1, 0, 0, 0x21, 0x12, 0xA4, 0x42]
            bytes += [UInt8](repeating: 9, count: 12) + rest.prefix(rest.count & ~3)
            bytes[3] = UInt8(bytes.count - 20)
            bytes.withUnsafeBytes(Fuzzing.message)
            Fuzzing.message(rest)
        }
    }

    @Test("streams")
    func streams() {
        run(30_000, 0...200, seed: 12, Fuzzing.stream)
    }

    @Test("the server's state")
    func server() {
        run(3_000, 20...400, seed: 13, Fuzzing.server)
    }

    @Test("datagrams as long as they come")
    func large() {
        run(60, 30_000...65_507, seed: 14, Fuzzing.large)
    }
}
