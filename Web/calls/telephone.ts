// What makes and takes calls: one at a time, as the core has it.

import type { Call, Telephone as TelephonePort } from "../model/calls";
import { Value } from "../model/value";
import { keepChoice, readChoice } from "../net/choices";
import type { CallAction } from "../worker/boundary";
import { CallModel } from "./call";
import type { CallHost, Person } from "./host";
import { Devices } from "./net/devices";
import { Ringer, TuneName } from "./net/sound";
import { Desk } from "./tabs/desk";

/** The check of camera and microphone: before the first call, or because the user wants one. */
export interface DeviceCheck {
    readonly video: boolean;
    /** Whom to call then; null for nobody. */
    readonly conversation: string | null;
}

const checkedKey = "call-devices-checked";
/** A call keeps the app awake: its idle lock would end it. */
const touchInterval = 20_000;

export class Telephone implements TelephonePort {
    readonly host: CallHost;
    readonly devices = new Devices();
    readonly check = new Value<DeviceCheck | null>(null);
    /** The call that rings here. */
    readonly incoming = new Value<Call | null>(null);
    /** The call that is shown: ringing there, under way, or just over. */
    readonly shown = new Value<CallModel | null>(null);
    /** The call that another tab of the profile has. */
    readonly elsewhere = new Value<Call | null>(null);
    #desk: Desk | null = null;
    #ringer = new Ringer();
    #cancelTouch: (() => void) | null = null;
    /** The core was asked for a call and has not said yet what became of it. */
    #isPlacing = false;
    /** Of a call that is not shown yet. */
    #early: CallAction[] = [];

    constructor(host: CallHost) {
        this.host = host;
    }

    /** From now on it rings in the profile's other tabs, too. */
    shareWithTabs(): void {
        this.#desk = new Desk({
            onInput: (input) => this.host.input(input),
            onTaken: () => this.#giveAway(),
            person: (conversation) => this.person(conversation),
        }, this.host.relay);
    }

    dispose(): void {
        this.#ringer.stop();
        this.#cancelTouch?.();
        const shown = this.shown.current;
        shown?.hangUp();
        shown?.dispose();
        this.hangUpElsewhere();
        this.#desk?.dispose();
        this.elsewhere.set(null);
        this.shown.set(null);
        this.incoming.set(null);
        this.check.set(null);
        this.devices.dispose();
    }

    get measured(): CallModel | null {
        return this.shown.current?.isOver === false ? this.shown.current : null;
    }

    person(conversation: string): Person | null {
        return this.host.person(conversation);
    }

    nameOf(conversation: string): string {
        return this.person(conversation)?.name ?? "";
    }

    /** Whose browser it is that cannot encrypt frames, as far as that is known before a call; null: nobody's. */
    plainWarning(conversation: string): "self" | "peer" | null {
        if (!("RTCRtpScriptTransform" in window)) return "self";
        return this.person(conversation)?.calls === "media" ? "peer" : null;
    }

    // What the user does

    call(conversation: string, video: boolean): void {
        this.dismiss();
        // The check is also where it is said that frames will not be encrypted: before the call.
        if (readChoice(checkedKey) === null || this.plainWarning(conversation) !== null) return this.check.set({ conversation, video });
        void this.#place(conversation, video);
    }

    checkDevices(): void {
        if (this.shown.current?.isOver !== false) this.check.set({ conversation: null, video: true });
    }

    /** The check is done: the call it was for goes out. */
    finishCheck(): void {
        const check = this.check.current;
        if (check === null) return;
        keepChoice(checkedKey, "1");
        this.check.set(null);
        if (check.conversation === null) this.devices.closeAll();
        else this.#ask(check.conversation, check.video);
    }

    cancelCheck(): void {
        if (this.check.current === null) return;
        this.check.set(null);
        this.devices.closeAll();
    }

    answer(video: boolean): void {
        const call = this.incoming.current;
        if (call === null) return;
        this.#ringer.stop();
        this.incoming.set(null);
        this.cancelCheck();
        this.#desk?.onAnsweredHere();
        this.#show(call);
        // The answer does not wait for the devices: they join when the browser has opened them.
        this.host.input({ type: "answerCall", call: call.call, video });
        void this.devices.open("microphone", ...(video ? ["camera" as const] : []));
    }

    decline(): void {
        const call = this.incoming.current;
        if (call === null) return;
        this.#ringer.stop();
        this.incoming.set(null);
        this.host.input({ type: "declineCall", call: call.call });
    }

    /** It rings on without a sound. */
    silence(): void {
        this.#ringer.stop();
    }

    /** Ends the call that another tab has. */
    hangUpElsewhere(): void {
        const call = this.elsewhere.current;
        if (call !== null) this.host.input({ type: "hangUp", call: call.call });
    }

    /** Takes away what is left of a call that is over. */
    dismiss(): void {
        if (this.shown.current?.isOver === true) this.shown.set(null);
    }

    // What the core says

    onCall(call: Call): void {
        if (this.#desk?.onCall(call) === true) {
            this.elsewhere.set(call.state === "over" ? null : call);
            return this.#stayAwake();
        }
        if (call.state === "ringingHere") return this.#ring(call);
        if (this.incoming.current?.call === call.call) {
            this.#ringer.stop();
            this.incoming.set(null);
        }
        // One of ours that is over at once is shown, too: with the reason.
        const isNew = call.state !== "over" || (call.own && this.#isPlacing);
        if (call.own) this.#isPlacing = false;
        if (isNew && this.shown.current?.id !== call.call) this.#show(call);
        const shown = this.shown.current;
        if (shown?.id !== call.call) return;
        const before = shown.summary.current.state;
        shown.onCall(call);
        this.#sound(before, call);
        // The other one's call, at the same moment, goes on in its place.
        if (call.reason === "replaced") this.shown.set(null);
    }

    onAction(action: CallAction): void {
        if (this.#desk?.onAction(action) === true) return;
        if (this.shown.current?.id === action.call) return this.shown.current.onAction(action);
        // What is to be done comes before what is to be shown.
        this.#early = [...this.#early.filter(({ call }) => call === action.call), action];
    }

    onProblem(): void {
        this.#isPlacing = false;
        if (this.shown.current === null && this.check.current === null) this.devices.closeAll();
    }

    /** The devices first: who cannot be heard should know before it rings. */
    async #place(conversation: string, video: boolean): Promise<void> {
        await this.devices.open("microphone", ...(video ? ["camera" as const] : []));
        if (this.devices.track.microphone.current === null) return this.check.set({ conversation, video });
        this.#ask(conversation, video);
    }

    #ask(conversation: string, video: boolean): void {
        // They were quicker: who wanted to call them wants to talk.
        if (this.incoming.current?.conversation === conversation) return this.answer(video);
        this.#isPlacing = true;
        this.host.ring?.(conversation, video);
    }

    #ring(call: Call): void {
        if (this.incoming.current?.call === call.call) return;
        this.incoming.set(call);
        if (this.host.ringsAloud) this.#ringer.play("incoming");
    }

    /** It is answered in another tab: here it is only said so. */
    #giveAway(): void {
        const call = this.incoming.current;
        if (call === null) return;
        this.#ringer.stop();
        this.incoming.set(null);
        this.elsewhere.set(call);
        this.#stayAwake();
    }

    #show(call: Call): void {
        // There is one call at a time: what is shown is over, or gives way to the other one's at the same moment.
        this.shown.current?.dispose();
        const model = new CallModel(this.host, this.devices, call, this.nameOf(call.conversation));
        this.shown.set(model);
        for (const action of this.#early.splice(0)) if (action.call === call.call) model.onAction(action);
        this.#stayAwake();
    }

    #sound(before: Call["state"], { state, reason }: Call): void {
        if (state === before) return;
        const tune: TuneName | null = state === "ringingThere" ? "ringback" : state === "over" && reason !== "replaced" ? "ended" : null;
        if (tune === null) this.#ringer.stop();
        else this.#ringer.play(tune);
    }

    #stayAwake(): void {
        this.#cancelTouch?.();
        this.#cancelTouch = null;
        if ((this.shown.current?.isOver ?? true) && this.elsewhere.current === null) return;
        this.host.touch();
        const { clock } = this.host;
        this.#cancelTouch = clock.at(clock.now() + touchInterval, () => this.#stayAwake());
    }
}
