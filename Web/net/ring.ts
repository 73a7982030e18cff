// Whether incoming calls ring aloud in this browser: as the user chose.

const storageKey = "ring";

export function ringsAloud(): boolean {
    return localStorage.getItem(storageKey) !== "off";
}

export function setRingsAloud(aloud: boolean): void {
    if (aloud) localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, "off");
}
