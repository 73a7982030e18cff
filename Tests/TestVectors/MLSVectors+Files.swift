import Foundation

extension MLSVectors {
    /// Loads a file from `mls` in the folder of the official vectors (CRYPTPEER_VECTORS).
    public static func load(_ name: String) throws -> File {
        try load(name, from: OfficialVectors.folder.appendingPathComponent("mls"))
    }
}
