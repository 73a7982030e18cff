import Messenger
import Testing
import WireFormat

@Suite("The boundary between engine and host")
struct BoundaryTests {
    @Test("a record that is not there takes one byte for its value, as the page writes it")
    func missingRecord() throws {
        // The same bytes as in Tests/Web/wire.test.ts.
        let (missing, present) = ([UInt8](repeating: 7, count: 32), [UInt8](repeating: 8, count: 32))
        let bytes: [UInt8] = [0x0B, 0x40, 0x46, 2] + missing + [0, 2] + present + [1, 1, 9]
        let input = Input.records([
            ReadRecord(store: .messages, key: missing, value: nil),
            ReadRecord(store: .messages, key: present, value: [9]),
        ])
        #expect(input.encoded == bytes)
        #expect(try Input(decoding: bytes) == input)
    }

    @Test("text that is not UTF-8 is refused")
    func illFormedText() {
        #expect(throws: WireError.invalidValue) { try Input(decoding: [1, 2, 0xC3, 0x28]) }
    }

    @Test("an enum's unknown value is refused")
    func unknownValue() {
        #expect(throws: WireError.invalidValue) { try Input(decoding: [56, 9]) }
    }
}
