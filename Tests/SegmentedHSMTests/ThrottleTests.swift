import SegmentedHSM
import Testing
import WireFormat

/// Somebody at the screen.
private final class Screen {
    var throttle: UnlockThrottle

    init(_ throttle: UnlockThrottle = UnlockThrottle()) {
        self.throttle = throttle
    }

    func attempt(at now: UInt64) -> Bool { throttle.beginAttempt(now: now) }
    func wait(at now: UInt64) -> UInt64 { throttle.waitingTime(now: now) }
}

@Suite("Waiting after wrong passphrases")
struct ThrottleTests {
    @Test("the delay is 0, 0, 1, 2, 4 seconds and doubles up to a quarter of an hour")
    func delays() {
        let delays = (0...13).map { UnlockThrottle.delay(afterFailures: UInt32($0)) }
        #expect(delays == [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
        #expect(UnlockThrottle.delay(afterFailures: .max) == 900)
    }

    @Test("an attempt counts before its result is known, and a reload changes nothing")
    func attempts() throws {
        let screen = Screen()
        #expect(screen.attempt(at: 1000))
        #expect(screen.throttle.failures == 1)
        #expect(screen.attempt(at: 1000))
        screen.throttle = try UnlockThrottle(decoding: screen.throttle.encoded)
        #expect(screen.wait(at: 1000) == 1)
        #expect(!screen.attempt(at: 1000))
        #expect(screen.throttle.failures == 2)
        #expect(screen.attempt(at: 1001))
        #expect(screen.wait(at: 1002) == 1)
        #expect(screen.attempt(at: 1003))
        #expect(screen.wait(at: 1003) == 4)
        screen.throttle.succeed()
        #expect(screen.throttle == UnlockThrottle())
        #expect(screen.wait(at: 1003) == 0)
    }

    @Test("a clock set back neither shortens the delay nor makes it endless")
    func clock() {
        let screen = Screen()
        var now: UInt64 = 1_000_000
        for _ in 0..<8 {
            now += screen.wait(at: now)
            #expect(screen.attempt(at: now))
        }
        #expect(screen.wait(at: now + 50) == 14)
        #expect(screen.wait(at: 500) == 64)
        #expect(!screen.attempt(at: 500))
        #expect(screen.wait(at: 563) == 1)
        #expect(screen.wait(at: 564) == 0)
        #expect(screen.wait(at: 0) == 64)
    }

    @Test("the largest numbers trap nothing")
    func extremes() throws {
        let screen = Screen(try UnlockThrottle(decoding: [1] + [UInt8](repeating: 0xFF, count: 12)))
        #expect(screen.throttle.failures == .max)
        #expect(screen.wait(at: .max) == 900)
        #expect(screen.wait(at: 0) == 900)
        #expect(screen.attempt(at: 900))
        #expect(screen.throttle.failures == .max)
        #expect(throws: WireError.invalidValue) { try UnlockThrottle(decoding: [2] + [UInt8](repeating: 0, count: 12)) }
    }
}
