// When the network under the device may be another one: what still works then will not for long.

/** So often the clocks are looked at. */
const interval = 2_000;
/** The time of day has gone on without the page: the computer slept. */
const jump = 5_000;

/** What two clocks show: the time of day, and one that stands still while the computer sleeps. */
export interface Clocks {
    readonly day: number;
    readonly running: number;
}

/**
 * Whether the computer slept between two looks.
 *
 * Where both clocks go on during sleep, a timer that comes much too late tells as much; but in a hidden page timers are late
 * by rule.
 */
export function hasSlept(before: Clocks, now: Clocks, wasHidden: boolean): boolean {
    const day = now.day - before.day;
    if (day - (now.running - before.running) > jump) return true;
    return !wasHidden && day > interval + jump;
}

/** Calls `listener` each time, until the function that comes back is called. */
export function onNetworkChange(listener: () => void): () => void {
    const look = (): Clocks => ({ day: Date.now(), running: performance.now() });
    let last = look();
    let wasHidden = document.hidden;
    const watch = () => {
        const now = look();
        if (hasSlept(last, now, wasHidden || document.hidden)) listener();
        last = now;
        wasHidden = document.hidden;
    };
    const timer = setInterval(watch, interval);
    const changed = () => {
        if (navigator.onLine) listener();
    };
    document.addEventListener("visibilitychange", watch);
    window.addEventListener("online", changed);
    // Chromium's word on the kind of network that the device is in.
    const information = (navigator as { connection?: EventTarget }).connection;
    information?.addEventListener("change", changed);
    return () => {
        clearInterval(timer);
        document.removeEventListener("visibilitychange", watch);
        window.removeEventListener("online", changed);
        information?.removeEventListener("change", changed);
    };
}
