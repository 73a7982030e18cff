/// LabeledExtract and LabeledExpand (RFC 9180 §4), for one suite identifier.
struct LabeledKDF {
    let hash: HashAlgorithm
    let suite: [UInt8]

    /// "HPKE-v1", before every label.
    fileprivate static let version: [UInt8] = [0x48, 0x50, 0x4B, 0x45, 0x2D, 0x76, 0x31]

    func extract(salt: Secret, label: StaticString, ikm: Secret) -> Secret {
        HKDF.extract(hash, salt: salt, ikm: Secret(Self.version + suite + label.bytes) + ikm)
    }

    func extract(salt: [UInt8], label: StaticString, ikm: Secret) -> Secret {
        extract(salt: Secret(salt), label: label, ikm: ikm)
    }

    /// - Parameter length: at most 255 digests, as HKDF.
    func expand(_ prk: Secret, label: StaticString, info: [UInt8], length: Int) -> Secret {
        let labeled = bigEndian(UInt16(truncatingIfNeeded: length)) + Self.version + suite + label.bytes + info
        return HKDF.expand(hash, prk: prk, info: labeled, length: length)
    }
}

extension SHAKE256 {
    /// LabeledDerive of a one-stage KDF (draft-ietf-hpke-pq).
    static func labeledDerive(suite: [UInt8], ikm: Secret, label: StaticString, context: [UInt8], length: Int)
        -> Secret
    {
        let name = label.bytes
        let tail =
            LabeledKDF.version + suite + bigEndian(UInt16(truncatingIfNeeded: name.count)) + name
            + bigEndian(UInt16(truncatingIfNeeded: length)) + context
        return derive(ikm + Secret(tail), length: length)
    }
}

extension StaticString {
    /// The UTF-8 of a literal.
    var bytes: [UInt8] {
        [UInt8](UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount))
    }
}

func bigEndian(_ value: UInt16) -> [UInt8] {
    [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
}
