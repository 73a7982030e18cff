import Foundation

/// A JSON object's fields, which must be there and of the type asked for.
struct JSONFields {
    private let object: [String: Any]
    /// Where the object is, for the message about what is wrong with it.
    let path: String

    init(_ object: [String: Any], path: String) {
        self.object = object
        self.path = path
    }

    private func value<Value>(_ key: String, _ type: Value.Type = Value.self) throws -> Value {
        guard let value = object[key] as? Value else {
            throw VectorFileError.unexpectedShape("\(path).\(key)")
        }
        return value
    }

    func has(_ key: String) -> Bool { object[key] != nil }
    func number(_ key: String) throws -> Int { try value(key) }
    func string(_ key: String) throws -> String { try value(key) }
    func text(_ key: String) throws -> [UInt8] { [UInt8](try value(key, String.self).utf8) }
    func hex(_ key: String) throws -> [UInt8] { try bytes(hex: try value(key), "\(path).\(key)") }
    func optionalHex(_ key: String) throws -> [UInt8]? { object[key] is NSNull ? nil : try hex(key) }
    func list(_ key: String) throws -> [Any] { try value(key) }
    func object(_ key: String) throws -> JSONFields { JSONFields(try value(key), path: "\(path).\(key)") }

    func objects(_ key: String) throws -> [JSONFields] {
        try value(key, [[String: Any]].self).enumerated().map { JSONFields($1, path: "\(path).\(key)[\($0)]") }
    }
}

func bytes(hex: String, _ path: String) throws -> [UInt8] {
    let digits = try hex.utf8.map { digit in
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): return digit - UInt8(ascii: "a") + 10
        default: throw VectorFileError.unexpectedShape(path)
        }
    }
    guard digits.count % 2 == 0 else { throw VectorFileError.unexpectedShape(path) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// The encoding that the checks read, written a second time so that a fault in WireFormat shows.
struct FieldWriter {
    var bytes: [UInt8] = []

    mutating func uint16(_ value: Int) { bytes.append(contentsOf: [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]) }

    mutating func uint32(_ value: Int) {
        uint16(value >> 16 & 0xFFFF)
        uint16(value & 0xFFFF)
    }

    mutating func uint64(_ value: Int) {
        uint32(value >> 32)
        uint32(value & 0xFFFF_FFFF)
    }

    mutating func opaque(_ value: [UInt8]) {
        switch value.count {
        case ..<0x40: bytes.append(UInt8(value.count))
        case ..<0x4000: uint16(value.count | 0x4000)
        default: uint32(value.count | 0x8000_0000)
        }
        bytes.append(contentsOf: value)
    }

    mutating func optionalOpaque(_ value: [UInt8]?) {
        bytes.append(value == nil ? 0 : 1)
        if let value { opaque(value) }
    }

    mutating func optionalUInt32(_ value: Any, _ path: String) throws {
        if value is NSNull {
            bytes.append(0)
        } else if let number = value as? Int {
            bytes.append(1)
            uint32(number)
        } else {
            throw VectorFileError.unexpectedShape(path)
        }
    }

    mutating func hex(_ fields: JSONFields, _ keys: [String]) throws {
        for key in keys { opaque(try fields.hex(key)) }
    }

    mutating func vector(_ body: (inout FieldWriter) throws -> Void) throws {
        var inner = FieldWriter()
        try body(&inner)
        opaque(inner.bytes)
    }
}
