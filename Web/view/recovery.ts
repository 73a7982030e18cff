import type { Recovery } from "../model/recovery";
import { t } from "../i18n";
import { button, checkbox, dialog, passphraseField } from "./controls";
import { Child, h, Scope } from "./dom";

const fileName = "cryptpeer-recovery.bin";

/** The passphrase, then the operator's file and code, until both are kept. */
export function recoveryDialog(scope: Scope, model: Recovery, onClose: () => void): HTMLDialogElement {
    const body = h("div", { class: "recovery" });
    scope.fill(body, model.file, (made): Child => {
        if (made === null) return passphraseForm(scope, model);
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
    scope.onDispose(() => model.forget());
    return element;
}

function passphraseForm(scope: Scope, model: Recovery): HTMLElement {
    const passphrase = passphraseField(t("locked.passphrase"), { autocomplete: "current-password" }, t("recovery.passphraseHint"));
    const submit = h("button", { type: "submit", class: "primary" });
    const form = h("form", { class: "form", novalidate: true }, passphrase.row, submit);
    scope.bind(model.asking, (state) => {
        submit.disabled = state === "working";
        submit.textContent = t(state === "working" ? "recovery.making" : "recovery.make");
        passphrase.setError(state === "refused" ? t("problem.wrongPassphrase") : null);
        if (state === "refused") passphrase.input.select();
    });
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        model.make(passphrase.input.value);
    });
    return form;
}

function download(file: Uint8Array): void {
    const url = URL.createObjectURL(new Blob([file], { type: "application/octet-stream" }));
    h("a", { href: url, download: fileName }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
