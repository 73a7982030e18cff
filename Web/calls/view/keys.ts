// The call's keys. They work while the call has the focus, so that they never meet what somebody types (WCAG 2.2 §2.1.4).

import { Child, h } from "../../view/dom";
import { t } from "../i18n";

export type CallCommand = "mute" | "camera" | "screen" | "grid" | "pip" | "fullScreen" | "devices" | "details" | "keyboard" | "small" | "hangUp";

const keys: readonly (readonly [action: CallCommand, key: string, shift: boolean])[] = [
    ["mute", "m", false], ["camera", "v", false], ["screen", "s", false], ["grid", "g", false], ["pip", "p", false],
    ["fullScreen", "f", false], ["devices", "c", false], ["details", "d", false], ["keyboard", "k", false],
    ["small", "Escape", false], ["hangUp", "h", true],
];

export function keyAction({ key, shiftKey, ctrlKey, altKey, metaKey, target }: KeyboardEvent): CallCommand | null {
    if (ctrlKey || altKey || metaKey) return null;
    if (target instanceof HTMLSelectElement || target instanceof HTMLInputElement) return key === "Escape" ? "small" : null;
    return keys.find(([, name, shift]) => name.toLowerCase() === key.toLowerCase() && shift === shiftKey)?.[0] ?? null;
}

/** As `aria-keyshortcuts` has it. */
export function keyName(action: CallCommand): string {
    const [, key = "", shift = false] = keys.find(([name]) => name === action) ?? [];
    const name = key.length === 1 ? key.toUpperCase() : key;
    return shift ? `Shift+${name}` : name;
}

export function keysPanel(): Child {
    return [
        h("p", { class: "field-hint" }, t("keys.text")),
        h("dl", { class: "key-list" }, keys.map(([action]) => [
            h("dt", {}, keyName(action).split("+").map((part) => h("kbd", {}, part))),
            h("dd", {}, t(`keys.${action}`)),
        ])),
    ];
}
