import type { ConversationModel } from "../model/conversation";
import { Value } from "../model/value";
import { t } from "../i18n";
import { button, dialog, spinner } from "./controls";
import { Child, h, Scope, uniqueId } from "./dom";
import { icon } from "./icons";
import { qrImage } from "./qr";

export function verifyDialog(scope: Scope, model: ConversationModel, onClose: () => void): HTMLDialogElement {
    const { name } = model.summary.current;
    const number = h("div", { class: "safety" });
    scope.fill(number, model.safety, (safety): Child => {
        if (safety === null) return spinner(t("verify.loading"));
        const id = uniqueId();
        const groups = safety.digits.match(/.{1,5}/g) ?? [];
        return [
            h("div", { class: "qr-frame" }, qrImage(safety.qr, t("verify.qr"))),
            h("h3", { id }, t("verify.number")),
            // One text, so that it is read and copied as one; the groups break where the line does.
            h("p", { class: "digits", dir: "ltr", role: "group", "aria-labelledby": id },
                groups.map((group) => [h("span", {}, group), " "])),
        ];
    });
    const verdict = h("div", { class: "verdict" });
    const state = new Value<"waiting" | "open" | "verified">("waiting");
    const update = () => state.set(model.summary.current.verified ? "verified" : model.safety.current === null ? "waiting" : "open");
    scope.bind(model.summary, update);
    scope.bind(model.safety, update);
    // What is not shown was not compared.
    scope.fill(verdict, state, (current): Child => current === "waiting" ? null : current === "verified"
        ? [
            h("p", { class: "good" }, icon("shieldCheck"), t("verify.verified", { name })),
            button(t("verify.unmark"), { onclick: () => model.setVerified(false) }),
        ]
        : [
            h("p", { class: "field-hint" }, t("verify.differs")),
            button(t("verify.mark"), { class: "primary", onclick: () => model.setVerified(true) }, "shieldCheck"),
        ]);
    return dialog(t("verify.title"), onClose, h("p", { class: "lead" }, t("verify.text", { name })), number, verdict);
}
