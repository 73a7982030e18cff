// A file, decrypted in memory, in a frame that runs no script and reaches no network.
//
// Pictures, text and PDF come as blobs of a type of our choosing into a frame of an opaque origin, which the browser may put
// into another process. Sound and pictures that move come range by range from the service worker, for which the frame must
// be of this origin; it still runs nothing. Without a service worker they come as blobs, up to what memory is for.

import { headLength, largestShown, largestText, ShownAs, shownAs } from "../model/shown";
import type { OpenedFile } from "../net/openedfile";
import { servePlayer } from "../net/served";
import { t } from "../i18n";
import { h, Scope } from "./dom";
import { viewerMessage } from "./viewermessage";

/** A picture up to this size is fitted into the frame; a larger one is shown as the browser shows pictures. */
const largestFitted = 16 << 20;

export async function fileContent(scope: Scope, opened: OpenedFile, name: string): Promise<Element[]> {
    const head = new Uint8Array(await opened.read(0, headLength));
    const shown = shownAs(head, opened.mediaType);
    switch (shown.as) {
        case "image":
            if (opened.size > largestShown) return viewerMessage(t("viewer.tooLarge"));
            return [frame(name, "", await picture(scope, opened, shown.mediaType))];
        case "text":
            if (opened.size > largestText) return viewerMessage(t("viewer.tooLarge"));
            return [
                frame(name, "", blobAddress(scope, await opened.blob(shown.mediaType))),
                h("p", { class: "viewer-hint" }, t("viewer.asText")),
            ];
        case "pdf":
            if (!navigator.pdfViewerEnabled) return viewerMessage(t("viewer.nothing"));
            if (opened.size > largestShown) return viewerMessage(t("viewer.tooLarge"));
            return [frame(name, pdfSandbox(), `${blobAddress(scope, await opened.blob(shown.mediaType))}#toolbar=0&navpanes=0`)];
        case "audio":
        case "video":
            return player(scope, opened, name, shown);
        case "nothing":
            return viewerMessage(t("viewer.nothing"));
    }
}

/** The browsers' own PDF viewers are programs of theirs, apart from this page: Firefox's needs scripts in the frame it
 *  replaces, and has an origin of its own; Chromium's is a process of its own and refuses a sandboxed frame. */
function pdfSandbox(): string | null {
    return CSS.supports("-moz-appearance", "none") ? "allow-scripts" : null;
}

function frame(name: string, sandbox: string | null, address: string): HTMLIFrameElement {
    return h("iframe", { class: "viewer-frame", title: t("viewer.frame", { name }), sandbox: sandbox, src: address });
}

function blobAddress(scope: Scope, blob: Blob): string {
    const address = URL.createObjectURL(blob);
    scope.onDispose(() => URL.revokeObjectURL(address));
    return address;
}

/** A document with the picture inside it, fitted: an opaque origin may load nothing from this one. */
async function picture(scope: Scope, opened: OpenedFile, mediaType: string): Promise<string> {
    const blob = await opened.blob(mediaType);
    if (opened.size > largestFitted) return blobAddress(scope, blob);
    const data = await new Promise<string>((resolve, reject) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result as string);
        reader.onerror = () => reject(reader.error);
        reader.readAsDataURL(blob);
    });
    const page = `<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>Picture</title>`
        + `<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="96vh"><image width="100%" height="100%" href="${data}"/></svg>`;
    return blobAddress(scope, new Blob([page], { type: "text/html" }));
}

async function player(scope: Scope, opened: OpenedFile, name: string, shown: ShownAs & { mediaType: string }): Promise<Element[]> {
    const served = servePlayer(opened, shown.mediaType);
    if (served === null && opened.size > largestShown) return viewerMessage(t("viewer.tooLarge"));
    const element = frame(name, "allow-same-origin", served?.address ?? "about:blank");
    const blob = served === null ? await opened.blob(shown.mediaType) : null;
    const hint = h("p", { class: "viewer-hint", role: "status" });
    if (served !== null) scope.onDispose(served.end);
    element.addEventListener("load", () => {
        const page = element.contentDocument;
        if (page === null) return;
        if (blob !== null && page.body.childElementCount === 0) page.body.append(bareMedia(scope, page, blob, shown.as));
        const media = page.querySelector<HTMLMediaElement>("audio, video");
        const complain = () => (hint.textContent = t("viewer.unplayable"));
        if (media === null || media.error !== null) return complain();
        media.addEventListener("error", complain);
    });
    return [element, hint];
}

function bareMedia(scope: Scope, page: Document, blob: Blob, as: string): HTMLElement {
    const media = page.createElement(as === "audio" ? "audio" : "video");
    media.controls = true;
    media.style.setProperty("max-width", "100%");
    media.src = blobAddress(scope, blob);
    return media;
}
