// The app over the scripted session. What is shown is chosen in the query: ?vault, ?unlocked, ?operator, ?empty,
// ?fault=core, ?elsewhere, ?warn, ?unreachable.

import { followLanguage } from "../../../Web/i18n";
import { App } from "../../../Web/model/app";
import { systemClock } from "../../../Web/model/clock";
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
    askForPersistentStorage: () => {},
    announceRinging: () => {},
    answerElsewhere: () => {},
}, link);
show(document.getElementById("app")!, app);
void app.start();

setTimeout(() => {
    if (query.has("warn")) {
        listener?.onEvent({ type: "warning", kind: "fingerprintMismatch", conversation: "01".repeat(16) });
        listener?.onEvent({ type: "problem", problem: "tooManyRequests" });
    }
    const ringing = query.get("ringing");
    if (ringing) app.onRinging({ name: ringing, video: true });
    if (query.has("unreachable")) listener?.onNodeReachable(false);
}, 400);
