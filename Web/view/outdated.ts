// A part of the app is not to be had: what that means, and what to do.

import type { MainModel } from "../model/main";
import { reload } from "../net/shell";
import { t } from "../i18n";
import { button, notice } from "./controls";
import { fill, h, Scope } from "./dom";

function reloadButton(model: MainModel): HTMLElement {
    return button(t("outdated.reload"), {
        class: "small",
        // Everything is sealed first; unlocked, the page is as it was.
        onclick: async () => {
            await model.settle();
            await reload();
        },
    });
}

/** Over everything. Whoever calls meanwhile cannot be answered, and is named. */
export function outdatedNotice(scope: Scope, model: MainModel): HTMLElement {
    const place = h("div", { class: "lock-warning", role: "alert" });
    const update = () => {
        const call = model.calls.current.current;
        const isMissed = call?.state === "ringingHere" && model.calls.isMissing.current;
        const isOutdated = model.outdated.isKnown.current;
        const text = [
            isMissed ? t("outdated.calling", { name: model.nameOf(call.conversation) ?? "" }) : "",
            t(isOutdated ? "outdated.text" : "problem.nodeUnreachable"),
        ].join(" ").trim();
        fill(place, (isMissed || isOutdated) && notice("warning", text, isOutdated && reloadButton(model)));
    };
    scope.bind(model.calls.isMissing, update);
    scope.bind(model.calls.current, update);
    scope.bind(model.outdated.isKnown, update);
    return place;
}

/** In the place of a part that could not be loaded. */
export function missingPart(scope: Scope, model: MainModel): HTMLElement {
    const place = h("div", { role: "alert" });
    scope.fill(place, model.outdated.isKnown, (isKnown) => isKnown
        ? notice("warning", t("outdated.text"), reloadButton(model))
        : notice("warning", t("problem.nodeUnreachable")));
    return place;
}
