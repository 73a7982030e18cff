// The log's messages are one stop of the Tab key, however many there are (WAI-ARIA, "feed"). Arrows, Home and End go from one
// to the next; Tab reaches what the current one offers, and goes on to the composer.

import type { Scope } from "./dom";

const controls = "button, input, a[href], summary, iframe";
const steps: { readonly [key: string]: (at: number, count: number) => number } = {
    ArrowUp: (at) => at - 1,
    ArrowDown: (at) => at + 1,
    Home: () => 0,
    End: (_, count) => count - 1,
};

/** @param leave Where Escape goes to. */
export function rove(scope: Scope, log: HTMLElement, leave: () => void): void {
    let current: HTMLElement | null = null;
    const articles = () => [...log.querySelectorAll<HTMLElement>("article")];
    const show = () => {
        const all = articles();
        // Focus that comes from outside begins with the newest.
        if (current === null || !current.isConnected || !log.contains(document.activeElement)) current = all[all.length - 1] ?? null;
        for (const article of all) {
            const tabIndex = article === current ? 0 : -1;
            article.tabIndex = tabIndex;
            for (const control of article.querySelectorAll<HTMLElement>(controls)) control.tabIndex = tabIndex;
        }
        // With nothing in it to go to, it still scrolls by keys.
        log.tabIndex = current === null ? 0 : -1;
    };
    log.addEventListener("focusin", (event) => {
        const article = (event.target as Element).closest<HTMLElement>("article");
        if (article === null || article === current) return;
        current = article;
        show();
    });
    log.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
        // A slider, a player: their keys are theirs.
        if (event.target instanceof HTMLInputElement) return;
        if (event.key === "Escape") return leave();
        const step = steps[event.key];
        const all = articles();
        const at = current === null ? -1 : all.indexOf(current);
        if (step === undefined || at < 0 || !log.contains(document.activeElement)) return;
        event.preventDefault();
        all[Math.min(all.length - 1, Math.max(0, step(at, all.length)))]?.focus();
    });
    // A message that is drawn anew brings new controls.
    const observer = new MutationObserver((changes) => {
        if (changes.some(({ addedNodes }) => [...addedNodes].some((node) => node instanceof Element))) show();
    });
    observer.observe(log, { childList: true, subtree: true });
    scope.onDispose(() => observer.disconnect());
    scope.whenInPage(show);
}
