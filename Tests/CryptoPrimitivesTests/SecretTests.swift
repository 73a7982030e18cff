import CryptoPrimitives
import Foundation
import Testing

/// This process's memory at an address, read through the kernel: a freed buffer may be looked at this way.
private func memory(at address: UInt, count: Int) throws -> [UInt8] {
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/mem"))
    try file.seek(toOffset: UInt64(address))
    return [UInt8](try file.read(upToCount: count) ?? Data())
}

/// How many bytes of `canary` are still where they were.
private func survivors(of canary: [UInt8], at address: UInt) throws -> Int {
    zip(canary, try memory(at: address, count: canary.count)).filter { $0 == $1 && $0 != 0 }.count
}

@Suite("Secrets")
struct SecretTests {
    /// Long enough that the allocator's own notes in freed memory are a small part, short enough to stay mapped.
    private let canary = Randomness.system().bytes(4096)

    @Test("a secret's bytes are overwritten when its last reference goes")
    func wipedAtRelease() throws {
        var secret: Secret? = Secret(canary)
        var second = secret
        let address = try #require(secret?.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) })
        #expect(second != nil)
        #expect(try survivors(of: canary, at: address) > 4000)
        secret = nil
        #expect(try survivors(of: canary, at: address) > 4000)
        second = nil
        // The allocator writes a few pointers of its own there; by chance one byte in 256 agrees.
        #expect(try survivors(of: canary, at: address) < 100)
    }

    @Test("the look at freed memory finds bytes that were not overwritten")
    func lookFindsWhatIsLeft() throws {
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: canary.count, alignment: 16)
        buffer.copyMemory(from: canary, byteCount: canary.count)
        let address = UInt(bitPattern: buffer)
        buffer.deallocate()
        #expect(try survivors(of: canary, at: address) > 2000)
    }

    @Test("secret bytes are overwritten when their scope ends, also by a throw while they are filled")
    func wipedAtScopeEnd() throws {
        struct Interrupted: Error {}
        var address: UInt = 0
        do {
            let bytes = SecretBytes(canary)
            address = bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
            #expect(try survivors(of: canary, at: address) > 4000)
        }
        #expect(try survivors(of: canary, at: address) < 100)
        #expect(throws: Interrupted.self) {
            _ = try SecretBytes(count: canary.count) { (buffer: UnsafeMutableRawBufferPointer) throws(Interrupted) in
                buffer.copyBytes(from: canary)
                address = UInt(bitPattern: buffer.baseAddress)
                throw Interrupted()
            }
        }
        #expect(try survivors(of: canary, at: address) < 100)
    }

    @Test("wiping an array clears it in place")
    func wipedArray() throws {
        var bytes = canary.map { $0 }
        let address = bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        #expect(try survivors(of: canary, at: address) > 4000)
        wipe(&bytes)
        #expect(bytes == [UInt8](repeating: 0, count: canary.count))
        #expect(try survivors(of: canary, at: address) == 0)
        var moved = canary.map { $0 }
        let secret = Secret(wiping: &moved)
        #expect(moved == [UInt8](repeating: 0, count: canary.count))
        #expect(secret.exposed == canary)
        var nothing: [UInt8] = []
        wipe(&nothing)
        #expect(nothing.isEmpty)
    }

    @Test("secrets are equal by value, and can be joined and cut")
    func values() throws {
        #expect(Secret([1, 2]) == Secret([1, 2]))
        #expect(Secret([1, 2]) != Secret([1, 3]))
        #expect(Secret([1, 2]) != Secret([1, 2, 0]))
        #expect(Secret([]) == Secret([]))
        #expect((Secret([1]) + Secret([2, 3])).exposed == [1, 2, 3])
        #expect((Secret([]) + Secret([])).count == 0)
        #expect(try Secret([1, 2, 3, 4]).slice(1..<3).exposed == [2, 3])
        #expect(try Secret([1]).slice(1..<1).exposed == [])
        #expect(throws: CryptoError.invalidLength) { try Secret([1]).slice(0..<2) }
        #expect(throws: CryptoError.invalidLength) { try Secret([1]).slice(-1..<1) }
        #expect(constantTimeEqual([1, 2], [1, 2]))
        #expect(!constantTimeEqual([1, 2], [1, 3]))
        #expect(!constantTimeEqual([1], [1, 2]))
        #expect(constantTimeEqual([], []))
    }
}

@Suite("Randomness")
struct RandomnessTests {
    @Test("the same seed gives the same stream, another seed another")
    func seeded() {
        let draws = [1, 16, 0, 64, 100]
        let first = Randomness(seed: [1, 2])
        let again = Randomness(seed: [1, 2])
        let other = Randomness(seed: [1, 3])
        for count in draws {
            let bytes = first.bytes(count)
            #expect(bytes.count == count)
            #expect(bytes == again.secret(count).exposed)
            if count > 8 { #expect(bytes != other.bytes(count)) } else { _ = other.bytes(count) }
        }
        #expect(first.bytes(32) != first.bytes(32))
    }

    @Test("the system's generator does not repeat itself")
    func system() {
        var seen = Set<[UInt8]>()
        for _ in 0..<1000 { seen.insert(Randomness.system().bytes(16)) }
        #expect(seen.count == 1000)
    }

    @Test("numbers stay below their bound and take every value")
    func numbers() {
        let random = Randomness(seed: [7])
        var counts = [Int](repeating: 0, count: 6)
        for _ in 0..<6000 { counts[Int(random.number(below: 6))] += 1 }
        #expect(counts.allSatisfy { $0 > 850 && $0 < 1150 })
        #expect(random.number(below: 0) == 0)
        #expect(random.number(below: 1) == 0)
        for _ in 0..<100 { #expect(random.number(below: 1 << 31 + 1) < 1 << 31 + 1) }
    }
}
