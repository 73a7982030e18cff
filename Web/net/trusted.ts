// The one Trusted Types policy: scripts of our own, by name.

const ownScripts = ["/worker.js", "/files.js", "/media.js", "/sw.js"];

const policy = window.trustedTypes?.createPolicy("cryptpeer", {
    createScriptURL(url: string): string {
        if (!ownScripts.includes(url)) throw new TypeError(`not a script of this app: ${url}`);
        return url;
    },
});

/** The DOM library of TypeScript knows strings only. */
function scriptURL(url: string): string {
    return (policy?.createScriptURL(url) ?? url) as string;
}

export function startWorker(url: string, name: string): Worker {
    return new Worker(scriptURL(url), { name });
}

export async function registerServiceWorker(url: string): Promise<ServiceWorkerRegistration> {
    return navigator.serviceWorker.register(scriptURL(url));
}
