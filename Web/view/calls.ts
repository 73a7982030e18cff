// Where calls are shown. What makes and draws them is loaded when there is the first.

import type { MainModel } from "../model/main";
import { Value } from "../model/value";
import { h, Scope } from "./dom";

type Part = typeof import("../calls/part");

export function callsView(scope: Scope, main: MainModel): HTMLElement {
    const { calls } = main;
    const part = new Value<Part | null>(null);
    const place = h("div", { class: "calls" });
    let isAlive = true;
    scope.onDispose(() => (isAlive = false));
    scope.bind(calls.isNeeded, (isNeeded) => {
        if (!isNeeded) return;
        import("../calls/part").then(async (loaded) => {
            await loaded.loadStyles();
            if (!isAlive) return;
            if (calls.telephone === null) calls.attach(loaded.profileTelephone(main));
            part.set(loaded);
        }, () => {
            calls.onLoadFailure();
            void main.outdated.onPartMissing();
        });
    });
    scope.fill(place, part, (loaded, inner) =>
        loaded !== null && calls.telephone instanceof loaded.Telephone && loaded.telephoneView(inner, calls.telephone));
    return place;
}
