import Testing
import WireFormat

@Test("a vector's length takes its shortest form")
func shortestLength() {
    var writer = WireWriter()
    writer.write(length: 64)
    #expect(writer.bytes == [0x40, 0x40])
}
