/// The sizes that messages are padded to inside MLS (RFC 9420 §6.3.1), so that the length of a text shows neither on a channel nor
/// to the relay that carries it.
///
/// The middle ones are what just fits an envelope of each size: a message grows by nothing where the mailbox carries it.
package enum Padding {
    /// What MLS adds to the plaintext inside the ciphertext: an Ed25519 signature and the lengths of both.
    static let signature = 72
    /// In bytes of padded content.
    package static let sizes = [256, 512, 880, 3_952, 16_240]
    /// What MLS, envelope and blob add around the content, and a little more.
    private static let frame = 144

    /// The size of the content of a message with a plaintext of this length. Beyond the list a blob grows by 16 KiB at a time.
    package static func size(of plaintext: Int) -> Int {
        let content = plaintext + signature
        if let size = sizes.first(where: { $0 >= content }) { return size }
        return (content + frame + 16_383) / 16_384 * 16_384 - frame
    }
}
