// When the network under the device may be another one: what still works then will not for long.

/** How often the clocks are compared. */
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

/** Several signs of one change come within so long. */
const together = 300;
/** Chromium on a desktop tells that the network changed, and that it seems quicker, by the same event. */
const mayBePause = 30_000;

/**
 * Calls `listener` each time, until the function that comes back is called.
 *
 * @param listener Is told whether the network is another one for certain, or may be.
 */
export function onNetworkChange(listener: (isCertain: boolean) => void): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isCertain = false;
    let lastGuess = -mayBePause;
    const sign = (certain: boolean) => {
        isCertain ||= certain;
        timer ??= setTimeout(() => {
            const wasCertain = isCertain;
            timer = undefined;
            isCertain = false;
            if (navigator.onLine) listener(wasCertain);
        }, together);
    };
    const look = (): Clocks => ({ day: Date.now(), running: performance.now() });
    let last = look();
    let wasHidden = document.hidden;
    const watch = () => {
        const now = look();
        if (hasSlept(last, now, wasHidden || document.hidden)) sign(true);
        last = now;
        wasHidden = document.hidden;
    };
    const clock = setInterval(watch, interval);
    const online = () => sign(true);
    document.addEventListener("visibilitychange", watch);
    window.addEventListener("online", online);
    const information = (navigator as { connection?: EventTarget & { readonly type?: string } }).connection;
    let type = information?.type;
    const changed = () => {
        const isOther = information?.type !== type;
        type = information?.type;
        if (isOther) return sign(true);
        if (type !== undefined || performance.now() - lastGuess < mayBePause) return;
        lastGuess = performance.now();
        sign(false);
    };
    information?.addEventListener("change", changed);
    return () => {
        clearTimeout(timer);
        clearInterval(clock);
        document.removeEventListener("visibilitychange", watch);
        window.removeEventListener("online", online);
        information?.removeEventListener("change", changed);
    };
}
