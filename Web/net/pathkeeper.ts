// Keeps a path between two devices alive: new candidates when the network changes or the path is lost (RFC 8445 §9), under a
// credential for the relay that is still good; and a word on why there is no path when there is none.

import { NoPath, PathSearch, refusals, whyNoPath } from "./nopath";
import { onNetworkChange } from "./network";
import type { Relay } from "./relay";

export interface PathListener {
    /** New candidates are wanted from both sides: makes an offer, or asks the other side for one. */
    restart(): void;
    /** Null: there is a path again. Not called for what it is already. */
    onNoPath(reason: NoPath | null): void;
}

/** A path that is not there by then is explained. */
const explainAfter = 4_000;
/** A restart that found no path is followed by another. */
const repeatAfter = 4_000;
const mostRepeats = 3;

export class PathKeeper {
    #connection: RTCPeerConnection;
    #relay: Relay;
    #relayOnly: boolean;
    #listener: PathListener;
    #search = new PathSearch();
    #isUp = false;
    #wasUp = false;
    /** Nobody knew yet what there is of a relay when it began to look. */
    #beganBlind: boolean;
    /** Of the credential with which candidates are being gathered: another one counts from the next time on. */
    #username: string | null = null;
    /** Whether the other side has answered, or begun, the latest search. */
    #isHeard = true;
    #repeats = 0;
    #reason: NoPath | null = null;
    #explain: ReturnType<typeof setTimeout> | undefined;
    #repair: ReturnType<typeof setTimeout> | undefined;
    #endings: (() => void)[];

    constructor(connection: RTCPeerConnection, relay: Relay, relayOnly: boolean, listener: PathListener) {
        this.#connection = connection;
        this.#relay = relay;
        this.#relayOnly = relayOnly;
        this.#listener = listener;
        this.#beganBlind = relay.access === null;
        connection.addEventListener("icecandidate", ({ candidate }) => candidate !== null && this.#search.found(candidate));
        connection.addEventListener("icecandidateerror", (event) => this.#failed(event as RTCPeerConnectionIceErrorEvent));
        connection.addEventListener("icegatheringstatechange", () => {
            if (connection.iceGatheringState === "gathering") this.#username = relay.username;
        });
        this.#endings = [relay.subscribe(() => this.#renew()), onNetworkChange(() => this.#wasUp && this.restart())];
        this.#expect();
    }

    end(): void {
        clearTimeout(this.#explain);
        clearTimeout(this.#repair);
        for (const ending of this.#endings.splice(0)) ending();
    }

    /** There is a path. */
    up(): void {
        this.#isUp = this.#wasUp = true;
        clearTimeout(this.#explain);
        this.#explain = undefined;
        if (this.#isHeard) {
            clearTimeout(this.#repair);
            this.#repair = undefined;
        }
        this.#tell(null);
    }

    /** Nothing comes any more: looks for another path after `wait`, in milliseconds, and until there is one. */
    down(wait: number): void {
        if (this.#isUp) this.#expect();
        this.#isUp = false;
        this.#repair ??= setTimeout(() => this.restart(), wait);
    }

    /** A description of the other side's was applied. */
    heard(): void {
        this.#isHeard = true;
        this.#repeats = 0;
    }

    restart(): void {
        this.#isHeard = false;
        this.#search.clear();
        this.#listener.restart();
        clearTimeout(this.#repair);
        this.#repair = setTimeout(() => {
            this.#repair = undefined;
            const isLost = this.#connection.connectionState !== "connected";
            // A path that stands is enough where nobody answers: after these it is left alone.
            if (isLost || (!this.#isHeard && this.#repeats < mostRepeats)) {
                this.#repeats = isLost ? 0 : this.#repeats + 1;
                this.restart();
            }
        }, repeatAfter);
    }

    /** Says why there is no path, as far as it can be known by now. */
    explain(): void {
        this.#tell(whyNoPath({
            hasNode: this.#relay.hasNode, access: this.#relay.access, now: Date.now(), kinds: this.#search.kinds, codes: this.#search.codes,
        }));
    }

    #expect(): void {
        clearTimeout(this.#explain);
        this.#explain = setTimeout(() => this.explain(), explainAfter);
    }

    #tell(reason: NoPath | null): void {
        if (reason === this.#reason) return;
        this.#reason = reason;
        this.#listener.onNoPath(reason);
    }

    #failed(event: RTCPeerConnectionIceErrorEvent): void {
        this.#search.failed(event);
        if (this.#username !== null && refusals.includes(event.errorCode)) this.#relay.refuse(this.#username);
    }

    /** Another credential for the relay, or the node is back: candidates are gathered with it from now on. */
    #renew(): void {
        this.#connection.setConfiguration(this.#relay.configuration(this.#relayOnly));
        const wasInVain = this.#search.isRefused && !this.#isUp;
        const isLate = this.#beganBlind && this.#connection.iceGatheringState !== "new";
        if (this.#relay.access !== null) this.#beganBlind = false;
        // What was said while the node was out of reach is lost.
        if (wasInVain || isLate || (this.#wasUp && !(this.#isUp && this.#isHeard))) this.restart();
    }
}
