// Two ends of one call's media in one page, joined by a path for signals that the test may tamper with.

import { figuresOf } from "../../../Web/calls/net/statistics";
import type { CallSignalKind } from "../../../Web/worker/boundary";
import { DemoPeer } from "./peer";

interface Plan {
    readonly encrypted: boolean;
    /** The callee opens frames with another key than the caller seals them with. */
    readonly wrongKey: boolean;
    /** The first byte of the fingerprint in the caller's offer is another one. */
    readonly splice: boolean;
    /** No candidate leads to the other side. */
    readonly blocked: boolean;
    /** Only this codec is offered; empty for the product's own choice. */
    readonly codec: string;
    readonly seconds: number;
    /** Both look for a new path in the middle, at the same moment. */
    readonly restart: boolean;
}

interface Outcome {
    readonly states: { readonly caller: string[]; readonly callee: string[] };
    readonly codec: string;
    readonly frames: number;
    readonly framesLater: number;
    readonly energy: number;
    readonly refused: number;
    readonly restarts: number;
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function only(sdp: string, codec: string): string {
    if (codec === "") return sdp;
    return sdp.split(/^(?=m=)/m).map((section) => {
        if (!section.startsWith("m=video")) return section;
        const wanted = [...section.matchAll(/^a=rtpmap:(\d+) (\S+)\/90000/gm)].filter((match) => match[2]!.toLowerCase() === codec.toLowerCase());
        const types = new Set(wanted.map((match) => match[1]!));
        const [head = "", ...lines] = section.split("\r\n");
        const kept = lines.filter((line) => {
            const type = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /.exec(line)?.[1];
            return type === undefined || types.has(type);
        });
        const place = head.split(" ").slice(0, 3);
        return [[...place, ...types].join(" "), ...kept].join("\r\n");
    }).join("");
}

async function run({ encrypted, wrongKey, splice, blocked, codec, seconds, restart }: Plan): Promise<Outcome> {
    let offers = 0;
    const carry = (kind: CallSignalKind, text: string): string => {
        // Port 9 of any of this machine's addresses: nobody listens there.
        if (kind === "candidate") return blocked ? text.replace(/(candidate:\S+ \d \S+ \d+ \S+) \d+/, "$1 9") : text;
        const description = JSON.parse(text) as { type: string; sdp: string };
        if (description.type === "offer") offers += 1;
        let sdp = only(description.sdp, codec);
        if (splice && description.type === "offer") {
            sdp = sdp.replace(/(a=fingerprint:sha-256 )(..)/g, (_, label, byte) => label + (byte === "00" ? "01" : "00"));
        }
        return JSON.stringify({ type: description.type, sdp });
    };
    const callee: DemoPeer = new DemoPeer(
        { polite: true, video: true, screen: true, keys: encrypted ? { send: 2, receive: wrongKey ? 9 : 1 } : null },
        (kind, text) => setTimeout(() => caller.connection.receive(kind, carry(kind, text)), 20));
    const caller: DemoPeer = new DemoPeer(
        { polite: false, video: true, screen: false, keys: encrypted ? { send: 1, receive: 2 } : null },
        (kind, text) => setTimeout(() => callee.connection.receive(kind, carry(kind, text)), 20));
    const audio = new Audio();
    const deadline = Date.now() + 40_000;
    const isSettled = ({ states, connection }: DemoPeer) => states.length > 0 || (blocked && connection.connection.connectionState === "failed");
    while (Date.now() < deadline && ![caller, callee].every(isSettled)) await wait(50);
    const sound = callee.tracks.get("microphone");
    if (sound !== undefined) {
        audio.srcObject = new MediaStream([sound]);
        void audio.play().catch(() => undefined);
    }
    const video = document.createElement("video");
    video.muted = true;
    const picture = callee.tracks.get("camera");
    if (picture !== undefined) {
        video.srcObject = new MediaStream([picture]);
        void video.play().catch(() => undefined);
    }
    await wait(seconds * 500);
    const first = await counters(callee);
    if (restart) for (const { connection } of [caller, callee]) connection.restart();
    await wait(seconds * 500);
    const second = await counters(callee);
    const outcome = {
        states: { caller: [...caller.states], callee: [...callee.states] },
        codec: second.codec, frames: first.frames, framesLater: second.frames, energy: second.energy,
        refused: callee.frames?.refused ?? 0, restarts: offers - 1,
    };
    caller.end();
    callee.end();
    return outcome;
}

async function counters({ connection }: DemoPeer): Promise<{ codec: string; frames: number; energy: number }> {
    if (connection.connection.connectionState === "closed") return { codec: "", frames: 0, energy: 0 };
    const reports = await connection.statistics();
    const camera = figuresOf({ reports, time: Date.now() }, null, true, 0).streams
        .find(({ direction, slot }) => direction === "received" && slot === "camera");
    let energy = 0;
    for (const one of reports.values()) if (one.type === "inbound-rtp" && one.kind === "audio") energy += one.totalAudioEnergy ?? 0;
    return { codec: camera?.codec ?? "", frames: camera?.frames ?? 0, energy };
}

(window as unknown as { runMedia: typeof run }).runMedia = run;
