import Foundation

/// Every vector of the cryptographic primitives: the official files, what was typed in from RFCs, and what was recomputed
/// with other people's code (`Tests/KnownAnswers`).
public enum CryptoVectors {
    /// One file's name, by which ``load(_:)`` finds it.
    public static let names = WycheproofVectors.names + HPKEVectors.names + KnownAnswers.names

    public static func load(_ name: String) throws -> [VectorCase] {
        if WycheproofVectors.names.contains(name) { return try WycheproofVectors.load(name) }
        if HPKEVectors.names.contains(name) { return try HPKEVectors.load(name) }
        return try KnownAnswers.load(name)
    }

    /// All of them, in one list.
    public static func allCases() throws -> [VectorCase] {
        try names.flatMap { try load($0) }
    }
}

/// Reads a file that is a list of objects.
func loadObjects(_ file: URL) throws -> [JSONFields] {
    let name = file.lastPathComponent
    guard let list = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]] else {
        throw VectorFileError.unexpectedShape(name)
    }
    return list.enumerated().map { JSONFields($1, path: "\(name)[\($0)]") }
}

/// Reads a file that is one object.
func loadObject(_ file: URL) throws -> JSONFields {
    let name = file.lastPathComponent
    guard let object = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any] else {
        throw VectorFileError.unexpectedShape(name)
    }
    return JSONFields(object, path: name)
}
