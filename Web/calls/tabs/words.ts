// What the tabs of a profile say to each other of a call.

import { callAction, callInputs, callState, relayAccess } from "../../worker/boundary";
import { boolean, Coded, identifier, optional, text, union } from "../../worker/codec";

/** Sealed, from the tab that works on the profile. */
export const profileWord = union({
    /** First: who it is. The words on the call itself follow. */
    person: { name: text, member: identifier },
    call: callState,
    /** What the media's connection may use of the node's relay; it changes every hour. */
    relay: { access: optional(relayAccess), hasNode: boolean },
    /** To the tab that has taken the call: what is to be done for its media. */
    action: { action: callAction },
    /** Another tab has taken it. */
    taken: {},
});
export type ProfileWord = Coded<typeof profileWord>;

/** Sealed, from another tab. */
export const guestWord = union({
    ...callInputs,
    /** The relay rejected the credential that its media's connection showed. */
    relayRefused: { username: text },
});
export type GuestWord = Coded<typeof guestWord>;

/** What everybody may read: nothing that says who or where. */
export type TabMessage =
    /** The tab that works on the profile: there is a call. `offer` is this call's, for tabs to answer to. */
    | { type: "calls"; state: "ringing" | "inCall" | "none"; offer: string; key: Uint8Array }
    /** Another tab wants to know whether there is. */
    | { type: "whoRings" }
    /** It rings in another tab, too. */
    | { type: "join"; offer: string; guest: string; key: Uint8Array }
    | { type: "word"; to: string; from: string; sealed: Uint8Array };

/** Held by another tab for as long as it lives. */
export function guestLock(guest: string): string {
    return `cryptpeer-guest-${guest}`;
}

/** Takes the lock; what it answers gives it back. */
export function hold(name: string): Promise<() => void> {
    return new Promise((resolve) => {
        void navigator.locks.request(name, () => new Promise<void>((release) => resolve(release))).catch(() => undefined);
    });
}

/** Calls `onFree` once nobody holds the lock any more. What it answers stops the waiting. */
export function awaitFree(name: string, onFree: () => void): () => void {
    const waiting = new AbortController();
    navigator.locks.request(name, { mode: "shared", signal: waiting.signal }, () => {
        if (!waiting.signal.aborted) onFree();
    }).catch(() => undefined);
    return () => waiting.abort();
}
