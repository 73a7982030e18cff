// Which pair of candidates a connection uses, and what its two ends are: from the browser's counters (W3C WebRTC Statistics), and
// from what the peer told of its candidates.

import { relayAddressesIn, transportAddress } from "./candidates";

export type Path = "direct" | "relayed";

/** What a browser counts, by its id. */
export type Reports = ReadonlyMap<string, any>;

export interface SelectedPair {
    readonly report: any;
    /** This device's end, then the peer's; one that the browser does not tell of is left out. */
    readonly ends: readonly any[];
    /** Through a relay if either end is one. */
    readonly path: Path;
}

/** Null while none is selected. */
export function selectedPair(reports: Reports): SelectedPair | null {
    const report = selectedReport(reports);
    if (report === undefined) return null;
    const ends = [reports.get(report.localCandidateId), reports.get(report.remoteCandidateId)].filter((end) => end !== undefined);
    return { report, ends, path: ends.some((end) => end.candidateType === "relay") ? "relayed" : "direct" };
}

function selectedReport(reports: Reports): any {
    for (const report of reports.values()) {
        if (report.type === "transport" && report.selectedCandidatePairId) return reports.get(report.selectedCandidatePairId);
    }
    // Older Firefox marks the pair itself.
    for (const report of reports.values()) if (report.type === "candidate-pair" && report.selected) return report;
    return undefined;
}

/**
 * One connection's counters, in which the peer's relay is called a relay.
 *
 * A check may come from the peer's relay before the peer's word on that relay does. The end that it came from is a peer-reflexive
 * candidate then (RFC 8445 §7.3.1.3), and to Firefox it stays one. Chromium gives it its own kind as soon as that word is there,
 * and keeps its address to itself before.
 */
export class PathStatistics {
    #connection: RTCPeerConnection;
    /** A path is used until there is another (RFC 8445 §9): longer than the description that its ends are from. */
    #relays = new Set<string>();

    constructor(connection: RTCPeerConnection) {
        this.#connection = connection;
    }

    async read(): Promise<Reports> {
        const reports = new Map<string, any>();
        (await this.#connection.getStats()).forEach((report, id) => reports.set(id, report));
        // Candidates that came one by one are in the description, too (WebRTC 1.0 §4.4.1.7).
        const told = relayAddressesIn(this.#connection.remoteDescription?.sdp ?? "");
        for (const [id, report] of reports) {
            if (report.type !== "remote-candidate" || report.candidateType !== "prflx") continue;
            const address = transportAddress(String(report.address ?? ""), Number(report.port));
            if (told.has(address)) this.#relays.add(address);
            if (this.#relays.has(address)) reports.set(id, { ...report, candidateType: "relay" });
        }
        return reports;
    }
}
