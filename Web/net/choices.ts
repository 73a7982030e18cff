// What was chosen for this browser: language, theme and the like. A browser that lets a site keep nothing throws at each look.

/** Null where nothing was chosen, or nothing can be kept. */
export function readChoice(key: string): string | null {
    try {
        return localStorage.getItem(key);
    } catch {
        return null;
    }
}

/** @param value Null: as the browser has it. */
export function keepChoice(key: string, value: string | null): void {
    try {
        if (value === null) localStorage.removeItem(key);
        else localStorage.setItem(key, value);
    } catch {
        // It holds until the page is closed.
    }
}

/** Whether this browser lets this site keep nothing at all. */
export function keepsNothing(): boolean {
    try {
        return window.localStorage === null;
    } catch {
        return true;
    }
}
