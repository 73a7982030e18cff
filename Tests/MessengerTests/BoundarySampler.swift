import Messenger

/// Values for the fields of one sample. In round 0 each is the least there is, in round 1 the greatest; from round 2 on each
/// field of a type has another value, and enums go through all of theirs.
final class BoundarySampler {
    private let round: Int
    /// How many fields there were so far.
    private var field = 0
    /// So many rounds show everything: with nine, each flag among 127 fields has a pattern of its own.
    private(set) var rounds = 9

    init(round: Int) {
        self.round = round
    }

    func u8() -> UInt8 { number() }
    func u16() -> UInt16 { number() }
    func u32() -> UInt32 { number() }
    /// The page's numbers are exact up to 2^53.
    func u64() -> UInt64 { min(number(), 1 << 53 - 1) }

    func flag() -> Bool {
        field += 1
        return round == 1 || round > 1 && (field >> ((round - 2) % 7)) & 1 == 1
    }

    func id() -> [UInt8] { fixed(16) }

    func fixed(_ count: Int) -> [UInt8] {
        let first: UInt8 = number()
        return (0..<count).map { first &- UInt8($0) }
    }

    /// 64 bytes are the shortest of those whose length takes two.
    func bytes() -> [UInt8] {
        field += 1
        switch round {
        case 0: return []
        case 1: return [UInt8](repeating: 0xFF, count: 64)
        default: return [UInt8(truncatingIfNeeded: field), UInt8(truncatingIfNeeded: round)]
        }
    }

    func text() -> Text {
        field += 1
        switch round {
        case 0: return .empty
        case 1: return Text("\u{FEFF}سلام 🕊️\0" + String(repeating: "é", count: 40))
        default: return Text("field \(field)")
        }
    }

    func value<Value: RawRepresentable>(_ type: Value.Type = Value.self) -> Value where Value.RawValue == UInt8 {
        field += 1
        let all = (0...UInt8.max).compactMap(Value.init(rawValue:))
        // Twice, since what it stands in may be absent.
        rounds = max(rounds, 2 + 2 * all.count)
        return all[(round + field) % all.count]
    }

    func maybe<Value>(_ make: (BoundarySampler) -> Value) -> Value? {
        flag() ? make(self) : nil
    }

    func list<Value>(_ make: (BoundarySampler) -> Value) -> [Value] {
        (0..<min(round, 2)).map { _ in make(self) }
    }

    private func number<Number: FixedWidthInteger>() -> Number {
        field += 1
        switch round {
        case 0: return 0
        case 1: return .max
        default: return Number(truncatingIfNeeded: round << 4 + field)
        }
    }
}
