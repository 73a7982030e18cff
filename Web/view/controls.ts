// The pieces that screens and dialogs are made of.

import { t } from "../i18n";
import { Child, h, Properties, uniqueId } from "./dom";
import { icon, IconName } from "./icons";

export function button(label: string, properties: Properties = {}, iconName?: IconName): HTMLButtonElement {
    return h("button", { type: "button", ...properties }, iconName && icon(iconName), h("span", {}, label));
}

/** A button that shows its icon alone; the label is its name and its tooltip. */
export function iconButton(label: string, iconName: IconName, properties: Properties = {}): HTMLButtonElement {
    return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, ...properties }, icon(iconName));
}

export interface Field {
    readonly row: HTMLElement;
    readonly input: HTMLInputElement;
    /** Shows what is wrong with the input, or with null that nothing is. */
    setError(message: string | null): void;
}

export function textField(label: string, properties: Properties = {}, hint?: Child): Field {
    const id = uniqueId();
    const hintId = uniqueId();
    const errorId = uniqueId();
    const input = h("input", {
        id, type: "text", dir: "auto", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
        "aria-describedby": `${hintId} ${errorId}`, ...properties,
    });
    const error = h("p", { id: errorId, class: "field-error", hidden: true });
    const row = h("div", { class: "field" },
        h("label", { for: id }, label),
        h("div", { class: "field-input" }, input),
        error,
        h("p", { id: hintId, class: "field-hint", hidden: hint === undefined }, hint));
    return {
        row,
        input,
        setError(message) {
            error.textContent = message ?? "";
            error.hidden = message === null;
            if (message === null) input.removeAttribute("aria-invalid");
            else input.setAttribute("aria-invalid", "true");
        },
    };
}

/** A passphrase, with a button that shows it. */
export function passphraseField(label: string, properties: Properties = {}, hint?: Child): Field {
    const field = textField(label, { type: "password", dir: "ltr", ...properties }, hint);
    const toggle = h("button", { type: "button", class: "quiet small", "aria-controls": field.input.id, "aria-pressed": "false" },
        t("enrol.show"));
    toggle.addEventListener("click", () => {
        const show = field.input.type === "password";
        field.input.type = show ? "text" : "password";
        toggle.textContent = t(show ? "enrol.hide" : "enrol.show");
        toggle.setAttribute("aria-pressed", String(show));
    });
    field.input.after(toggle);
    return field;
}

/**
 * Ties fields to their rules: each says what is wrong with its field, or null. What a field complains of goes as soon as it is
 * mended, here or in another field. The returned function judges them all, and gives the first that is wrong.
 */
export function checkedFields(...rules: readonly (readonly [field: Field, rule: () => string | null])[]): () => Field | undefined {
    const isWrong = ([field]: typeof rules[number]) => field.input.hasAttribute("aria-invalid");
    for (const [{ input }] of rules) {
        input.addEventListener("input", () => rules.filter(isWrong).forEach(([field, rule]) => field.setError(rule())));
    }
    return () => {
        for (const [field, rule] of rules) field.setError(rule());
        return rules.find(isWrong)?.[0];
    };
}

export function choice(label: string, options: readonly (readonly [value: string, label: string])[], selected: string,
    onChange: (value: string) => void): HTMLElement {
    const id = uniqueId();
    const select: HTMLSelectElement = h("select", { id, onchange: () => onChange(select.value) },
        options.map(([value, text]) => h("option", { value, selected: value === selected }, text)));
    return h("div", { class: "field field-inline" }, h("label", { for: id }, label), select);
}

export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
    const input: HTMLInputElement = h("input", { type: "checkbox", checked, onchange: () => onChange(input.checked) });
    return h("label", { class: "checkbox" }, input, h("span", {}, label));
}

export function notice(kind: "info" | "warning" | "danger", text: Child, ...actions: Child[]): HTMLElement {
    return h("div", { class: `notice notice-${kind}` },
        icon(kind === "info" ? "shield" : "alert"),
        h("p", {}, text),
        actions);
}

/** A modal dialog with its title, closed by Escape, by its button, or by a press outside of it. */
export function dialog(title: string, onClose: () => void, ...children: Child[]): HTMLDialogElement {
    const titleId = uniqueId();
    const element: HTMLDialogElement = h("dialog", { "aria-labelledby": titleId },
        h("div", { class: "dialog-head" },
            h("h2", { id: titleId }, title),
            iconButton(t("close"), "close", { onclick: () => element.close() })),
        h("div", { class: "dialog-body" }, children));
    element.addEventListener("close", onClose);
    element.addEventListener("mousedown", (event) => {
        if (event.target === element) element.close();
    });
    return element;
}

export function spinner(label: string): HTMLElement {
    return h("p", { class: "progress", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), label);
}
