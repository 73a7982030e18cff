import type { EventOf } from "../worker/boundary";
import type { SessionPort } from "../net/session";
import { Value } from "./value";

/** The operator's sealed copy of the authority: until it is kept somewhere else, losing this browser loses the bubble. */
export class Recovery {
    readonly saved: Value<boolean>;
    readonly file = new Value<{ readonly file: Uint8Array; readonly code: string } | null>(null);
    #session: SessionPort;

    constructor(session: SessionPort, saved: boolean) {
        this.#session = session;
        this.saved = new Value(saved);
    }

    make(): void {
        if (this.file.current === null) this.#session.input({ type: "recoveryFile" });
    }

    confirmSaved(): void {
        this.#session.input({ type: "recoveryFileSaved" });
        this.saved.set(true);
        this.forget();
    }

    forget(): void {
        this.file.set(null);
    }

    onFile(event: EventOf<"recoveryFile">): void {
        this.file.set({ file: event.file, code: event.code });
    }
}
