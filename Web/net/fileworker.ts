// The files' worker as the page knows it: started when it is first needed, ended with the session.

import type { FromFiles, ToFiles } from "../files/protocol";
import { startWorker } from "./trusted";

type Answer = (bytes: ArrayBuffer | null) => void;
type Request = Extract<ToFiles, { request: number }>;
/** A request without its number, which is given here. */
type Unnumbered<R> = R extends Request ? Omit<R, "request"> : never;
export type FileEvent = Exclude<FromFiles, { type: "taken" }>;

export class FileWorker {
    #worker: Worker;
    #answers = new Map<number, Answer>();
    #requests = 0;

    constructor(onEvent: (event: FileEvent) => void, onFault: (detail: string) => void) {
        this.#worker = startWorker("/files.js", "files");
        this.#worker.onmessage = ({ data }: MessageEvent<FromFiles>) => {
            if (data.type !== "taken") return onEvent(data);
            this.#answers.get(data.request)?.(data.bytes);
            this.#answers.delete(data.request);
        };
        this.#worker.onerror = (event) => {
            event.preventDefault();
            onFault(event.message ?? "files.js");
        };
    }

    post(message: Exclude<ToFiles, Request>, transfer: Transferable[] = []): void {
        this.#worker.postMessage(message, transfer);
    }

    /** Null where it cannot be read. */
    ask(request: Unnumbered<Request>): Promise<ArrayBuffer | null> {
        const number = this.#requests++;
        return new Promise((resolve) => {
            this.#answers.set(number, resolve);
            this.#worker.postMessage({ ...request, request: number });
        });
    }

    end(): void {
        this.#worker.onmessage = this.#worker.onerror = null;
        this.#worker.terminate();
        for (const answer of this.#answers.values()) answer(null);
        this.#answers.clear();
    }
}
