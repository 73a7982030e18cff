// Light or dark: as the device has it, or as chosen.

import { keepChoice, readChoice } from "../net/choices";

export type Theme = "light" | "dark";

const storageKey = "theme";

export function chosenTheme(): Theme | null {
    const stored = readChoice(storageKey);
    return stored === "light" || stored === "dark" ? stored : null;
}

export function chooseTheme(theme: Theme | null): void {
    keepChoice(storageKey, theme);
    applyTheme(theme);
}

export function applyTheme(theme = chosenTheme()): void {
    if (theme === null) delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
}
