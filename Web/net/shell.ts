// The service worker, which keeps the app's own files so that it opens without the node.

import { registerServiceWorker } from "./trusted";

interface ScreenValue {
    readonly current: { readonly name: string };
    subscribe(listener: (screen: { readonly name: string }) => void): unknown;
}

/** Screens on which a new version may take over: nothing unsaved is there, and no key. */
const calmScreens = ["welcome", "locked", "broken"];

/** Registers it, and lets a new version in once the app is locked. */
export function keepShell(screen: ScreenValue): void {
    // Browsers refuse it on a certificate that was clicked through; the app works without.
    if (!("serviceWorker" in navigator)) return;
    registerServiceWorker("/sw.js").then((registration) => {
        const update = () => {
            if (registration.waiting !== null && navigator.serviceWorker.controller !== null
                && calmScreens.includes(screen.current.name)) {
                registration.waiting.postMessage("take over");
            }
        };
        registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", update));
        screen.subscribe(update);
        update();
    }, () => undefined);

    // The first one takes control of a page that needs nothing from it; a later one brings new files.
    let hadController = navigator.serviceWorker.controller !== null;
    navigator.serviceWorker.addEventListener("controllerchange", () => {
        if (hadController && calmScreens.includes(screen.current.name)) location.reload();
        hadController = true;
    });
}

/** Starts the page anew, with the files that the node has now: a new service worker takes over as soon as nothing is open. */
export async function reload(): Promise<void> {
    const registration = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
    await registration?.update().catch(() => undefined);
    registration?.waiting?.postMessage("take over");
    location.reload();
}
