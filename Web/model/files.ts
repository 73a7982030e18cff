// Files while the profile is unlocked: giving, seeing, keeping them.

import { largestFile, sealedLength } from "../files/geometry";
import type { Destination } from "../net/destination";
import type { OpenedFile } from "../net/openedfile";
import type { SessionPort } from "../net/session";
import type { Clock } from "./clock";
import type { Toasts } from "./toasts";
import { Transfers } from "./transfers";
import { Value } from "./value";
import type { RecordedVoice } from "./voice";

/** A file as the browser's dialogs, drops and pastes give it. */
export interface PickedFile extends Blob {
    readonly name: string;
}

/** Left to the browser for everything else it keeps here. */
const reserve = 8 << 20;

/** A readable copy being written. */
export interface Saving {
    readonly file: string;
    /** From 0 to 1. */
    readonly part: number;
}

export class FilesModel {
    readonly transfers: Transfers;
    /** The file in the viewer. */
    readonly viewing = new Value<OpenedFile | null>(null);
    /** The voice message that is being listened to. */
    readonly playing = new Value<OpenedFile | null>(null);
    readonly saving = new Value<readonly Saving[]>([]);

    #session: SessionPort;
    #toasts: Toasts;
    #destinations = new Map<string, Destination>();
    /** Voice messages that are about to be played. */
    #listening = new Set<string>();
    /** Readable copies that this page can still delete. */
    #removable = new Map<string, () => Promise<void>>();

    constructor(session: SessionPort, clock: Clock, toasts: Toasts) {
        this.#session = session;
        this.#toasts = toasts;
        this.transfers = new Transfers(clock);
    }

    dispose(): void {
        this.viewing.set(null);
        this.playing.set(null);
        this.saving.set([]);
        for (const destination of this.#destinations.values()) void destination.abort();
        this.#destinations.clear();
        this.#removable.clear();
        this.transfers.clear();
    }

    // Giving

    /** Has each of them sealed and sent, as far as there is room for it; says which are not. */
    async attach(conversation: string, files: readonly PickedFile[]): Promise<void> {
        const room = await this.#session.roomLeft();
        let promised = reserve;
        for (const file of files) {
            const { size } = file;
            // What of its name is shown to others, and what of its type is told, the core decides.
            const name = file.name.normalize("NFC");
            const left = room === null ? Infinity : Math.max(0, room - promised);
            if (size > largestFile) this.#toasts.show({ kind: "tooLarge", name, size });
            else if (sealedLength(size) > left) this.#toasts.show({ kind: "noRoom", name, size, room: left });
            else {
                promised += sealedLength(size);
                this.#session.attach(conversation, {
                    blob: file, name, mediaType: file.type, kind: "file", durationMs: 0, waveform: new Uint8Array(0),
                });
            }
        }
    }

    /** What was dropped is a folder: nothing of it is sent. */
    refuseFolder(): void {
        this.#toasts.show({ kind: "folder" });
    }

    sendVoice(conversation: string, { blob, mediaType, durationMs, waveform }: RecordedVoice): void {
        const name = `voice.${mediaType === "audio/ogg" ? "ogg" : mediaType === "audio/mp4" ? "m4a" : "webm"}`;
        this.#session.attach(conversation, { blob, name, mediaType, kind: "voice", durationMs, waveform });
    }

    // Moving

    setPaused(file: string, paused: boolean): void {
        this.#session.input({ type: "pauseFile", message: file, paused });
    }

    /** Ends the transfer for both, or deletes a complete file from this device. */
    cancel(file: string): void {
        this.#session.input({ type: "cancelFile", message: file });
    }

    // Seeing

    view(conversation: string, file: string): void {
        this.#session.input({ type: "openFile", conversation, message: file, purpose: "view" });
    }

    listen(conversation: string, file: string): void {
        this.#listening.add(file);
        this.#session.input({ type: "openFile", conversation, message: file, purpose: "view" });
    }

    onOpened(opened: OpenedFile): void {
        if (opened.purpose === "readableCopy") return void this.#save(opened);
        if (this.#listening.delete(opened.file)) this.playing.set(opened);
        else this.viewing.set(opened);
    }

    // Keeping a readable copy

    /** @param destination What the user chose; null when they changed their mind. */
    save(conversation: string, file: string, destination: Destination | "tooLarge" | null): void {
        if (destination === "tooLarge") return this.#toasts.show({ kind: "notSaved" });
        if (destination === null) return;
        this.#destinations.set(file, destination);
        this.#session.input({ type: "openFile", conversation, message: file, purpose: "readableCopy" });
    }

    async #save(opened: OpenedFile): Promise<void> {
        const { file, size } = opened;
        const destination = this.#destinations.get(file);
        this.#destinations.delete(file);
        if (destination === undefined) return;
        let done = 0;
        const show = (part: number | null) => this.saving.update((all) =>
            [...all.filter((one) => one.file !== file), ...(part === null ? [] : [{ file, part }])]);
        try {
            show(0);
            for await (const piece of opened.pieces()) {
                done += piece.byteLength;
                await destination.write(piece);
                show(done / size);
            }
            await destination.finish();
        } catch {
            await destination.abort().catch(() => undefined);
            show(null);
            return this.#toasts.show({ kind: "notSaved" });
        }
        show(null);
        if (destination.remove !== null) this.#removable.set(file, destination.remove);
        this.#session.input({ type: "readableCopy", message: file, kept: true });
        this.#toasts.show({ kind: "fileSaved" });
    }

    /** Deletes it where the browser lets us; otherwise forgets it, and says what is left to do. */
    async removeCopy(file: string): Promise<void> {
        const remove = this.#removable.get(file);
        this.#removable.delete(file);
        const isRemoved = remove !== undefined && await remove().then(() => true, () => false);
        this.#session.input({ type: "readableCopy", message: file, kept: false });
        this.#toasts.show({ kind: isRemoved ? "copyDeleted" : "copyForgotten" });
    }
}
