// The app is loaded in parts. An open page may ask for one that the node does not have any more, since it has another version by now.

import { Value } from "./value";

/** A part of the app is not to be had. */
export class PartMissing extends Error {}

export class Outdated {
    /** Whether the node has another version of the app than this page. */
    readonly isKnown = new Value(false);
    #answers: () => Promise<boolean>;
    #onUnreachable: () => void;

    /**
     * @param answers Whether the node answers just now.
     * @param onUnreachable A part is missing because it does not.
     */
    constructor(answers: () => Promise<boolean>, onUnreachable: () => void) {
        this.#answers = answers;
        this.#onUnreachable = onUnreachable;
    }

    /** A part could not be loaded: the page is outdated, or the node does not answer. */
    async onPartMissing(): Promise<void> {
        if (await this.#answers()) this.isKnown.set(true);
        else if (!this.isKnown.current) this.#onUnreachable();
    }

    /** Loads a part; `PartMissing` if it is not to be had. */
    load<Part>(part: Promise<Part>): Promise<Part> {
        return part.catch(async () => {
            await this.onPartMissing();
            throw new PartMissing();
        });
    }
}
