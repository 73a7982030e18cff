// The dialog that a file is looked at in. What is in it is loaded when it is first needed.

import type { MainModel } from "../model/main";
import { PartMissing } from "../model/outdated";
import { chooseDestination } from "../net/choosedestination";
import type { OpenedFile } from "../net/openedfile";
import { t } from "../i18n";
import { button, iconButton, spinner } from "./controls";
import { h, Scope, uniqueId } from "./dom";
import { formatSize } from "./filetext";
import { missingPart } from "./outdated";
import { viewerMessage } from "./viewermessage";

export function viewerDialog(scope: Scope, main: MainModel, opened: OpenedFile, onClose: () => void): HTMLDialogElement {
    const { name } = opened;
    const titleId = uniqueId();
    const body = h("div", { class: "viewer-body" }, spinner(t("viewer.opening")));
    const conversation = main.open.current?.id ?? "";
    const element: HTMLDialogElement = h("dialog", { class: "viewer", "aria-labelledby": titleId },
        h("div", { class: "dialog-head" },
            h("div", { class: "viewer-title" }, h("h2", { id: titleId }, h("bdi", {}, name)), h("p", {}, formatSize(opened.size))),
            button(t("file.save"), {
                class: "small",
                onclick: async () => {
                    const destination = await chooseDestination(name, opened.size);
                    if (destination === null) return;
                    element.close();
                    main.files.save(conversation, opened.file, destination);
                },
            }, "download"),
            iconButton(t("close"), "close", { onclick: () => element.close() })),
        body);
    element.addEventListener("close", onClose);

    let isOpen = true;
    scope.onDispose(() => {
        isOpen = false;
        body.replaceChildren();
    });
    main.outdated.load(import("./filecontent")).then(({ fileContent }) => fileContent(scope, opened, name))
        .catch((error) => (error instanceof PartMissing ? [missingPart(scope, main)] : viewerMessage(t("viewer.unreadable"))))
        .then((shown) => isOpen && body.replaceChildren(...shown));
    return element;
}
