import type { Announcement, Toasts } from "../model/toasts";
import { t } from "../i18n";
import { iconButton } from "./controls";
import { h, Scope } from "./dom";
import { formatSize } from "./filetext";
import { icon } from "./icons";

export function toastsView(scope: Scope, toasts: Toasts): HTMLElement {
    const container = h("div", { class: "toasts" });
    scope.list(container, toasts.all, (toast) => String(toast.id), () => false, ({ current: toast }) => {
        const calm = toast.announcement.kind === "saved" || toast.announcement.kind === "copied"
            || toast.announcement.kind === "fileSaved"
            || toast.announcement.kind === "copyDeleted" || toast.announcement.kind === "joined";
        return h("div", { class: `toast ${calm ? "toast-calm" : "toast-alert"}`, role: calm ? "status" : "alert" },
            icon(calm ? "check" : "alert"),
            h("p", {}, announcementText(toast.announcement)),
            iconButton(t("dismiss"), "close", { onclick: () => toasts.dismiss(toast.id) }));
    });
    return container;
}

function announcementText(announcement: Announcement): string {
    switch (announcement.kind) {
        case "warning": {
            const text = t(`warning.${announcement.warning}`);
            return announcement.name === null ? text : t("warning.with", { name: announcement.name, text });
        }
        case "problem":
            return t(`problem.${announcement.problem}`);
        case "joined":
            return t("toast.joined", { name: announcement.name });
        case "tooLarge":
            return t("toast.tooLarge", { name: announcement.name, size: formatSize(announcement.size) });
        case "noRoom":
            return t("toast.noRoom", {
                name: announcement.name, size: formatSize(announcement.size), room: formatSize(announcement.room),
            });
        default:
            return t(`toast.${announcement.kind}`);
    }
}
