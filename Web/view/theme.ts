// Light or dark: as the device has it, or as chosen.

export type Theme = "light" | "dark";

const storageKey = "theme";

export function chosenTheme(): Theme | null {
    const stored = localStorage.getItem(storageKey);
    return stored === "light" || stored === "dark" ? stored : null;
}

export function chooseTheme(theme: Theme | null): void {
    if (theme === null) localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, theme);
    applyTheme();
}

export function applyTheme(): void {
    const theme = chosenTheme();
    if (theme === null) delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
}
