import CryptoPrimitives
import SegmentedHSM
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Locking")
struct LockTests {
    @Test("after lock every operation throws, and forgetting does nothing")
    func everyOperationThrows() throws {
        let vault = try Vault()
        let hsm = vault.hsm
        let random = vault.random
        let key = try hsm.generateSigningKey(random)
        let hybrid = try hsm.generateHybridKey(random)
        let record = try hsm.seal(record: ascii("r"), context: [], random: random)
        let sealed = try hsm.seal(key, context: [], random: random)
        let sealedHybrid = try hsm.seal(hybrid, context: [], random: random)
        let recovery = try hsm.makeRecoveryCapsule(of: hybrid, context: [], random: random)
        #expect(!hsm.isLocked)
        hsm.lock()
        #expect(hsm.isLocked)
        #expect(throws: HSMError.locked) { try hsm.seal(record: [], context: [], random: random) }
        #expect(throws: HSMError.locked) { try hsm.open(record: record, context: []) }
        #expect(throws: HSMError.locked) { try hsm.open(record: [], context: []) }
        #expect(throws: HSMError.locked) { try hsm.indexKey([]) }
        #expect(throws: HSMError.locked) { try hsm.generateSigningKey(random) }
        #expect(throws: HSMError.locked) { try hsm.generateHybridKey(random) }
        #expect(throws: HSMError.locked) { try hsm.sign([], with: key) }
        #expect(throws: HSMError.locked) { try hsm.sign([], context: [], with: hybrid, random: random) }
        #expect(throws: HSMError.locked) { try hsm.seal(key, context: [], random: random) }
        #expect(throws: HSMError.locked) { try hsm.seal(hybrid, context: [], random: random) }
        #expect(throws: HSMError.locked) { try hsm.openSigningKey(sealed, context: []) }
        #expect(throws: HSMError.locked) { try hsm.openHybridKey(sealedHybrid, context: []) }
        #expect(throws: HSMError.locked) { try hsm.makeRecoveryCapsule(of: hybrid, context: [], random: random) }
        #expect(throws: HSMError.locked) { try hsm.restore(recovery.capsule, code: recovery.code) }
        hsm.forget(key)
        hsm.lock()
        // The vault itself is as it was.
        let again = try HSM.unlock(vault.header, segments: vault.segments)
        #expect(try again.open(record: record, context: []) == ascii("r"))
    }

    #if os(Linux)
        @Test("the keys are in memory while unlocked, and nowhere in memory after lock; the root never stays")
        func zeroisation() throws {
            let needles = try Needles(seed: "zeroisation")
            let vault = try Vault(seed: "zeroisation")
            let key = try vault.hsm.generateSigningKey(vault.random)
            let hybrid = try vault.hsm.generateHybridKey(vault.random)
            let record = try vault.hsm.seal(record: ascii("r"), context: [], random: vault.random)
            _ = try vault.hsm.open(record: record, context: [])
            _ = try vault.hsm.sign([1], with: key)
            _ = try vault.hsm.sign([1], context: [], with: hybrid, random: vault.random)
            let sealed = try vault.hsm.seal(hybrid, context: [], random: vault.random)
            _ = try vault.hsm.openHybridKey(sealed, context: [])
            _ = try vault.hsm.openSigningKey(
                try vault.hsm.seal(key, context: [], random: vault.random), context: [])

            for (name, needle) in needles.held {
                #expect(Memory.contains(needle), "\(name) should be found while unlocked, or this test shows nothing")
            }
            for (name, needle) in needles.passing {
                #expect(!Memory.contains(needle), "\(name) stayed after its use")
            }
            // Listed before: what the list allocates could take the place of a copy that the last sealing left.
            let regions = Memory.regions()
            _ = try vault.hsm.seal(hybrid, context: [], random: vault.random)
            vault.hsm.lock()
            let left = Memory.contains(needles.held[0].1, in: regions)
            #expect(!left, "the hybrid seeds survived lock")
            for (name, needle) in needles.held + needles.passing {
                #expect(!Memory.contains(needle), "\(name) survived lock")
            }
        }
    #endif
}

#if os(Linux)
    /// The vault's secrets, foreseen from its seed, and kept inverted so that the search does not find this copy.
    private struct Needles {
        var held: [(String, [UInt8])] = []
        var passing: [(String, [UInt8])] = []

        init(seed: String) throws {
            // In the order in which `Vault` and the test draw.
            let random = Randomness(seed: ascii(seed))
            _ = random.bytes(32)
            let vaultID = random.bytes(16)
            let salt = random.bytes(32)
            let root = random.secret(32)
            _ = random.bytes(12)
            let seedOfKey = random.secret(32)
            let seedsOfHybrid = random.secret(64)
            let recordKey = random.secret(32)
            passing = [("the root", Self.inverted(root)), ("a record's key", Self.inverted(recordKey))]
            held = [
                ("the hybrid seeds", Self.inverted(seedsOfHybrid)), ("the Ed25519 seed", Self.inverted(seedOfKey)),
            ]
            for purpose in ["records", "index", "signing keys"] {
                let key = HKDF.derive(
                    .sha512, salt: salt, ikm: root, info: ascii("CryptPeer vault \(purpose) 1") + vaultID, length: 32)
                held.append((purpose, Self.inverted(key)))
            }
        }

        private static func inverted(_ secret: Secret) -> [UInt8] {
            secret.withUnsafeBytes { bytes in bytes.map { ~$0 } }
        }
    }

    private enum Memory {
        /// This process's writable memory, as ranges of addresses.
        static func regions() -> [(UInt, UInt)] {
            guard let maps = fopen("/proc/self/maps", "r") else { return [] }
            defer { fclose(maps) }
            var regions: [(UInt, UInt)] = []
            var line = [CChar](repeating: 0, count: 512)
            while fgets(&line, Int32(line.count), maps) != nil {
                let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                let fields = text.split(separator: " ")
                let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
                if fields[1].hasPrefix("rw"), ends.count == 2 { regions.append((ends[0], ends[1])) }
            }
            return regions
        }

        /// Whether the bytes whose inverse is `inverted` stand anywhere in there. Allocates nothing on the heap.
        static func contains(_ inverted: [UInt8], in regions: [(UInt, UInt)] = regions()) -> Bool {
            let file = open("/proc/self/mem", O_RDONLY)
            guard file >= 0 else { return false }
            defer { close(file) }
            // The buffer is mapped after the list was made, so that it is not in it.
            let size = 1 << 20
            guard
                let buffer = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                buffer != MAP_FAILED
            else { return false }
            defer {
                memset(buffer, 0, size)
                munmap(buffer, size)
            }
            for (start, end) in regions {
                var position = start
                while position < end {
                    let count = pread(file, buffer, min(size, Int(end - position)), off_t(position))
                    guard count > 0 else { break }
                    if find(inverted, in: UnsafeRawBufferPointer(start: buffer, count: count)) { return true }
                    // Chunks overlap, so that nothing hides across a border.
                    let step = UInt(count)
                    position += position + step < end && step > 64 ? step - 64 : step
                }
            }
            return false
        }

        private static func find(_ inverted: [UInt8], in memory: UnsafeRawBufferPointer) -> Bool {
            guard memory.count >= inverted.count else { return false }
            let first = ~inverted[0]
            var position = 0
            while position <= memory.count - inverted.count {
                guard
                    let hit = memchr(
                        memory.baseAddress! + position, Int32(first), memory.count - inverted.count - position + 1)
                else { return false }
                position = hit - UnsafeMutableRawPointer(mutating: memory.baseAddress!)
                if inverted.indices.allSatisfy({ memory[position + $0] == ~inverted[$0] }) { return true }
                position += 1
            }
            return false
        }
    }
#endif
