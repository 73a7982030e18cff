import Glibc

/// A thread that is nobody's pool's: it blocks in the kernel for as long as there is nothing to do.
///
/// - Returns: what it can be waited for by; nil if the system has none to give.
func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
    final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var thread = pthread_t()
    let body = Unmanaged.passRetained(Body(body))
    let started = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }, body.toOpaque())
    guard started == 0 else {
        body.release()
        return nil
    }
    return thread
}
