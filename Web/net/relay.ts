// The node's relay, as connections use it: STUN and TURN at the node's own host (RFC 8489, RFC 8656). The credential for it
// comes from the core, for an hour at a time, and is kept nowhere.

import type { RelayAccess } from "../worker/boundary";

/** Where the node is; the relay is on the same machine. */
export interface NodePlace {
    /** As in a URL: an IPv6 address in brackets. */
    readonly hostname: string;
    /** Empty for HTTPS's own. */
    readonly port: string;
}

/** The core asks as soon as the session with the node stands: the answer is a round trip away. */
const patience = 3_000;

export class Relay {
    readonly #place: NodePlace;
    #access: RelayAccess | null = null;
    #hasNode = false;
    #listeners = new Set<() => void>();
    #onRefused: (username: string) => void;

    /** @param onRefused The relay rejected the credential with that user name, which is the latest: another one is wanted. */
    constructor(place: NodePlace, onRefused: (username: string) => void = () => {}) {
        this.#place = place;
        this.#onRefused = onRefused;
    }

    /** Of the credential that connections are to use from now on; null: there is none. */
    get username(): string | null {
        return this.#access?.type === "granted" ? this.#access.username : null;
    }

    /** Null until the core has said. */
    get access(): RelayAccess | null {
        return this.#access;
    }

    /** Whether the session with the node stands. */
    get hasNode(): boolean {
        return this.#hasNode;
    }

    /** Once the core has said, or has had the time to: what is gathered before that leaves the relay out. */
    async known(): Promise<void> {
        if (this.#access !== null) return;
        await new Promise<void>((resolve) => {
            const stop = this.subscribe(() => this.#access !== null && done());
            const timer = setTimeout(() => done(), patience);
            const done = () => {
                stop();
                clearTimeout(timer);
                resolve();
            };
        });
    }

    set(access: RelayAccess): void {
        this.#access = access;
        this.#tell();
    }

    /** The relay rejected the credential with that user name. Ignored for one that has been replaced. */
    refuse(username: string): void {
        if (username === this.username) this.#onRefused(username);
    }

    setNode(isThere: boolean): void {
        if (this.#hasNode === isThere) return;
        this.#hasNode = isThere;
        if (isThere) this.#tell();
    }

    /** Whether a connection that may use the relay only has a chance; null: not known yet. */
    get isUsable(): boolean | null {
        return this.#access === null ? null : this.#access.type === "granted" && this.#access.until > Date.now();
    }

    #tell(): void {
        for (const listener of [...this.#listeners]) listener();
    }

    /** Calls `listener` for each new credential, and when the node is back, until the returned function is called. */
    subscribe(listener: () => void): () => void {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
    }

    /** @param relayOnly None of this device's addresses may reach the peer. */
    configuration(relayOnly: boolean): RTCConfiguration {
        return {
            iceServers: iceServers(this.#access, this.#place, relayOnly),
            iceTransportPolicy: relayOnly ? "relay" : "all",
            bundlePolicy: "max-bundle",
        };
    }
}

/** The same relay by every way there: what a firewall lets through of them is enough. */
export function iceServers(access: RelayAccess | null, { hostname, port }: NodePlace, relayOnly: boolean): RTCIceServer[] {
    if (access?.type !== "granted") return [];
    const { username, password, udpPort, tcpPort } = access;
    const urls = [`turns:${hostname}:${port || 443}?transport=tcp`];
    if (tcpPort !== 0) urls.unshift(`turn:${hostname}:${tcpPort}?transport=tcp`);
    if (udpPort !== 0) urls.unshift(`turn:${hostname}:${udpPort}?transport=udp`);
    const turn = { urls, username, credential: password };
    return udpPort === 0 || relayOnly ? [turn] : [{ urls: `stun:${hostname}:${udpPort}` }, turn];
}
