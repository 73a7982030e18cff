// Whether incoming calls ring aloud in this browser: as the user chose.

import { keepChoice, readChoice } from "./choices";

const storageKey = "ring";

export function ringsAloud(): boolean {
    return readChoice(storageKey) !== "off";
}

export function setRingsAloud(aloud: boolean): void {
    keepChoice(storageKey, aloud ? null : "off");
}
