/// Which CryptPeer this is. The web app's build reads the number from here, too.
public enum Version {
    public static let number = "0.11.0"

    /// Seconds since 1970 before which nobody can have had this version: a clock that says less is wrong. (1 January 2026.)
    static let earliest: UInt64 = 1_767_225_600
}
