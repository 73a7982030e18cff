// The user's own microphone, camera and screen: opened when needed, closed as soon as they are not.

import { keepChoice, readChoice } from "../../net/choices";
import { Value } from "../../model/value";

export type DeviceKind = "microphone" | "camera" | "speaker";
export type CaptureKind = "microphone" | "camera";

export interface Device {
    readonly id: string;
    /** Empty until the user has allowed one. */
    readonly label: string;
}

/** Why there is no sound or picture of one's own. */
export type DeviceProblem = "denied" | "missing" | "busy";

const kinds: { readonly [Kind in DeviceKind]: MediaDeviceKind } = {
    microphone: "audioinput", camera: "videoinput", speaker: "audiooutput",
};

const storageKey = (kind: DeviceKind) => `call-${kind}`;

function problemOf(error: unknown): DeviceProblem {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "NotAllowedError" || name === "SecurityError") return "denied";
    return name === "NotReadableError" || name === "AbortError" ? "busy" : "missing";
}

function isGone(error: unknown): boolean {
    return error instanceof Error && error.name === "OverconstrainedError";
}

export class Devices {
    readonly present: { readonly [Kind in DeviceKind]: Value<readonly Device[]> } = {
        microphone: new Value<readonly Device[]>([]), camera: new Value<readonly Device[]>([]), speaker: new Value<readonly Device[]>([]),
    };
    /** The device in use, or the one that was chosen; empty for the browser's own choice. */
    readonly chosen: { readonly [Kind in DeviceKind]: Value<string> } = {
        microphone: new Value(chosenBefore("microphone")), camera: new Value(chosenBefore("camera")), speaker: new Value(chosenBefore("speaker")),
    };
    readonly track: { readonly [Kind in CaptureKind]: Value<MediaStreamTrack | null> } = {
        microphone: new Value<MediaStreamTrack | null>(null), camera: new Value<MediaStreamTrack | null>(null),
    };
    readonly problem: { readonly [Kind in CaptureKind]: Value<DeviceProblem | null> } = {
        microphone: new Value<DeviceProblem | null>(null), camera: new Value<DeviceProblem | null>(null),
    };
    /** Counts openings and closings, so that what comes too late is closed again. */
    #turn = { microphone: 0, camera: 0 };
    #opening: { [Kind in CaptureKind]: Promise<void> | null } = { microphone: null, camera: null };

    constructor() {
        navigator.mediaDevices?.addEventListener("devicechange", this.#look);
        this.#look();
    }

    /** Closes everything, for good. */
    dispose(): void {
        navigator.mediaDevices?.removeEventListener("devicechange", this.#look);
        this.closeAll();
    }

    /** Both devices in one question to the user, where neither is open. */
    async open(...wanted: CaptureKind[]): Promise<void> {
        await Promise.all(wanted.map((kind) => this.#opening[kind]));
        const missing = wanted.filter((kind) => this.track[kind].current === null);
        if (missing.length === 0) return;
        const turns = missing.map((kind) => ++this.#turn[kind]);
        const job = this.#capture(missing, turns);
        for (const kind of missing) this.#opening[kind] = job;
        await job;
        for (const kind of missing) if (this.#opening[kind] === job) this.#opening[kind] = null;
    }

    close(kind: CaptureKind): void {
        this.#turn[kind] += 1;
        const track = this.track[kind].current;
        this.track[kind].set(null);
        this.problem[kind].set(null);
        if (track !== null) stop(track);
    }

    closeAll(): void {
        this.close("microphone");
        this.close("camera");
    }

    /** Uses that device from now on, in a call under way, too. */
    async choose(kind: DeviceKind, id: string): Promise<void> {
        keepChoice(storageKey(kind), id);
        this.chosen[kind].set(id);
        if (kind === "speaker") return;
        const before = this.track[kind].current;
        if (before === null && this.problem[kind].current === null) return;
        // Phones open only one camera at a time: the old one is closed first.
        if (before !== null) stop(before);
        await this.#capture([kind], [++this.#turn[kind]]);
    }

    /** The next camera: front and back of a phone. */
    async nextCamera(): Promise<void> {
        const cameras = this.present.camera.current;
        const index = cameras.findIndex(({ id }) => id === this.chosen.camera.current);
        const next = cameras[(index + 1) % cameras.length];
        if (next !== undefined) await this.choose("camera", next.id);
    }

    async #capture(wanted: readonly CaptureKind[], turns: readonly number[]): Promise<void> {
        const results = await this.#request(wanted);
        for (const [index, kind] of wanted.entries()) {
            const result = results[kind];
            if (this.#turn[kind] !== turns[index]) {
                if (typeof result === "object") stop(result);
                continue;
            }
            this.problem[kind].set(typeof result === "object" ? null : result ?? "missing");
            this.#use(kind, typeof result === "object" ? result : null);
        }
        this.#look();
    }

    #use(kind: CaptureKind, track: MediaStreamTrack | null): void {
        this.track[kind].set(track);
        if (track === null) return;
        const { deviceId } = track.getSettings();
        if (deviceId !== undefined) this.chosen[kind].set(deviceId);
        // It was unplugged: the browser's own choice takes over.
        track.onended = () => {
            if (this.track[kind].current !== track) return;
            this.track[kind].set(null);
            this.chosen[kind].set("");
            void this.#capture([kind], [++this.#turn[kind]]);
        };
    }

    /** One question for all; if that fails, one for each, so that a missing camera does not cost the microphone. */
    async #request(wanted: readonly CaptureKind[]): Promise<{ [Kind in CaptureKind]?: MediaStreamTrack | DeviceProblem }> {
        const media = navigator.mediaDevices;
        if (media === undefined) return { microphone: "missing", camera: "missing" };
        try {
            const stream = await media.getUserMedia({
                audio: wanted.includes("microphone") && this.#constraints("microphone"),
                video: wanted.includes("camera") && this.#constraints("camera"),
            });
            const [microphone] = stream.getAudioTracks();
            const [camera] = stream.getVideoTracks();
            return { ...(microphone && { microphone }), ...(camera && { camera }) };
        } catch (error) {
            const [only] = wanted;
            if (wanted.length === 1 && only !== undefined) {
                // It was unplugged between the look and the choice.
                if (isGone(error) && this.chosen[only].current !== "") {
                    this.chosen[only].set("");
                    return this.#request(wanted);
                }
                return { [only]: problemOf(error) };
            }
            let results = {};
            for (const kind of wanted) results = { ...results, ...await this.#request([kind]) };
            return results;
        }
    }

    #constraints(kind: CaptureKind): MediaTrackConstraints {
        const id = this.chosen[kind].current;
        // Exactly that one while it is there: of a mere wish some browsers make what they like. What was chosen once may not be
        // plugged in today.
        const isPresent = this.present[kind].current.some((device) => device.id === id);
        const device = id === "" ? {} : { deviceId: isPresent ? { exact: id } : { ideal: id } };
        return kind === "microphone"
            ? { ...device, echoCancellation: true, noiseSuppression: true, autoGainControl: true }
            : { ...device, width: { ideal: 1_280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
    }

    #look = (): void => {
        void navigator.mediaDevices?.enumerateDevices().then((all) => {
            for (const kind of ["microphone", "camera", "speaker"] as const) {
                this.present[kind].set(all
                    .filter((device) => device.kind === kinds[kind] && device.deviceId !== "")
                    .map(({ deviceId, label }) => ({ id: deviceId, label })));
            }
        }, () => undefined);
    };
}

function chosenBefore(kind: DeviceKind): string {
    return readChoice(storageKey(kind)) ?? "";
}

function stop(track: MediaStreamTrack): void {
    track.onended = null;
    track.stop();
}

export interface SharedScreen {
    readonly picture: MediaStreamTrack;
    /** Where the browser offers it and the user agrees. */
    readonly sound: MediaStreamTrack | null;
}

/** Whether the user changed their mind: that needs no message. A refusal by the system, or by another app, does. */
export function isChangeOfMind(error: unknown): boolean {
    return error instanceof Error && (error.name === "AbortError" || (error.name === "NotAllowedError" && !/system/i.test(error.message)));
}

/** Null when the user thought better of it. */
export async function shareScreen(): Promise<SharedScreen | null | "refused"> {
    try {
        const stream = await navigator.mediaDevices.getDisplayMedia({
            video: { frameRate: { ideal: 15, max: 30 } },
            // Sound as it is: what cleans a voice spoils music.
            audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
            // This tab would show itself in itself.
            selfBrowserSurface: "exclude", surfaceSwitching: "include", systemAudio: "include",
        } as DisplayMediaStreamConstraints);
        const [picture] = stream.getVideoTracks();
        const [sound] = stream.getAudioTracks();
        return picture === undefined ? "refused" : { picture, sound: sound ?? null };
    } catch (error) {
        return isChangeOfMind(error) ? null : "refused";
    }
}
