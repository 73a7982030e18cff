// The app over the scripted session. What is shown is chosen in the query: ?vault, ?unlocked, ?operator, ?empty,
// ?fault=core, ?elsewhere, ?warn, ?collision, ?unreachable.

import { Desk } from "../../../Web/calls/tabs/desk";
import { followLanguage } from "../../../Web/i18n";
import { App } from "../../../Web/model/app";
import { systemClock } from "../../../Web/model/clock";
import { Relay } from "../../../Web/net/relay";
import type { SessionListener } from "../../../Web/net/session";
import { show } from "../../../Web/view/root";
import { applyTheme } from "../../../Web/view/theme";
import { DemoSession } from "./session";

const query = new URLSearchParams(location.search);
const link = location.hash === "" ? null : location.href;
let listener: SessionListener | undefined;
let first = true;

applyTheme();
followLanguage(document.documentElement);
const app = new App({
    clock: systemClock,
    openSession: (given) => {
        listener = given;
        const options = {
            vault: query.has("vault") || !first, unlocked: query.has("unlocked") && first, operator: query.has("operator"),
            empty: query.has("empty"), fault: first ? query.get("fault") : null,
        };
        first = false;
        return new DemoSession(given, options);
    },
    acquireProfile: async () => !query.has("elsewhere"),
    takeProfile: async () => {},
    isProfileFree: async () => query.get("elsewhere") === "gone",
    askForPersistentStorage: () => {},
}, link);
show(document.getElementById("app")!, app);

/** As the tab that works on the profile would. */
function ringElsewhere(name: string): void {
    const person = () => ({ name, member: "03".repeat(16), calls: "frames" as const });
    const desk = new Desk({ onInput: () => {}, onTaken: () => {}, person }, new Relay(location));
    desk.onCall({
        call: "07".repeat(16), conversation: "01".repeat(16), own: false, video: true, encryption: "frames", state: "ringingHere",
        reason: "none", startedMs: 0,
    });
    app.onCallElsewhere("ringing");
}

/** The worker stops in the middle of a conversation. */
function loseAll(fault: "removed"): void {
    if (app.screen.current.name !== "main") return;
    app.screen.current.model.openConversation("01".repeat(16));
    setTimeout(() => listener?.onFault(fault, ""), 300);
}
void app.start();

setTimeout(() => {
    if (query.has("warn")) {
        listener?.onEvent({ type: "warning", kind: "fingerprintMismatch", conversation: "01".repeat(16) });
        listener?.onEvent({ type: "problem", problem: "tooManyRequests" });
    }
    if (query.has("collision")) listener?.onEvent({ type: "warning", kind: "nameCollision", conversation: "05".repeat(16) });
    const ringing = query.get("ringing");
    if (ringing && query.has("elsewhere")) ringElsewhere(ringing);
    const gone = query.get("gone");
    if (gone !== null) loseAll(gone as "removed");
    if (query.has("unreachable")) listener?.onNodeReachable(false);
}, 400);
