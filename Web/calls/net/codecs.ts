// Which codecs a call prefers, and what it asks of them.

import { Slot, slots } from "./slots";

/**
 * The first that both browsers have is used.
 *
 * VP9 first: a third less than H.264 and VP8 for the same picture, encoded in real time by any laptop of the last ten years,
 * and its packets describe themselves, so that an encrypted frame needs no byte in the clear. H.264 before VP8, because where
 * VP9 is missing there is mostly a chip that encodes H.264 without heating the device. VP8 is what every browser has
 * (RFC 7742 §5). AV1 last although it compresses best: without a chip it takes several cores to encode a face, and the call
 * stutters on the very networks for which it would be worth it.
 */
const videoOrder = ["video/vp9", "video/h264", "video/vp8", "video/av1"];

interface CodecCapability {
    readonly mimeType: string;
    readonly sdpFmtpLine?: string;
}

function rank({ mimeType, sdpFmtpLine = "" }: CodecCapability): number {
    const place = videoOrder.indexOf(mimeType.toLowerCase());
    // Repair formats (rtx, red, ulpfec, flexfec) keep their order behind the codecs.
    if (place === -1) return 1_000;
    // Of H.264, the profile that everything decodes, and packets that may be split (RFC 6184 §6.2 and §6.3).
    const isPlain = !/profile-level-id=(?!42e0)/i.test(sdpFmtpLine) && !/packetization-mode=0/.test(sdpFmtpLine);
    // Of VP9 and AV1, the profile of eight bits.
    const isEightBit = !/profile(-id)?=[1-9]/.test(sdpFmtpLine);
    return place * 10 + (isPlain ? 0 : 2) + (isEightBit ? 0 : 4);
}

/** The capabilities, best first. */
export function preferredVideo<Codec extends CodecCapability>(capabilities: readonly Codec[]): Codec[] {
    return [...capabilities].sort((a, b) => rank(a) - rank(b));
}

export function preferCodecs(transceiver: RTCRtpTransceiver, slot: Slot): void {
    if (slot !== "camera" && slot !== "screen") return;
    const capabilities = RTCRtpReceiver.getCapabilities("video")?.codecs;
    // Absent from older browsers, whose own order then stands.
    if (capabilities !== undefined) transceiver.setCodecPreferences?.(preferredVideo(capabilities));
}

/**
 * The description as it is told to the other side, with what we ask of its Opus encoder (RFC 7587 §7): forward error
 * correction, so that a lost packet is filled from the next one, and for voices no packets in silence; sound that comes with a
 * screen in stereo and without gaps.
 */
export function withOpusWishes(sdp: string): string {
    const [session = "", ...sections] = sdp.split(/^(?=m=)/m);
    return session + sections.map((section, index) => {
        const slot = slots[index];
        if (slot === "microphone") return setOpus(section, { useinbandfec: "1", usedtx: "1", stereo: null });
        if (slot === "screenSound") return setOpus(section, { useinbandfec: "1", usedtx: null, stereo: "1" });
        return section;
    }).join("");
}

function setOpus(section: string, wishes: { readonly [name: string]: string | null }): string {
    const payload = /^a=rtpmap:(\d+) opus\//im.exec(section)?.[1];
    if (payload === undefined) return section;
    const line = new RegExp(`^a=fmtp:${payload} (.*?)(\r?\n)`, "m");
    const present = line.exec(section)?.[1] ?? "";
    const parameters = new Map(present.split(";").filter((part) => part.trim() !== "").map((part) => {
        const [name = "", value = ""] = part.trim().split("=");
        return [name, value] as const;
    }));
    for (const [name, value] of Object.entries(wishes)) {
        if (value === null) parameters.delete(name);
        else parameters.set(name, value);
    }
    const text = `a=fmtp:${payload} ${[...parameters].map(([name, value]) => `${name}=${value}`).join(";")}`;
    if (present !== "") return section.replace(line, `${text}$2`);
    return section.replace(new RegExp(`^(a=rtpmap:${payload} .*?)(\r?\n)`, "mi"), `$1$2${text}$2`);
}

/** Bits a second at most: what a face at 720p and a page of text need, and no more on a shared line. */
const bitRates: { readonly [Name in Slot]: number } = {
    microphone: 48_000, camera: 2_500_000, screen: 4_000_000, screenSound: 128_000,
};

/** TypeScript 4.8 does not know this part of the WebRTC extensions. */
type SendParameters = RTCRtpSendParameters & { degradationPreference?: string };

/** When the line gets narrow, a face may lose sharpness but not its movement, a screen its movement but not a letter. */
export async function tuneSender(sender: RTCRtpSender, slot: Slot): Promise<void> {
    const parameters: SendParameters = sender.getParameters();
    const [encoding] = parameters.encodings;
    if (encoding === undefined) return;
    encoding.maxBitrate = bitRates[slot];
    if (slot === "camera") parameters.degradationPreference = "maintain-framerate";
    if (slot === "screen") parameters.degradationPreference = "maintain-resolution";
    await sender.setParameters(parameters);
}

const hints: { readonly [Name in Slot]: string } = { microphone: "speech", camera: "motion", screen: "detail", screenSound: "music" };

/** The same for browsers that decide by the kind of content. */
export function hintContent(track: MediaStreamTrack, slot: Slot): void {
    if ("contentHint" in track) track.contentHint = hints[slot];
}
