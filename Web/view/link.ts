import { hostOf } from "../model/weblinks";
import { t } from "../i18n";
import { button, dialog } from "./controls";
import { h } from "./dom";

/** Whether to follow a link: by where it leads, whatever the message called it. */
export function linkDialog(href: string, onClose: () => void): HTMLDialogElement {
    const element: HTMLDialogElement = dialog(t("link.title"), onClose,
        h("p", { class: "lead" }, t("link.text")),
        h("p", { class: "link-host", dir: "ltr" }, hostOf(href)),
        h("p", { class: "code link-address", dir: "ltr" }, href),
        h("div", { class: "dialog-actions" },
            button(t("link.cancel"), { onclick: () => element.close() }),
            button(t("link.open"), {
                class: "primary",
                onclick: () => {
                    element.close();
                    window.open(href, "_blank", "noopener,noreferrer");
                },
            })));
    return element;
}
