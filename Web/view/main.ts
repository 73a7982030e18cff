// The two panes: people on one side, the open conversation on the other. A phone shows one at a time.

import type { MainModel, NodeState } from "../model/main";
import type { Observable } from "../model/value";
import { makesConnections } from "../net/webrtc";
import type { Conversation } from "../worker/boundary";
import { formatShort, t } from "../i18n";
import { avatar } from "./avatar";
import { button, dialog, iconButton, notice } from "./controls";
import { callsView } from "./calls";
import { conversationView, focusMessageField } from "./conversation";
import { detailsDialog } from "./details";
import { Child, h, Scope, setAttribute, uniqueId } from "./dom";
import { icon, mark } from "./icons";
import { inviteDialog } from "./invite";
import { linkDialog } from "./link";
import { outdatedNotice } from "./outdated";
import { pathDialog } from "./path";
import { recoveryDialog } from "./recovery";
import { settingsDialog } from "./settings";
import { toastsView } from "./toasts";
import { today } from "./today";
import { verifyDialog } from "./verify";
import { viewerDialog } from "./viewer";

export function mainView(scope: Scope, model: MainModel, lock: () => void): HTMLElement {
    const pane = h("div", { class: "pane" });
    const dialogs = h("div", { class: "dialogs" });
    const toasts = toastsView(scope, model.toasts);
    const side = sidebar(scope, model, lock);
    const skip = button(t("conversation.skip"), { class: "primary skip", onclick: () => focusMessageField() });
    scope.bind(model.open, (open) => (skip.hidden = open === null));
    const root = h("main", { class: "panes" }, skip, h("h1", { class: "visually-hidden" }, "CryptPeer"), side, pane, callsView(scope, model), dialogs, toasts,
        h("div", { class: "over-all" }, lockWarning(scope, model), outdatedNotice(scope, model)));
    scope.bind(model.calls.isLarge, (isLarge) => {
        for (const covered of [skip, side, pane]) setAttribute(covered, "inert", isLarge);
    });

    scope.attribute(root, "data-pane", model.open, (open) => (open === null ? "list" : "conversation"));
    scope.fill(pane, model.open, (open, inner) =>
        open === null ? nothingOpen(inner, model) : conversationView(inner, model, open));
    scope.fill(dialogs, model.dialog, (name, inner) => {
        const element = openDialog(inner, model, name);
        // All but the dialog is inert while it is open, so the notices move in with it.
        (element ?? root).append(toasts);
        if (element !== null) queueMicrotask(() => element.isConnected && !element.open && element.showModal());
        return element;
    });
    watchTouches(scope, model);
    keepDrafts(scope, model);
    hideByKey(scope, model);
    closeByBack(scope, model);
    askBeforeClosing(scope, model);
    countInTitle(scope, model);
    return root;
}

function openDialog(scope: Scope, model: MainModel, name: MainModel["dialog"]["current"]): HTMLDialogElement | null {
    const close = () => model.dialog.set(null);
    switch (name) {
        case "invite":
            return inviteDialog(scope, model, close);
        case "settings":
            return settingsDialog(scope, model, close);
        case "recovery":
            return recoveryDialog(scope, model.recovery, close);
        case "verify":
            return model.open.current && verifyDialog(scope, model.open.current, close);
        case "details":
            return model.open.current && detailsDialog(model.open.current, close);
        case "path":
            return model.open.current && pathDialog(scope, model, close);
        case "viewer":
            return model.files.viewing.current
                && viewerDialog(scope, model, model.files.viewing.current, () => model.files.viewing.set(null));
        case "link":
            return model.link === null ? null : linkDialog(model.link, close);
        case "leaveCall":
            return leaveCallDialog(scope, model, close);
        case null:
            return null;
    }
}

function leaveCallDialog(scope: Scope, model: MainModel, onClose: () => void): HTMLDialogElement {
    const element: HTMLDialogElement = dialog(t("leaveCall.title"), onClose,
        h("p", { class: "lead" }, t("leaveCall.text")),
        h("div", { class: "dialog-actions" },
            button(t("leaveCall.stay"), { class: "primary", onclick: () => element.close() }),
            button(t("leaveCall.hangUp"), {
                onclick: () => {
                    model.hangUp();
                    element.close();
                },
            })));
    scope.bind(model.calls.current, (call) => call === null && queueMicrotask(onClose));
    return element;
}

// The list

function sidebar(scope: Scope, model: MainModel, lock: () => void): HTMLElement {
    const self = h("bdi", { class: "self" }, scope.text(model.profile, (profile) => profile.ownName));
    const invite = button(t("main.invite"), { class: "primary wide", onclick: () => model.dialog.set("invite") }, "invite");
    scope.bind(model.profile, (profile) => (invite.hidden = !profile.mayInvite));
    const banners = h("div", { class: "banners" });
    scope.fill(banners, model.node, (node) => nodeBanner(node));
    const recovery = h("div", { class: "banners" });
    scope.fill(recovery, model.recovery.saved, (saved) => !saved && notice("warning", t("main.recovery"),
        button(t("main.recoveryOpen"), { class: "small", onclick: () => model.dialog.set("recovery") })));
    const unconfirmed = h("div", { class: "banners" });
    scope.fill(unconfirmed, model.profile, (profile) => !profile.confirmed && notice("info", t("main.unconfirmedSelf")));

    return h("div", { class: "sidebar" },
        h("header", {},
            h("div", { class: "sidebar-head" },
                h("div", { class: "brand" }, mark(), h("div", {}, h("p", { class: "sidebar-title" }, "CryptPeer"), self)),
                iconButton(t("main.settings"), "settings", { onclick: () => model.dialog.set("settings") }),
                iconButton(t("main.lock"), "lock", { onclick: lock })),
            recovery, banners, unconfirmed),
        conversationList(scope, model),
        h("div", { class: "sidebar-foot" }, invite));
}

function nodeBanner(node: NodeState): Child {
    switch (node.state) {
        case "connected":
        case "connecting":
            return null;
        case "unreachable":
            return notice("warning", t("main.unreachable"));
        case "refused":
            return notice("danger", t("main.refused", { reason: node.reason === null ? "" : t(`problem.${node.reason}`) }));
    }
}

function conversationList(scope: Scope, model: MainModel): HTMLElement {
    const list = h("ul", { class: "conversations" });
    const day = today(scope);
    scope.list(list, model.conversations, (conversation) => conversation.conversation, looksDifferent,
        (conversation, inner) => conversationEntry(inner, model, conversation, day));
    const empty = h("div", { class: "empty" });
    scope.bind(model.conversations, (conversations) => {
        empty.replaceChildren(...(conversations.length > 0 ? [] : [
            icon("person"),
            h("h2", {}, t("main.emptyTitle")),
            h("p", {}, t(model.profile.current.mayInvite ? "main.emptyMayInvite" : "main.emptyMayNot")),
        ]));
        list.hidden = conversations.length === 0;
    });
    return h("nav", { class: "conversation-nav", "aria-label": t("main.conversations") }, list, empty);
}

function looksDifferent(before: Conversation, after: Conversation): boolean {
    return JSON.stringify(before) !== JSON.stringify(after);
}

function conversationEntry(scope: Scope, model: MainModel, conversation: Observable<Conversation>, day: Observable<number>): HTMLElement {
    const descriptionId = uniqueId();
    const { conversation: id } = conversation.current;
    const link = h("a", {
        href: "#", "aria-describedby": descriptionId,
        onclick: (event: MouseEvent) => {
            event.preventDefault();
            model.openConversation(id);
        },
    });
    // The link itself stays: a press on it may be under way.
    scope.attribute(link, "aria-label", conversation, ({ name }) => name);
    scope.fill(link, conversation, (current, inner) => entryContent(inner, current, descriptionId, day));
    scope.attribute(link, "aria-current", model.open, (open) => (open?.id === id ? "true" : null));
    return h("li", {}, link);
}

function entryContent(scope: Scope, conversation: Conversation, descriptionId: string, day: Observable<number>): Child {
    const { name, unread, lastTime, member } = conversation;
    return [
        avatar(conversation),
        h("span", { class: "entry-name" }, h("bdi", {}, name)),
        h("span", { class: "entry-time" }, scope.text(day, (now) => (lastTime === 0 ? "" : formatShort(lastTime, now)))),
        h("span", { class: "entry-details", id: descriptionId },
            h("span", { class: `connection-dot connection-${conversation.connection}` }),
            h("span", { class: "entry-state" }, presence(conversation)),
            conversation.nameCollision && h("span", { class: "tag tag-warning" }, t("main.sameName", { code: member.slice(0, 6) })),
            conversation.verified && h("span", { class: "tag tag-good" }, t("main.verified")),
            conversation.removed && h("span", { class: "tag tag-warning" }, t("main.removed")),
            (conversation.warning || conversation.gap) && h("span", { class: "entry-warning" }, icon("alert")),
            unread > 0 && h("span", { class: "unread" },
                h("span", { "aria-hidden": "true" }, String(unread)),
                h("span", { class: "visually-hidden" }, t("main.unread", { count: unread })))),
    ];
}

/** Where no direct connection can be made, the mailbox does not say that somebody is away. */
function presence({ connection, calls }: Conversation): string {
    const isMailboxOnly = connection === "mailbox" && (calls === "noConnections" || !makesConnections());
    return t(isMailboxOnly ? "presence.mailboxOnly" : `presence.${connection}`);
}

// Nothing chosen

function nothingOpen(scope: Scope, model: MainModel): HTMLElement {
    const id = uniqueId();
    const title = scope.text(model.conversations, ({ length }) => t(length > 0 || !model.profile.current.mayInvite ? "main.pick" : "main.pickNobody"));
    const text = h("div", { class: "empty empty-large" }, mark(), h("h2", { id }, title), h("p", {}, t("main.pickText")));
    const invite = button(t("main.inviteFirst"), { onclick: () => model.dialog.set("invite") }, "invite");
    const offer = () => (invite.hidden = model.conversations.current.length > 0 || !model.profile.current.mayInvite);
    scope.bind(model.conversations, offer);
    scope.bind(model.profile, offer);
    text.append(invite);
    return h("section", { class: "conversation conversation-none", "aria-labelledby": id }, text);
}

// The page around it

/** What came and was not seen, of every conversation. */
function countInTitle(scope: Scope, model: MainModel): void {
    const update = () => {
        const elsewhere = model.conversations.current.reduce((sum, { unread }) => sum + unread, 0);
        const unread = elsewhere + (model.open.current?.missed.current ?? 0);
        document.title = unread === 0 ? "CryptPeer" : `(${unread}) CryptPeer`;
    };
    scope.bind(model.conversations, update);
    let stop = () => {};
    scope.bind(model.open, (open) => {
        stop();
        stop = open?.missed.subscribe(update) ?? (() => {});
        update();
    });
    scope.onDispose(() => stop());
}

/** Half a minute before the app locks by itself. */
function lockWarning(scope: Scope, model: MainModel): HTMLElement {
    const place = h("div", { class: "lock-warning", role: "status" });
    const seconds = h("span", {});
    scope.fill(place, scope.part(model.idle.secondsLeft, (left) => left !== null), (isNear) => isNear && notice("warning",
        [t("lock.soon"), " ", h("span", { "aria-hidden": "true" }, seconds)],
        button(t("lock.stay"), { class: "small", onclick: () => model.idle.touch() })));
    scope.bind(model.idle.secondsLeft, (left) => (seconds.textContent = left === null ? "" : t("conversation.hidesIn", { count: left })));
    return place;
}

/** A page that goes may not come back. */
function keepDrafts(scope: Scope, model: MainModel): void {
    const keep = () => void model.settle();
    scope.listen(window, "pagehide", keep);
    // A reload asks the node first: what was typed a moment ago is sealed meanwhile.
    scope.listen(window, "beforeunload", () => model.keepDrafts());
    scope.listenTo(document, "visibilitychange", () => document.hidden && model.keepDrafts());
}

/** One key hides whatever was revealed. In a dialog, that key closes the dialog. */
function hideByKey(scope: Scope, model: MainModel): void {
    scope.listen(window, "keydown", (event) => {
        if (event.key === "Escape" && !event.isComposing && model.dialog.current === null) model.open.current?.hideAll();
    });
}

/** Any sign of the user puts the idle lock off. */
function watchTouches(scope: Scope, model: MainModel): void {
    const touch = () => model.idle.touch();
    for (const type of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const) {
        scope.listen(window, type, touch);
    }
}

/**
 * Back closes what is on top, not the app: while something can be closed, an entry of the history stands in front of the page.
 * The entries hold these two words alone.
 */
function closeByBack(scope: Scope, model: MainModel): void {
    const update = () => {
        const { isLayered } = model;
        if (!isLayered && history.state === "layer") history.replaceState("list", "");
        if (isLayered && history.state === "list") history.replaceState("layer", "");
        if (isLayered && history.state !== "layer") history.pushState("layer", "");
    };
    scope.bind(model.open, update);
    scope.bind(model.dialog, update);
    scope.bind(model.calls.current, update);
    scope.listen(window, "popstate", () => {
        if (history.state === "layer") return;
        model.goBack();
        update();
    });
}

/** The browser asks before a call, a transfer or a recording ends with the page. */
function askBeforeClosing(scope: Scope, model: MainModel): void {
    scope.listen(window, "beforeunload", (event) => model.isBusy && event.preventDefault());
}
