// Why a call is over.

import { formatDuration } from "../../i18n/duration";
import { button } from "../../view/controls";
import { h, Scope } from "../../view/dom";
import { icon } from "../../view/icons";
import type { CallModel } from "../call";
import { CallText, t } from "../i18n";
import type { Telephone } from "../telephone";

/** How long it stays, unless somebody is at its buttons. */
const staysFor = 6_000;
/** Whoever hung up knows. */
const staysAfterHangUp = 2_500;

export function outcomeView(scope: Scope, telephone: Telephone, model: CallModel): HTMLElement {
    const { reason, startedMs, conversation, video } = model.summary.current;
    const isAttack = reason === "fingerprintMismatch";
    const key: CallText = reason === "none" || reason === "replaced" ? "over.hungUp" : `over.${reason}`;
    const seconds = startedMs > 0 ? Math.round((Date.now() - startedMs) / 1_000) : 0;
    const actions = h("div", { class: "call-outcome-actions" },
        telephone.host.ring !== null && !isAttack && reason !== "unsupported" && reason !== "hungUp"
            && button(t("over.again"), { onclick: () => telephone.call(conversation, video) }, video ? "camera" : "phone"),
        button(t("over.close"), { class: "primary", onclick: () => telephone.dismiss() }));
    const view = h("div", { class: `call-outcome ${isAttack ? "call-outcome-danger" : ""}` },
        h("div", { role: isAttack ? "alert" : "status" },
            icon(isAttack ? "alert" : "hangUp"),
            h("p", { class: "call-outcome-text" }, t(key, { name: model.name })),
            seconds > 0 && h("p", {}, t("over.lasted", { duration: formatDuration(seconds) }))),
        actions);
    if (!isAttack) {
        let lookedAt = Date.now();
        const stays = reason === "hungUp" ? staysAfterHangUp : staysFor;
        scope.every(250, () => {
            if (reason !== "hungUp" && actions.matches(":hover, :has(:focus-visible)")) lookedAt = Date.now();
            else if (Date.now() - lookedAt > stays) telephone.dismiss();
        });
    }
    return view;
}
