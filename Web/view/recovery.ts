import type { Recovery } from "../model/recovery";
import { t } from "../i18n";
import { button, checkbox, dialog, spinner } from "./controls";
import { Child, h, Scope } from "./dom";

const fileName = "cryptpeer-recovery.bin";

/** The operator's file and code, until both are kept. */
export function recoveryDialog(scope: Scope, model: Recovery, onClose: () => void): HTMLDialogElement {
    const body = h("div", { class: "recovery" });
    scope.fill(body, model.file, (made): Child => {
        if (made === null) return spinner(t("recovery.making"));
        const done = h("button", { type: "button", class: "primary", disabled: true }, t("recovery.done"));
        done.addEventListener("click", () => {
            model.confirmSaved();
            element.close();
        });
        return [
            button(t("recovery.download"), { onclick: () => download(made.file) }, "download"),
            h("h3", {}, t("recovery.code")),
            h("p", { class: "code", dir: "ltr" }, made.code),
            checkbox(t("recovery.confirm"), false, (checked) => (done.disabled = !checked)),
            done,
        ];
    });
    const element = dialog(t("recovery.title"), onClose, h("p", { class: "lead" }, t("recovery.text")), body);
    model.make();
    scope.onDispose(() => model.forget());
    return element;
}

function download(file: Uint8Array): void {
    const url = URL.createObjectURL(new Blob([file], { type: "application/octet-stream" }));
    h("a", { href: url, download: fileName }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
