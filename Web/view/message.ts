// One message of the log.

import { ConversationModel, isMaskable, ShownMessage } from "../model/conversation";
import type { Observable } from "../model/value";
import { withLinks } from "../model/weblinks";
import { formatDateTime, formatTime, isoTime, startOfDay, t } from "../i18n";
import { formatDuration } from "../i18n/duration";
import { button } from "./controls";
import { Child, fill, h, Scope } from "./dom";
import { fileBody, fileLooksDifferent, isFile } from "./file";
import { formatSize } from "./filetext";
import { icon, IconName } from "./icons";
import { voiceBody } from "./voice";

export function messageLooksDifferent(before: ShownMessage, after: ShownMessage): boolean {
    return before.state !== after.state || before.until !== after.until || before.time !== after.time || bubbleLooksDifferent(before, after);
}

function bubbleLooksDifferent(before: ShownMessage, after: ShownMessage): boolean {
    return before.masked !== after.masked || before.text !== after.text || before.failure !== after.failure || fileLooksDifferent(before, after);
}

export interface MessageLine {
    readonly message: ShownMessage;
    /** The same person's, shortly after the one above: drawn closer to it. */
    readonly follows: boolean;
}

export function messageView(scope: Scope, model: ConversationModel, line: Observable<MessageLine>): HTMLElement {
    const first = line.current.message;
    if (first.kind === "notice") return h("p", { class: "log-notice" }, noticeText(first, model.summary.current.name));
    const author = first.own ? t("conversation.you") : model.summary.current.name;
    const article = h("article", {
        class: `message ${first.own ? "message-own" : "message-theirs"}`,
        "aria-label": `${author}, ${formatTime(first.time)}`,
    });
    const bubble = h("div", { class: "bubble" });
    const rest = h("div", { class: "message-rest" });
    // Spaces keep the words apart where the text is read without its boxes.
    article.append(bubble, " ", rest);
    let shown: ShownMessage | null = null;
    let inBubble = new Scope();
    let inRest = new Scope();
    scope.onDispose(() => {
        inBubble.dispose();
        inRest.dispose();
        shown = null;
        for (const part of [bubble, rest, article]) part.replaceChildren();
    });
    scope.bind(line, ({ message, follows }) => {
        // Revealing takes the button away that had the focus: it goes to the next one.
        const hadFocus = article.contains(document.activeElement);
        article.classList.toggle("message-follows", follows);
        // A receipt that comes in does not interrupt what is being listened to.
        if (shown === null || bubbleLooksDifferent(shown, message)) {
            inBubble.dispose();
            inBubble = new Scope();
            fill(bubble, messageBody(inBubble, model, message));
        }
        inRest.dispose();
        inRest = new Scope();
        fill(rest, messageRest(inRest, model, message));
        shown = message;
        if (hadFocus && !article.contains(document.activeElement)) article.querySelector("button")?.focus({ preventScroll: true });
    });
    return article;
}

function messageRest(scope: Scope, model: ConversationModel, message: ShownMessage): Child {
    return [
        h("div", { class: "message-foot" },
            !message.masked && isMaskable(message) && hiding(scope, model, message),
            h("time", { datetime: isoTime(message.time), title: formatDateTime(message.time) }, formatTime(message.time)),
            " ",
            message.own && stateView(message)),
        " ",
        // What went wrong with a file is said in its body.
        message.state === "failed" && message.file === null && failure(model, message),
    ];
}

function messageBody(scope: Scope, model: ConversationModel, message: ShownMessage): Child {
    if (isFile(message) && message.file.kind === "file") return fileBody(scope, model, message);
    if (isFile(message) && !(message.masked && message.file.state === "complete")) return voiceBody(scope, model, message);
    return message.masked ? maskedBody(model, message) : h("p", { class: "message-text", dir: "auto" }, linked(model, message.text));
}

/** Its links can be pressed, and lead nowhere before a question was answered: whichever key or button presses them. */
function linked(model: ConversationModel, text: string): Child {
    return withLinks(text).map((piece) => {
        if (typeof piece === "string") return piece;
        const ask = (event: Event) => {
            event.preventDefault();
            model.follow(piece.href);
        };
        return h("a", { href: piece.href, rel: "noopener noreferrer", target: "_blank", draggable: false, onclick: ask, onauxclick: ask },
            piece.text);
    });
}

// Listeners know a message by its id: what they hold lives as long as their element.

function maskedBody(model: ConversationModel, { id, own, time: sent, file }: ShownMessage): Child {
    const voice = file === null ? "" : `${t("file.voice")} · ${formatSize(file.size)}`;
    const about = voice === "" ? null : h("span", { class: "mask-about" }, icon("microphone"), voice);
    const time = startOfDay(sent) === startOfDay(Date.now()) ? formatTime(sent) : formatDateTime(sent);
    // In a list of buttons each is told from the others.
    const label = own ? t("conversation.revealOwn", { time }) : t("conversation.revealFrom", { name: model.summary.current.name, time });
    return h("button", {
        type: "button", class: "mask", "aria-label": voice === "" ? label : `${voice} ${label}`, onclick: () => model.reveal(id),
    },
        about ?? h("span", { class: "mask-lines", "aria-hidden": "true" }),
        h("span", { class: "mask-label" }, icon("eye"), t("conversation.reveal")));
}

/** Hides it, by hand or after its time. The countdown is silent: a log that counted aloud could not be listened to. */
function hiding(scope: Scope, model: ConversationModel, { id, until }: ShownMessage): Child {
    const hide = h("button", { type: "button", class: "quiet tiny", onclick: () => model.hide(id) }, t("conversation.hide"));
    if (until === null) return [hide, " "];
    const text = () => t("conversation.hidesIn", { count: model.secondsLeft(until) });
    const counter = h("span", { class: "countdown", "aria-hidden": "true" }, text());
    scope.every(1_000, () => (counter.textContent = text()));
    return [counter, " ", hide, " "];
}

const stateIcons: { readonly [State in ShownMessage["state"]]: IconName } = {
    sending: "clock", sent: "check", delivered: "checks", read: "checks", failed: "alert",
};

function stateView(message: ShownMessage): Child {
    const state = shownState(message);
    return state !== null && h("span", { class: `state state-${state}` }, icon(stateIcons[state]), t(`state.${state}`));
}

/** A file is announced before it moves: until the other side has it, its announcement's state says too much. */
function shownState({ state, file }: ShownMessage): ShownMessage["state"] | null {
    if (state === "failed" || file === null) return state;
    switch (file.state) {
        case "complete":
        case "atNode":
            return state;
        case "failed":
            return "failed";
        case "cancelled":
            return null;
        default:
            return "sending";
    }
}

function failure(model: ConversationModel, { id, own, failure: problem }: ShownMessage): HTMLDivElement {
    return h("div", { class: "failure" },
        problem !== null && h("p", {}, t(`problem.${problem}`)),
        own && button(t("conversation.retry"), { class: "small", onclick: () => model.retry(id) }));
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
        case "removed":
            return t("notice.removed", { name });
        case "call":
            return callText(message.text);
        case "missedCall":
            return t(message.text === "video" ? "notice.missedVideoCall" : "notice.missedVoiceCall", { name });
        case "none":
            return message.text;
    }
}

/** The core's numbers for why a call that nobody answered is over. */
const outcomes: { readonly [reason: string]: Parameters<typeof t>[0] } = {
    1: "notice.hungUp", 2: "notice.declined", 3: "notice.busy", 4: "notice.noAnswer", 6: "notice.lost", 7: "notice.away",
    8: "notice.fingerprintMismatch",
};

/** From "video 93 1": the kind, how many seconds it lasted (0: it was not answered), the reason. */
function callText(text: string): string {
    const [kind, seconds, reason = ""] = text.split(" ");
    const outcome = Number(seconds) > 0 ? formatDuration(Number(seconds)) : t(outcomes[reason] ?? "notice.other");
    return t(kind === "video" ? "notice.videoCall" : "notice.voiceCall", { outcome });
}
