import NodeProtocol
import WireFormat

/// What a bubble's state says about files.
package enum FilePolicy {
    private static let formatVersion: UInt8 = 1
    private static let usualLimit: UInt64 = 1 << 20

    /// The largest file, in bytes, that waits at the node for an absent recipient. A policy that this version cannot read
    /// does not raise it.
    package static func blobFileLimit(_ policy: [UInt8]) -> UInt64 {
        min(limit(policy), UInt64(Limits.blobBytesPerDevice))
    }

    private static func limit(_ policy: [UInt8]) -> UInt64 {
        do throws(WireError) {
            var reader = WireReader(policy)
            guard try reader.readUInt8() == formatVersion else { return usualLimit }
            let limit = try reader.readUInt64()
            try reader.finish()
            return limit
        } catch {
            return usualLimit
        }
    }
}
