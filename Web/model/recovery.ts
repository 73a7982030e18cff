import type { EventOf, Problem } from "../worker/boundary";
import type { SessionPort } from "../net/session";
import { Value } from "./value";

/** The operator's sealed copy of the authority: until it is kept somewhere else, losing this browser loses the bubble. */
export class Recovery {
    readonly saved: Value<boolean>;
    readonly file = new Value<{ readonly file: Uint8Array; readonly code: string } | null>(null);
    /** The passphrase is asked for each time: an unattended screen is not enough to take the bubble away. */
    readonly asking = new Value<"idle" | "working" | "refused">("idle");
    #session: SessionPort;

    constructor(session: SessionPort, saved: boolean) {
        this.#session = session;
        this.saved = new Value(saved);
    }

    make(passphrase: string): void {
        if (passphrase === "" || this.asking.current === "working") return;
        this.asking.set("working");
        this.#session.recoveryFile(passphrase);
    }

    confirmSaved(): void {
        this.#session.input({ type: "recoveryFileSaved" });
        this.saved.set(true);
        this.forget();
    }

    forget(): void {
        this.file.set(null);
        this.asking.set("idle");
    }

    onFile(event: EventOf<"recoveryFile">): void {
        // A user who has closed the dialog meanwhile does not want it any more.
        if (this.asking.current !== "working") return;
        this.asking.set("idle");
        this.file.set({ file: event.file, code: event.code });
    }

    /** Whether that was said in the dialog. */
    onProblem(problem: Problem): boolean {
        if (this.asking.current !== "working") return false;
        this.asking.set(problem === "wrongPassphrase" ? "refused" : "idle");
        return problem === "wrongPassphrase";
    }
}
