// What the browser's counters say of a call (W3C WebRTC Statistics): figures that a support person can use, and nothing that
// says who or where.

import type { Direction, Figures, StreamFigures } from "../../model/figures";
import { Reports, selectedPair } from "../../net/selectedpair";
import { slots } from "./slots";

/** One stream's counters at one time. */
interface Counters {
    readonly bytes: number;
    readonly packets: number;
    readonly lost: number;
}

/** All counters at one time. */
export interface Snapshot {
    readonly time: number;
    readonly reports: Reports;
}

export function figuresOf(now: Snapshot, before: Snapshot | null, encrypted: boolean | null, refused: number): Figures {
    const { reports } = now;
    const pair = selectedPair(reports);
    const ends = pair?.ends ?? [];
    const streams: StreamFigures[] = [];
    for (const report of reports.values()) {
        const stream = streamFigures(report, now, before);
        if (stream !== null) streams.push(stream);
    }
    streams.sort((a, b) => a.direction.localeCompare(b.direction) || slots.indexOf(a.slot) - slots.indexOf(b.slot));
    return {
        path: pair?.path ?? null,
        candidateTypes: ends.map((end) => String(end.candidateType)),
        protocol: String(ends[0]?.protocol ?? ""),
        relayProtocol: String(ends[0]?.relayProtocol ?? "").toUpperCase(),
        roundTripMs: milliseconds(pair?.report.currentRoundTripTime ?? roundTripOfReports(reports)),
        availableBitsPerSecond: pair?.report.availableOutgoingBitrate ?? null,
        encrypted, refused, streams,
    };
}

function milliseconds(seconds: number | null | undefined): number | null {
    return typeof seconds === "number" ? Math.round(seconds * 1_000) : null;
}

/** Where the pair does not say it, the other side's reports on what we send do. */
function roundTripOfReports(reports: Reports): number | null {
    for (const report of reports.values()) {
        if (report.type === "remote-inbound-rtp" && typeof report.roundTripTime === "number") return report.roundTripTime;
    }
    return null;
}

function streamFigures(report: any, now: Snapshot, before: Snapshot | null): StreamFigures | null {
    const direction: Direction | null = report.type === "outbound-rtp" ? "sent" : report.type === "inbound-rtp" ? "received" : null;
    // Media sections are numbered from 0 in our order.
    const slot = slots[Number(report.mid)];
    if (direction === null || slot === undefined || report.mid === undefined) return null;
    const counters = countersOf(report, now);
    // Places that have never carried anything.
    if (counters.bytes === 0) return null;
    const earlier = before?.reports.get(report.id);
    const past = before !== null && earlier !== undefined ? countersOf(earlier, before) : { bytes: 0, packets: 0, lost: 0 };
    const seconds = before !== null && earlier !== undefined ? (now.time - before.time) / 1_000 : 0;
    const remote = now.reports.get(report.remoteId);
    const jitter = direction === "sent" ? remote?.jitter : report.jitter;
    return {
        direction, slot,
        codec: String(now.reports.get(report.codecId)?.mimeType ?? "").replace(/^\w+\//, ""),
        bitsPerSecond: seconds > 0 ? Math.max(0, Math.round((counters.bytes - past.bytes) * 8 / seconds)) : 0,
        width: report.frameWidth ?? 0,
        height: report.frameHeight ?? 0,
        framesPerSecond: Math.round(report.framesPerSecond ?? 0),
        frames: (direction === "sent" ? report.framesEncoded : report.framesDecoded) ?? 0,
        loss: lossBetween(past, counters, direction === "sent" && remote === undefined),
        jitterMs: milliseconds(jitter),
    };
}

function countersOf(report: any, { reports }: Snapshot): Counters {
    if (report.type === "inbound-rtp") {
        return { bytes: report.bytesReceived ?? 0, packets: report.packetsReceived ?? 0, lost: report.packetsLost ?? 0 };
    }
    return { bytes: report.bytesSent ?? 0, packets: report.packetsSent ?? 0, lost: reports.get(report.remoteId)?.packetsLost ?? 0 };
}

function lossBetween(past: Counters, present: Counters, isUnknown: boolean): number | null {
    const lost = Math.max(0, present.lost - past.lost);
    const all = present.packets - past.packets + lost;
    return isUnknown || all <= 0 ? null : lost / all;
}
