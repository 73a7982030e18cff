import CryptoPrimitives

/// One person's messenger on one device, without a clock, a socket or a disk.
///
/// Everything comes in through ``handle(_:now:)`` and goes out in its result, so that the same engine runs in a browser's
/// worker, in a command line and in a simulator. Its outputs follow from its inputs and its `Randomness` alone.
public final class Engine {
    private let random: Randomness

    public init(random: Randomness) {
        self.random = random
    }

    /// Takes one input and says what is to be written, sent and shown because of it.
    ///
    /// - Parameter now: the host's time in milliseconds since 1970.
    public func handle(_ input: Input, now: UInt64) -> Output {
        Output()
    }
}
