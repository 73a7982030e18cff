// One message of the log.

import type { ConversationModel, ShownMessage } from "../model/conversation";
import { formatDateTime, formatTime, t } from "../i18n";
import { button } from "./controls";
import { Child, h, Scope } from "./dom";
import { icon, IconName } from "./icons";

export function sameMessage(before: ShownMessage, after: ShownMessage): boolean {
    return before.state === after.state && before.masked === after.masked && before.text === after.text
        && before.until === after.until && before.time === after.time && before.failure === after.failure
        && before.notice === after.notice;
}

/** @param follows The same person's, shortly after the one above: drawn closer to it. */
export function messageView(scope: Scope, model: ConversationModel, message: ShownMessage, follows: boolean): HTMLElement {
    if (message.kind === "notice") return noticeView(model, message);
    const author = message.own ? t("conversation.you") : model.summary.current.name;
    return h("article", {
        class: `message ${message.own ? "message-own" : "message-theirs"}${follows ? " message-follows" : ""}`,
        "aria-label": `${author}, ${formatTime(message.time)}`,
    },
        h("div", { class: "bubble" },
            message.masked ? maskedBody(model, message) : h("p", { class: "message-text", dir: "auto" }, message.text)), " ",
        h("div", { class: "message-foot" },
            !message.masked && message.until !== null && countdown(scope, model, message.id, message.until),
            h("time", { datetime: new Date(message.time).toISOString(), title: formatDateTime(message.time) }, formatTime(message.time)),
            " ",
            message.own && stateView(message)),
        " ",
        message.state === "failed" && failure(model, message));
}

function maskedBody(model: ConversationModel, message: ShownMessage): Child {
    return h("button", { type: "button", class: "mask", onclick: () => model.reveal(message.id) },
        h("span", { class: "mask-lines", "aria-hidden": "true" }),
        h("span", { class: "mask-label" }, icon("eye"), t("conversation.reveal")));
}

/** Silent: a log that counted aloud could not be listened to. */
function countdown(scope: Scope, model: ConversationModel, id: string, until: number): Child {
    const left = () => Math.max(0, Math.ceil((until - Date.now()) / 1_000));
    const counter = h("span", { class: "countdown", "aria-hidden": "true" }, t("conversation.hidesIn", { count: left() }));
    scope.every(1_000, () => (counter.textContent = t("conversation.hidesIn", { count: left() })));
    return [counter, " ", h("button", { type: "button", class: "quiet tiny", onclick: () => model.hide(id) }, t("conversation.hide")), " "];
}

const stateIcons: { readonly [State in ShownMessage["state"]]: IconName } = {
    sending: "clock", sent: "check", delivered: "checks", read: "checks", failed: "alert",
};

function stateView(message: ShownMessage): Child {
    return h("span", { class: `state state-${message.state}` }, icon(stateIcons[message.state]), t(`state.${message.state}`));
}

function failure(model: ConversationModel, message: ShownMessage): Child {
    return h("div", { class: "failure" },
        message.failure !== null && h("p", {}, t(`problem.${message.failure}`)),
        message.own && button(t("conversation.retry"), { class: "small", onclick: () => model.retry(message.id) }));
}

function noticeView(model: ConversationModel, message: ShownMessage): HTMLElement {
    const { name } = model.summary.current;
    return h("p", { class: "log-notice" }, noticeText(message, name));
}

function noticeText(message: ShownMessage, name: string): string {
    switch (message.notice) {
        case "began":
            return t("notice.began", { date: formatDateTime(message.time) });
        case "confirmed":
            return t("notice.confirmed", { name });
        case "restarted":
            return t("notice.restarted", { name });
        case "renamed":
            return t("notice.renamed", { name, former: message.text });
        case "none":
            return message.text;
    }
}
