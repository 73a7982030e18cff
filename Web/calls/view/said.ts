// What changes in a call, told to whoever does not see it.

import { h, Scope } from "../../view/dom";
import type { CallModel } from "../call";
import { t } from "../i18n";

export function announcer(scope: Scope, model: CallModel): HTMLElement {
    const line = h("p", { class: "visually-hidden", role: "status", "aria-live": "polite" });
    const { name } = model;
    const say = (text: string) => (line.textContent = text);
    let before = model.peer.current;
    let hasPeer = false;
    // The outcome is told where it is shown.
    scope.bind(scope.part(model.summary, ({ state }) => state), (state) => {
        if (state === "over") return;
        say(state === "inCall" ? t("said.inCall", { name }) : t(`state.${state}`, { name }));
        hasPeer = state === "inCall";
    });
    scope.bind(model.peer, (peer) => {
        if (hasPeer) {
            if (peer.microphone !== before.microphone) say(t(peer.microphone ? "said.unmuted" : "said.muted", { name }));
            if (peer.camera !== before.camera) say(t(peer.camera ? "said.cameraOn" : "said.cameraOff", { name }));
            if (peer.screen !== before.screen) say(t(peer.screen ? "said.screenOn" : "said.screenOff", { name }));
        }
        before = peer;
    });
    return line;
}
