// Which screen there is, and the life of the session behind it.

import type { CallAction, CoreEvent, Problem } from "../worker/boundary";
import type { Fault } from "../worker/protocol";
import type { CallElsewhere } from "../net/tab";
import type { SessionListener, SessionPort } from "../net/session";
import type { Clock } from "./clock";
import { EnrolModel } from "./enrol";
import { LockedModel, LockReason } from "./locked";
import { Kept, MainModel } from "./main";
import { Value } from "./value";

export type Screen =
    | { name: "starting" }
    /** Nobody has joined with this browser. */
    | { name: "welcome"; refused: Problem | null }
    | { name: "enrol"; model: EnrolModel }
    | { name: "locked"; model: LockedModel }
    | { name: "main"; model: MainModel }
    /** Another tab works on the profile. */
    | { name: "elsewhere" }
    | { name: "broken"; reason: BrokenReason; detail: string }
    /** The browser has removed the profile; what was still in memory can be copied out. */
    | { name: "removed"; kept: readonly Kept[] };

export type BrokenReason = `fault.${Fault}` | `problem.${Problem}`;

export interface Surroundings {
    readonly clock: Clock;
    openSession(listener: SessionListener): SessionPort;
    /** Whether this tab may work on the profile. */
    acquireProfile(): Promise<boolean>;
    takeProfile(): Promise<void>;
    /** Whether no tab works on the profile just now. */
    isProfileFree(): Promise<boolean>;
    /** Somebody joined: what they have here should not be evicted. */
    askForPersistentStorage(): void;
}

/** How long the core has to forget its keys by itself, before its worker is terminated. */
const lockPatience = 1_000;

export class App {
    readonly screen = new Value<Screen>({ name: "starting" });
    readonly callElsewhere = new Value<CallElsewhere>("none");
    /** Whether the tab that worked on the profile is gone. */
    readonly isElsewhereGone = new Value(false);
    #surroundings: Surroundings;
    #session: SessionPort | null = null;
    #link: string | null;
    #ended: (() => void) | null = null;
    #isLocking = false;
    /** Why the profile was locked in this page; null: it was locked when the page was opened. */
    #lockedBecause: LockReason | null = null;
    /** Why the node does not want the identity that was being made. */
    #refused: Problem | null = null;

    constructor(surroundings: Surroundings, link: string | null) {
        this.#surroundings = surroundings;
        this.#link = link;
    }

    async start(): Promise<void> {
        if (await this.#surroundings.acquireProfile()) this.#begin();
        else this.screen.set({ name: "elsewhere" });
    }

    /** An invitation that was opened and could not be looked at. */
    get unusedLink(): string | null {
        return this.#link;
    }

    /** Looks whether the other tab still works on the profile. */
    async lookElsewhere(): Promise<void> {
        const isFree = await this.#surroundings.isProfileFree();
        if (this.screen.current.name === "elsewhere") this.isElsewhereGone.set(isFree);
    }

    /** Works on the profile in this tab; the other one stops. */
    async useHere(): Promise<void> {
        this.callElsewhere.set("none");
        this.isElsewhereGone.set(false);
        this.screen.set({ name: "starting" });
        await this.#surroundings.takeProfile();
        this.#begin();
    }

    /** Another tab takes the profile: done when nothing here works on it any more. */
    onProfileLost(): Promise<void> {
        return new Promise((resolve) => this.#close({ name: "elsewhere" }, resolve));
    }

    onCallElsewhere(call: CallElsewhere): void {
        if (this.screen.current.name === "elsewhere") this.callElsewhere.set(call);
    }

    /** An invitation link was opened or pasted. */
    openLink(link: string): void {
        const screen = this.screen.current.name;
        if (this.#session === null || screen === "main" || screen === "locked") return;
        this.#link = link;
        if (screen === "welcome" || screen === "enrol") this.#enrol();
    }

    /** After a fault. */
    restart(): void {
        this.#end();
        this.screen.set({ name: "starting" });
        this.#begin();
    }

    lock(reason: LockReason = { by: "user" }): void {
        const main = this.#main;
        if (main === null || this.#isLocking) return;
        this.#lockedBecause = reason;
        const close = () => {
            this.#isLocking = false;
            if (this.#main === main) this.#close({ name: "starting" }, () => this.#begin());
        };
        const settling = main.settle();
        if (settling === null) return close();
        // What is being recorded is sealed first, if that does not take long.
        this.#isLocking = true;
        const { clock } = this.#surroundings;
        const cancel = clock.at(clock.now() + lockPatience, close);
        const finish = () => {
            cancel();
            if (this.#isLocking) close();
        };
        void settling.then(finish, finish);
    }

    /** Forgets the profile, and shows that screen. `then` is called when it is done. */
    #close(next: Screen, then: () => void): void {
        const session = this.#session;
        const main = this.#main;
        if (session === null || main === null) {
            this.#end();
            this.screen.set(next);
            return then();
        }
        // What is shown goes first; the keys follow within the second, whatever the core is busy with.
        main.dispose();
        const finish = () => {
            cancel();
            if (this.#ended !== finish) return;
            this.#ended = null;
            session.end();
            this.#session = null;
            then();
        };
        const cancel = this.#surroundings.clock.at(this.#surroundings.clock.now() + lockPatience, finish);
        this.#ended = finish;
        this.screen.set(next);
        // The core tells the other side of a call that it ends.
        session.input({ type: "lock" });
    }

    #begin(): void {
        const session = this.#surroundings.openSession({
            onEvent: (event) => this.#onEvent(event),
            onCall: (action) => this.#onCall(action),
            onFault: (fault, detail) => this.#onFault(fault, detail),
            onNodeReachable: (reachable) => this.#onNodeReachable(reachable),
            onAddressUnknown: () => this.#onAddressUnknown(),
            onNoPath: (device, reason) => this.#main?.onNoPath(device, reason),
            onFileProgress: (progress) => this.#main?.files.transfers.onProgress(progress),
            onFileOpened: (opened) => this.#main?.files.onOpened(opened),
        });
        this.#session = session;
    }

    /** What there is while the profile is unlocked. */
    get #main(): MainModel | null {
        const screen = this.screen.current;
        return screen.name === "main" ? screen.model : null;
    }

    #end(): void {
        const screen = this.screen.current;
        if (screen.name === "main") screen.model.dispose();
        this.#ended = null;
        this.#session?.end();
        this.#session = null;
    }

    #enrol(): void {
        const session = this.#session;
        const link = this.#link;
        if (session === null || link === null) return;
        this.#link = null;
        this.screen.set({ name: "enrol", model: new EnrolModel(session) });
        session.input({ type: "openLink", link });
    }

    #onEvent(event: CoreEvent): void {
        const session = this.#session;
        if (session === null) return;
        if (this.#ended !== null) {
            // Locking: nothing is shown any more.
            if (event.type === "locked") this.#ended();
            return;
        }
        const screen = this.screen.current;
        switch (event.type) {
            case "noVault":
                // After a refusal the core is where it began; the screen goes on saying why.
                if (screen.name === "enrol") return;
                if (this.#link === null) this.screen.set({ name: "welcome", refused: this.#refused });
                else this.#enrol();
                this.#refused = null;
                return;
            case "vault": {
                // After a wrong passphrase the core may tell the parameters again.
                if (screen.name === "locked") return screen.model.onWait(event.waitMs);
                const model = new LockedModel(session, this.#surroundings.clock, this.#link !== null, this.#lockedBecause);
                this.#link = null;
                this.#lockedBecause = null;
                model.onWait(event.waitMs);
                return this.screen.set({ name: "locked", model });
            }
            case "enrolled":
                return this.#surroundings.askForPersistentStorage();
            case "unlocked": {
                if (screen.name === "main") return screen.model.onEvent(event);
                const { type: _, ...profile } = event;
                const model: MainModel = new MainModel(session, this.#surroundings.clock, profile,
                    () => this.lock({ by: "idle", seconds: model.idle.limitSeconds }));
                if (screen.name === "locked" && screen.model.problem.current !== null) {
                    model.toasts.show({ kind: "problem", problem: screen.model.problem.current });
                }
                return this.screen.set({ name: "main", model });
            }
            case "unlockRefused":
                if (screen.name === "locked") screen.model.onRefused(event.waitMs);
                return;
            case "newVaultParameters":
                if (screen.name === "enrol") screen.model.onTerms(event);
                return;
            case "linkRefused":
                if (screen.name === "enrol") screen.model.onRefused(event.reason);
                else this.#refused = event.reason;
                return;
            case "problem":
                if (screen.name === "enrol") return screen.model.onProblem(event.problem);
                if (screen.name === "locked") return screen.model.onProblem(event.problem);
                if (screen.name === "starting" && event.problem !== null) return this.#stop(`problem.${event.problem}`, "");
                break;
        }
        if (screen.name === "main") screen.model.onEvent(event);
    }

    #onCall(action: CallAction): void {
        const screen = this.screen.current;
        if (screen.name === "main" && this.#ended === null) screen.model.onCall(action);
    }

    #onFault(fault: Fault, detail: string): void {
        if (fault === "removed" && this.#main !== null) {
            const kept = this.#main.inMemory();
            this.#end();
            return this.screen.set({ name: "removed", kept });
        }
        if (fault !== "elsewhere") return this.#stop(`fault.${fault}`, detail);
        this.#end();
        this.screen.set({ name: "elsewhere" });
    }

    #stop(reason: BrokenReason, detail: string): void {
        this.#end();
        this.screen.set({ name: "broken", reason, detail });
    }

    #onNodeReachable(reachable: boolean): void {
        const screen = this.screen.current;
        if (screen.name === "main") screen.model.onNodeReachable(reachable);
        if (screen.name !== "enrol") return;
        if (reachable) screen.model.addressUnknown.set(false);
        screen.model.nodeReachable.set(reachable);
    }

    #onAddressUnknown(): void {
        const screen = this.screen.current;
        if (screen.name === "enrol") screen.model.addressUnknown.set(true);
    }
}
