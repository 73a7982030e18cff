import CryptoPrimitives

/// Signs with a leaf's private key, wherever that is kept: the key itself never comes here.
public protocol LeafSigner {
    /// The suite's signature over exactly these bytes, which already carry MLS's label.
    ///
    /// - Throws: ``MLSError/signingFailed`` if the key is out of reach.
    func sign(_ message: [UInt8]) throws(MLSError) -> [UInt8]
}

extension LeafSigner {
    /// `SignWithLabel` (RFC 9420 §5.1.2).
    package func sign(label: Label, _ content: [UInt8]) throws(MLSError) -> [UInt8] {
        try sign(labelled(label, content))
    }
}

/// Asked about each leaf that is new to this member: in an Add, an Update, a commit's path, and every leaf of a tree on
/// joining (RFC 9420 §5.3.1). It checks the credential, that the signature key belongs to it, and the lifetime.
public typealias LeafAcceptance = (LeafNode) -> Bool

/// Finds an external pre-shared key, or a resumption key of another group; nil if it is not known.
public typealias PreSharedKeyLookup = (PreSharedKeyID) -> Secret?
