import type { Problem, Warning } from "../worker/boundary";
import type { Clock } from "./clock";
import { Value } from "./value";

export type Announcement =
    | { kind: "warning"; warning: Warning; name: string | null }
    | { kind: "problem"; problem: Problem }
    | { kind: "saved" }
    | { kind: "copied" }
    | { kind: "joined"; name: string }
    | { kind: "tooLarge"; name: string; size: number }
    | { kind: "noRoom"; name: string; size: number; room: number }
    | { kind: "folder" }
    | { kind: "fileSaved" }
    | { kind: "notSaved" }
    | { kind: "copyDeleted" }
    | { kind: "copyForgotten" };

export interface Toast {
    readonly id: number;
    readonly announcement: Announcement;
}

const shownFor = 8_000;
/** How many notices that pass by themselves may stand there beside another one. */
const mostPassing = 3;

/** What looks like an attack. */
function stays(announcement: Announcement): boolean {
    return announcement.kind === "warning";
}

/** Short notices. What looks like an attack stays until it is dismissed. */
export class Toasts {
    readonly all = new Value<readonly Toast[]>([]);
    #clock: Clock;
    #next = 0;

    constructor(clock: Clock) {
        this.#clock = clock;
    }

    show(announcement: Announcement): void {
        const key = JSON.stringify(announcement);
        if (this.all.current.some((toast) => JSON.stringify(toast.announcement) === key)) return;
        const id = this.#next++;
        // What looks like an attack is not pushed out by what does not.
        this.all.update((toasts) => {
            const passing = toasts.filter((toast) => !stays(toast.announcement));
            const gone = new Set(passing.slice(0, Math.max(0, passing.length - mostPassing)));
            return [...toasts.filter((toast) => !gone.has(toast)), { id, announcement }];
        });
        if (!stays(announcement)) this.#clock.at(this.#clock.now() + shownFor, () => this.dismiss(id));
    }

    dismiss(id: number): void {
        this.all.update((toasts) => toasts.filter((toast) => toast.id !== id));
    }

    clear(): void {
        this.all.set([]);
    }
}
