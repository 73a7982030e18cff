import NodeProtocol

/// What can be asked of the node's memory. Identifiers, hashes and sealed bytes only: the store knows nothing else.
protocol StoreReads {
    /// Whose node this is; nil: nobody has claimed it yet.
    func ownership() throws -> Ownership?
    /// The origin that the last start announced, for links made by the command line.
    func origin() throws -> String?
}

/// What can be changed in the node's memory.
protocol StoreChanges: StoreReads {
    func set(origin: String) throws
    /// Lets whoever shows the token with this hash claim the node, besides the few latest others.
    func offerClaim(tokenHash: [UInt8]) throws
}

/// The authority that has claimed the node.
struct Ownership: Sendable {
    /// The authority's public keys and bubble id, as Trust encodes them.
    let authority: [UInt8]
    /// The hash of the token that was shown.
    let tokenHash: [UInt8]
}
