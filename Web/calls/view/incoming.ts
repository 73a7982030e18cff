// It rings here.

import type { Call } from "../../model/calls";
import { button, notice } from "../../view/controls";
import { h, Scope, uniqueId } from "../../view/dom";
import { avatar } from "../../view/avatar";
import { t } from "../i18n";
import type { Telephone } from "../telephone";

/** The dialog takes the focus itself: a key that was meant for a message answers nothing. */
export function incomingDialog(scope: Scope, telephone: Telephone, call: Call): HTMLDialogElement {
    const name = telephone.nameOf(call.conversation);
    const titleId = uniqueId();
    const textId = uniqueId();
    const person = telephone.person(call.conversation);
    const answer = button(t("incoming.answer"), { class: "answer", onclick: () => telephone.answer(call.video) }, call.video ? "camera" : "phone");
    const dialog = h("dialog", { class: "incoming", "aria-labelledby": titleId, "aria-describedby": textId, tabindex: -1, autofocus: true },
        h("h2", { id: titleId, class: "incoming-title" }, t("incoming.title")),
        h("div", { class: "incoming-face" }, person !== null && avatar(person)),
        h("div", { id: textId },
            h("p", { class: "incoming-name", dir: "auto" }, name),
            h("p", { class: "incoming-kind" }, t(call.video ? "incoming.video" : "incoming.voice"))),
        call.encryption === "none" && notice("warning", t("plain.before", { name })),
        h("div", { class: "incoming-actions" },
            button(t("incoming.decline"), { class: "hang-up", onclick: () => telephone.decline() }, "hangUp"),
            answer),
        call.video && button(t("incoming.answerVoice"), { class: "quiet", onclick: () => telephone.answer(false) }, "phone"),
        h("p", { class: "incoming-hint" }, t("incoming.hint")));
    dialog.addEventListener("cancel", (event) => {
        event.preventDefault();
        telephone.silence();
    });
    dialog.addEventListener("keydown", ({ key }) => key === "Escape" && telephone.silence());
    ringInTitle(scope, t("incoming.tab", { name }));
    return dialog;
}

/** The tab's title says it, too, for whoever is in another one. */
function ringInTitle(scope: Scope, text: string): void {
    const before = document.title;
    document.title = text;
    scope.onDispose(() => {
        if (document.title === text) document.title = before;
    });
}
