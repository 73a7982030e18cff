// What is behind a conversation's `Connection`: the channel's path, and the call's while there is one.

import type { Figures, Measured } from "../../model/figures";
import type { MainModel } from "../../model/main";
import type { SessionPort } from "../../net/session";
import { Value } from "../../model/value";
import { Child, h, Scope } from "../../view/dom";
import { t } from "../i18n";
import { figuresOf, Snapshot } from "../net/statistics";
import { detailsPanel } from "./details";

export { loadStyles } from "./telephone";

class ChannelFigures implements Measured {
    readonly figures = new Value<Figures | null>(null);
    #session: SessionPort;
    #device: string;
    #snapshot: Snapshot | null = null;

    constructor(session: SessionPort, device: string) {
        this.#session = session;
        this.#device = device;
    }

    async measure(): Promise<void> {
        const reports = await this.#session.statistics(this.#device);
        const snapshot = reports && { reports, time: Date.now() };
        this.figures.set(snapshot === null ? null : figuresOf(snapshot, this.#snapshot, null, 0));
        this.#snapshot = snapshot;
    }
}

export function pathView(scope: Scope, main: MainModel): HTMLElement {
    const conversation = main.open.current;
    const root = h("div", { class: "path-details" });
    if (conversation === null) return root;
    const channel = h("div", {});
    const hasChannel = scope.part(conversation.summary, ({ connection }) => connection === "direct" || connection === "relayed");
    scope.fill(channel, hasChannel, (has, inner): Child => has
        ? detailsPanel(inner, new ChannelFigures(main.session, conversation.summary.current.device))
        : h("p", {}, t("details.none")));
    const call = h("div", {});
    scope.fill(call, main.calls.current, (current, inner): Child => {
        const measured = current?.conversation === conversation.id ? main.calls.telephone?.measured : null;
        return measured && h("section", {}, h("h3", {}, t("details.call")), detailsPanel(inner, measured));
    });
    root.append(channel, call);
    return root;
}
