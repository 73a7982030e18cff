// One conversation: its head, its log, the composer.

import { ConversationModel, isMaskable, ShownMessage } from "../model/conversation";
import type { MainModel } from "../model/main";
import { byteLength, messageLimit } from "../model/text";
import { Observable, Value } from "../model/value";
import { makesConnections } from "../net/webrtc";
import type { Conversation } from "../worker/boundary";
import { formatDay, startOfDay, t } from "../i18n";
import { avatar } from "./avatar";
import { button, iconButton, notice } from "./controls";
import { fill, h, Scope, uniqueId } from "./dom";
import { icon } from "./icons";
import { messageLooksDifferent, messageView } from "./message";
import { rove } from "./roving";
import { today } from "./today";
import { voiceRecorder } from "./voice";

/** So close to the end of the log that new messages pull it along. */
const nearEnd = 120;
/** The byte count shows from here on. */
const hintFrom = messageLimit - 4_096;

export function conversationView(scope: Scope, main: MainModel, model: ConversationModel): HTMLElement {
    const root = h("section", { class: "conversation", "aria-label": model.summary.current.name },
        head(scope, main, model), notices(scope, main, model), masks(scope, model), ...log(scope, model), composer(scope, model));
    takeDrops(scope, model, root);
    // A timer may have slept past the moment that hides a text.
    scope.listen(window, "focus", () => model.hideExpired());
    scope.every(1_000, () => model.hideExpired());
    return root;
}

/** Files dropped anywhere in the conversation are sent in it. */
function takeDrops(scope: Scope, model: ConversationModel, root: HTMLElement): void {
    const overlay = h("div", { class: "drop-overlay", hidden: true, "aria-hidden": "true" },
        icon("attach"), h("p", {}, t("file.drop", { name: model.summary.current.name })));
    root.append(overlay);
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    // Elements inside are entered and left, too: it is over when as many were left as entered.
    let depth = 0;
    const show = (change: number) => {
        depth = Math.max(0, depth + change);
        overlay.hidden = depth === 0;
    };
    root.addEventListener("dragenter", (event) => hasFiles(event) && show(1));
    root.addEventListener("dragleave", (event) => hasFiles(event) && show(-1));
    root.addEventListener("dragover", (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        event.dataTransfer!.dropEffect = "copy";
    });
    root.addEventListener("drop", (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        show(-depth);
        // A folder comes as a file that cannot be read. Asked here: after the event the browser has forgotten it.
        const items = [...event.dataTransfer!.items].filter(({ kind }) => kind === "file");
        const isFolder = (item: DataTransferItem) => item.webkitGetAsEntry()?.isDirectory === true;
        const files = items.filter((item) => !isFolder(item)).flatMap((item) => item.getAsFile() ?? []);
        if (items.some(isFolder)) model.files.refuseFolder();
        if (files.length > 0) void model.files.attach(model.id, files);
    });
    // Dropped beside it, a file would take the app's place in the tab.
    for (const type of ["dragover", "drop"] as const) scope.listen(window, type, (event) => hasFiles(event) && event.preventDefault());
}

function head(scope: Scope, main: MainModel, model: ConversationModel): HTMLElement {
    const name = h("h2", {}, h("bdi", {}, scope.text(model.summary, (summary) => summary.name)));
    const face = h("span", { class: "avatar-place" });
    scope.fill(face, scope.part(model.summary, (summary) => summary.name), () => avatar(model.summary.current));
    const connection = h("span", { role: "status", "aria-label": t("connection.label"), class: "connection" });
    scope.bind(model.summary, (summary) => {
        const state = t(`connection.${summary.connection}`);
        if (connection.textContent !== state) connection.textContent = state;
        connection.className = `connection connection-${summary.connection}`;
        connection.title = noConnections(summary) ?? t(`connection.${summary.connection}Hint`);
    });
    const about = h("span", { class: "connection-about" }, scope.text(model.summary, (summary) => {
        const { connection } = summary;
        if (connection === "mailbox" && noConnections(summary) !== null) return "";
        return connection === "mailbox" || connection === "offline" ? t(`connection.${connection}About`) : "";
    }));
    const path = iconButton(t("connection.details"), "info", { class: "icon-button path", onclick: () => main.dialog.set("path") });
    const verified = h("span", { class: "tag tag-good" }, icon("shieldCheck"), t("main.verified"));
    scope.bind(model.summary, (summary) => (verified.hidden = !summary.verified));
    return h("header", { class: "conversation-head" },
        iconButton(t("conversation.back"), "back", { class: "icon-button back", onclick: () => main.closeConversation() }),
        face,
        h("div", { class: "conversation-title" }, name, h("div", { class: "conversation-state" }, h("span", { class: "connection-line" }, connection, path), about, verified)),
        ...callButtons(scope, main, model),
        iconButton(t("conversation.details"), "person", { onclick: () => main.dialog.set("details") }),
        verifyButton(scope, main, model));
}

/** Once it is done, a shield like the other signs of the head. */
function verifyButton(scope: Scope, main: MainModel, model: ConversationModel): HTMLElement {
    const element = button(t("conversation.verify"), { class: "quiet verify", onclick: () => main.dialog.set("verify") }, "shield");
    scope.bind(model.summary, ({ verified, name }) => {
        element.classList.toggle("verify-done", verified);
        element.querySelector("svg")!.replaceWith(icon(verified ? "shieldCheck" : "shield"));
        element.title = verified ? t("verify.verified", { name }) : t("conversation.verify");
    });
    return element;
}

/** Why the two devices make no connections, where one of them cannot; else null. */
function noConnections({ name, calls }: Conversation): string | null {
    if (!makesConnections()) return t("noConnections.here", { name });
    return calls === "noConnections" ? t("noConnections.there", { name }) : null;
}

/** Out of use during a call, where this browser can make none, and where the other person's device has said that it takes none. */
function callButtons(scope: Scope, main: MainModel, model: ConversationModel): HTMLElement[] {
    return ([["call.voice", "phone", false], ["call.video", "camera", true]] as const).map(([label, iconName, video]) => {
        const element = iconButton(t(label), iconName, { onclick: () => main.calls.call(model.id, video) });
        const update = () => {
            const { calls, name } = model.summary.current;
            const refusal = !makesConnections() ? t("call.noCallsHere")
                : calls === "none" || calls === "noConnections" ? t("call.noCalls", { name }) : null;
            element.disabled = main.calls.current.current !== null || refusal !== null;
            element.title = refusal ?? t(label);
        };
        scope.bind(model.summary, update);
        scope.bind(main.calls.current, update);
        return element;
    });
}

function notices(scope: Scope, main: MainModel, model: ConversationModel): HTMLElement {
    const about = h("div", {});
    const shown = scope.part(model.summary, (summary) =>
        [summary.name, summary.removed, summary.nameCollision && !summary.verified, summary.gap].join());
    scope.fill(about, shown, () => {
        const { name, removed, nameCollision, verified, gap } = model.summary.current;
        return [
            removed && notice("warning", t("conversation.removed", { name })),
            // Whose number was compared is no other person of that name.
            nameCollision && !verified && notice("warning", t("conversation.collision", { name }),
                button(t("conversation.details"), { class: "small", onclick: () => main.dialog.set("details") })),
            gap && notice("warning", t("conversation.gap", { name })),
        ];
    });
    const warnings = h("div", {});
    // Of the two people of one name it is told above, for as long as it is so.
    scope.fill(warnings, model.warnings, (all) => all.filter((warning) => warning !== "nameCollision").map((warning) => h("div", { role: "alert" },
        notice("danger", t(`warning.${warning}`),
            iconButton(t("dismiss"), "close", { onclick: () => model.dismissWarning(warning) })))));
    const noPath = h("div", { role: "status" });
    const explain = () => {
        const { device, name, connection } = model.summary.current;
        const none = connection === "offline" ? null : noConnections(model.summary.current);
        const reason = main.noRelay.current ?? main.noPath.current.get(device);
        // Without the node nobody knows who is there: the list says that it is away.
        const isShown = reason !== undefined && (connection !== "offline" || reason !== "nodeAway");
        const kind = main.profile.current.settings.relayOnly ? "noPath.hidden" : "noPath.direct";
        const sentence = none ?? (isShown ? t(kind, { name, why: t(`noPath.${reason}`) }) : "");
        if (noPath.textContent !== sentence) fill(noPath, sentence !== "" && notice("info", sentence));
    };
    scope.bind(main.noPath, explain);
    scope.bind(main.noRelay, explain);
    scope.bind(model.summary, explain);
    scope.bind(main.profile, explain);
    return h("div", { class: "conversation-notices" }, about, noPath, warnings);
}

/** Everything masked is revealed, everything revealed is hidden: both at once, and the second by one key. */
function masks(scope: Scope, model: ConversationModel): HTMLElement {
    const reveal = button(t("conversation.revealAll"), { class: "quiet small", onclick: () => model.revealAll() }, "eye");
    const hide = button(t("conversation.hideAll"), {
        class: "quiet small", "aria-keyshortcuts": "Escape", title: t("conversation.hideAllKey"), onclick: () => model.hideAll(),
    });
    const bar = h("div", { class: "masks" }, reveal, hide);
    scope.bind(model.messages, (messages) => {
        const maskable = messages.filter(isMaskable);
        reveal.hidden = !maskable.some(({ masked }) => masked);
        hide.hidden = !maskable.some(({ masked }) => !masked);
        bar.hidden = reveal.hidden && hide.hidden;
    });
    return bar;
}

// The log

type Line =
    | { key: string; kind: "day"; time: number }
    | { key: string; kind: "unread" }
    | { key: string; kind: "message"; message: ShownMessage; follows: boolean };

function log(scope: Scope, model: ConversationModel): HTMLElement[] {
    const lines = new Value<readonly Line[]>([]);
    const update = () => lines.set(linesOf(model.messages.current, model.firstUnread.current));
    const list = h("div", { class: "lines" });
    const older = button(t("conversation.older"), { class: "quiet older", onclick: () => model.loadOlder() });
    const empty = h("p", { class: "log-empty" }, scope.text(model.summary, ({ name }) => t("conversation.empty", { name })));
    const scroller = h("div", { class: "log", role: "log", "aria-label": t("conversation.log"), tabindex: 0 },
        older, empty, list);
    const jump = button("", { class: "jump", hidden: true, onclick: () => showFirst(scroller, list) }, "arrowDown");

    rove(scope, scroller, () => focusMessageField());
    scope.bind(model.hasOlder, (hasOlder) => (older.hidden = !hasOlder));
    const updateEmpty = () => (empty.hidden = !model.loaded.current || model.messages.current.length > 0);
    scope.bind(model.loaded, updateEmpty);
    scope.bind(model.messages, updateEmpty);
    const day = today(scope);
    scope.list(list, lines, (line) => line.key, looksDifferent, (line, inner) => lineView(inner, model, line, day));

    const isNearEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < nearEnd;
    const attend = () => model.setAttentive(isNearEnd() && !document.hidden);
    scope.bind(model.missed, (count) => {
        jump.hidden = count === 0;
        jump.querySelector("span")!.textContent = t("main.unread", { count });
    });
    scope.listenTo(document, "visibilitychange", attend);


    let lastKey = "";
    let firstKey = "";
    const follow = () => {
        // Behind a hidden page nobody follows: what comes there waits below.
        const atEnd = isNearEnd() && !document.hidden;
        const height = scroller.scrollHeight;
        const top = scroller.scrollTop;
        update();
        const messages = model.messages.current;
        const last = messages[messages.length - 1];
        const first = messages[0]?.id ?? "";
        const isNew = last !== undefined && last.id !== lastKey;
        if (lastKey === "") showFirst(scroller, list);
        else if (isNew && (atEnd || last.own)) scroller.scrollTop = scroller.scrollHeight;
        else if (first !== firstKey) scroller.scrollTop = top + scroller.scrollHeight - height;
        else if (atEnd) scroller.scrollTop = scroller.scrollHeight;
        lastKey = last?.id ?? "";
        firstKey = first;
        attend();
    };
    scope.bind(model.messages, follow);
    scope.bind(model.firstUnread, update);
    // Messages that were there before the log was in the page.
    scope.whenInPage(() => showFirst(scroller, list));
    // A smaller window, a keyboard that comes up: the end stays in view.
    let wasAtEnd = false;
    scroller.addEventListener("scroll", () => {
        wasAtEnd = isNearEnd();
        attend();
    });
    const observer = new ResizeObserver(() => {
        if (wasAtEnd) scroller.scrollTop = scroller.scrollHeight;
    });
    observer.observe(scroller);
    scope.onDispose(() => {
        observer.disconnect();
        lines.set([]);
    });
    return [scroller, h("div", { class: "jump-place" }, jump)];
}

/** What is new, or the end. */
function showFirst(scroller: HTMLElement, list: HTMLElement): void {
    const marker = list.querySelector(".unread-line");
    if (marker === null) scroller.scrollTop = scroller.scrollHeight;
    else marker.scrollIntoView({ block: "center" });
}

function linesOf(messages: readonly ShownMessage[], firstUnread: string | null): Line[] {
    const lines: Line[] = [];
    let day = Number.NaN;
    let before: ShownMessage | null = null;
    for (const message of messages) {
        const thisDay = startOfDay(message.time);
        const newDay = thisDay !== day;
        if (newDay) lines.push({ key: `day ${message.id}`, kind: "day", time: message.time });
        if (message.id === firstUnread) lines.push({ key: "unread", kind: "unread" });
        const follows: boolean = !newDay && before !== null && before.kind !== "notice" && message.kind !== "notice"
            && before.own === message.own && message.time - before.time < 5 * 60_000 && message.id !== firstUnread;
        lines.push({ key: message.id, kind: "message", message, follows });
        day = thisDay;
        before = message;
    }
    return lines;
}

function looksDifferent(before: Line, after: Line): boolean {
    return before.kind === "message" && after.kind === "message"
        && (before.follows !== after.follows || messageLooksDifferent(before.message, after.message));
}

function lineView(scope: Scope, model: ConversationModel, line: Observable<Line>, day: Observable<number>): HTMLElement {
    const first = line.current;
    switch (first.kind) {
        case "day":
            return h("h3", { class: "day" }, h("span", {}, scope.text(day, (now) => formatDay(first.time, now))));
        case "unread":
            return h("h3", { class: "unread-line" }, h("span", {}, t("conversation.newHere")));
        case "message":
            return messageView(scope, model, line as Observable<typeof first>);
    }
}

// The composer

/** Of the open conversation, if there is one. */
export function focusMessageField(): void {
    document.querySelector<HTMLElement>(".composer textarea")?.focus();
}

function composer(scope: Scope, model: ConversationModel): HTMLElement {
    const id = uniqueId();
    const hintId = uniqueId();
    const box = h("textarea", {
        id, rows: 1, dir: "auto", placeholder: t("conversation.placeholder"), "aria-describedby": hintId, autocomplete: "off",
    });
    const hint = h("p", { id: hintId, class: "composer-hint", role: "status", hidden: true });
    const picker = h("input", { type: "file", multiple: true, hidden: true, "aria-hidden": "true", tabindex: -1 });
    picker.addEventListener("change", () => {
        void model.files.attach(model.id, [...(picker.files ?? [])]);
        // The same file may be picked again.
        picker.value = "";
    });
    const attach = iconButton(t("file.attach"), "attach", { onclick: () => picker.click() });
    const { start: record, panel: recorder } = voiceRecorder(scope, model);
    const send = h("button", { type: "submit", class: "primary send", "aria-label": t("conversation.send"), title: t("conversation.send") },
        icon("send"));
    const form = h("form", { class: "composer", "aria-label": t("conversation.composer") },
        h("label", { for: id, class: "visually-hidden" }, t("conversation.message")),
        attach, picker, box, record, send, recorder, hint);

    const update = () => {
        const bytes = byteLength(box.value);
        hint.hidden = bytes < hintFrom;
        const tooLong = bytes > messageLimit;
        hint.textContent = tooLong
            ? t("conversation.tooLong", { count: bytes - messageLimit })
            : t("conversation.bytesLeft", { count: messageLimit - bytes });
        hint.classList.toggle("field-error", tooLong);
        send.disabled = tooLong;
        // The box grows with the text; the style sheet says how far.
        box.style.setProperty("height", "auto");
        box.style.setProperty("height", `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`);
    };
    box.value = model.draft.current;
    box.addEventListener("input", () => {
        model.draft.set(box.value);
        update();
    });
    box.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        form.requestSubmit();
    });
    box.addEventListener("paste", (event) => {
        const files = [...(event.clipboardData?.files ?? [])];
        if (files.length === 0) return;
        event.preventDefault();
        void model.files.attach(model.id, files);
    });
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        if (!model.send(box.value)) return;
        box.value = "";
        update();
        box.focus();
    });
    scope.whenInPage(() => {
        update();
        if (!matchMedia("(pointer: coarse)").matches) box.focus();
    });
    return form;
}
