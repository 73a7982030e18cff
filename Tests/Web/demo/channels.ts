// Two channels in one page, joined by a path for signals that the test may tamper with.

import { Channel } from "../../../Web/net/channel";
import { Relay } from "../../../Web/net/relay";
import type { SignalKind } from "../../../Web/worker/boundary";

const relay = new Relay(location);
relay.set({ type: "off" });

interface Plan {
    readonly messages: number;
    /** The first byte of the fingerprint in the initiator's offer is another one. */
    readonly splice: boolean;
}

async function run({ messages, splice }: Plan): Promise<string[]> {
    const log: string[] = [];
    let received = 0;
    const make = (name: string, initiator: boolean, other: () => Channel) => new Channel(initiator, false, relay, {
        onSignal: (kind: SignalKind, text: string) => {
            const carried = splice && kind === "offer" ? text.replace(/(a=fingerprint:sha-256 )(..)/, (_, label, byte) =>
                label + (byte === "00" ? "01" : "00")) : text;
            setTimeout(() => other().receive(kind, carried), 5);
        },
        onOpen: (path) => log.push(`${name} open ${path}`),
        onMessage: (bytes) => {
            if (bytes.length !== 65_536 || bytes[0] !== received % 256) log.push(`${name} out of order`);
            received += 1;
            if (received === messages) log.push(`${name} received all`);
        },
        onFingerprintMismatch: () => log.push(`${name} mismatch`),
        onNoPath: (reason) => log.push(`${name} no path ${reason}`),
        onChannel: (other) => log.push(`${name} got ${other.label}`),
        onClosed: () => log.push(`${name} closed`),
    });
    const responder: Channel = make("responder", false, () => initiator);
    const initiator: Channel = make("initiator", true, () => responder);
    for (let index = 0; index < messages; index += 1) initiator.send(new Uint8Array(65_536).fill(index));
    const deadline = Date.now() + 20_000;
    while (!log.some((line) => line.endsWith("all") || line === "initiator closed") && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    initiator.close();
    while (!log.includes("responder closed") && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    return log;
}

(window as unknown as { runChannels: typeof run }).runChannels = run;
