// A file in the log: what it is, how far it is, and what can be done with it.

import { chunkCount, plainBytes } from "../files/geometry";
import type { ConversationModel, ShownMessage } from "../model/conversation";
import { secondsLeft, Transfer } from "../model/transfers";
import { chooseDestination } from "../net/choosedestination";
import { makesConnections } from "../net/webrtc";
import type { FileSummary } from "../worker/boundary";
import { t } from "../i18n";
import { button, iconButton } from "./controls";
import { Child, h, Scope } from "./dom";
import { formatDuration, formatRate, formatSize, kindOf } from "./filetext";
import { icon, IconName } from "./icons";

export interface FileMessage extends ShownMessage {
    readonly file: FileSummary;
}

export function isFile(message: ShownMessage): message is FileMessage {
    return message.file !== null;
}

/** Progress is shown as it is reported, not by the summary: that would redraw the whole message. */
export function fileLooksDifferent(before: ShownMessage, after: ShownMessage): boolean {
    const [was, is] = [before.file, after.file];
    if (was === null || is === null) return was !== is;
    return was.state !== is.state || was.readableCopy !== is.readableCopy || was.name !== is.name
        || was.waveform.length !== is.waveform.length;
}

export function fileBody(scope: Scope, model: ConversationModel, message: FileMessage): Child {
    const { file } = message;
    // Of a file that was called off, the name is forgotten too.
    const name = file.name === "" ? t("file.generic") : file.name;
    return h("div", { class: `file file-${file.state}` },
        h("div", { class: "file-head" },
            h("span", { class: "file-tile", "aria-hidden": "true" }, icon(iconOf(file.mediaType))),
            h("div", { class: "file-title" },
                h("p", { class: "file-name", title: name }, h("bdi", {}, name)),
                h("p", { class: "file-about" }, file.name === "" ? formatSize(file.size) : `${formatSize(file.size)} · ${kindOf(name, file.mediaType)}`))),
        fileProgress(scope, model, message, name),
        fileActions(scope, model, message, name));
}

function iconOf(mediaType: string): IconName {
    const kinds: readonly (readonly [string, IconName])[] = [["image/", "image"], ["video/", "film"], ["audio/", "sound"]];
    return kinds.find(([prefix]) => mediaType.startsWith(prefix))?.[1] ?? "file";
}

// How far it is. Silent: a log that counted aloud could not be listened to.

const moving: readonly FileSummary["state"][] = ["sealing", "moving", "pausedHere", "pausedThere"];

export function fileProgress(scope: Scope, model: ConversationModel, message: FileMessage, name: string): Child {
    const { id, file } = message;
    const status = h("p", { class: "file-status" });
    const show = (text: string) => {
        if (status.textContent !== text) status.textContent = text;
    };
    if (!moving.includes(file.state) && !(file.state === "waiting" && file.chunks > 0)) {
        // The state below says of one's own what it says of every message.
        if (message.own && file.state === "complete") return null;
        show(stateText(model, message, null));
        const isGood = file.state === "complete";
        return h("div", { class: `file-progress ${isGood ? "good" : ""}`, "aria-live": "off" }, isGood && icon("check"), status);
    }
    const total = chunkCount(file.size);
    const bar = h("progress", { max: total, "aria-label": t("file.progress", { name }) });
    const detail = h("p", { class: "file-detail" });
    scope.bind(model.files.transfers.of(id), (transfer) => {
        const chunks = transfer?.chunks ?? file.chunks;
        bar.value = chunks;
        bar.setAttribute("aria-valuetext", `${Math.floor(100 * chunks / total)} %`);
        show(stateText(model, message, transfer));
        detail.textContent = detailText(file, chunks, file.state === "sealing" || file.state === "moving" ? transfer : null);
    });
    return h("div", { class: "file-progress", "aria-live": "off" }, status, " ", bar, " ", detail);
}

function detailText({ size }: FileSummary, chunks: number, transfer: Transfer | null): string {
    const done = formatSize(plainBytes(size, chunks));
    const whole = formatSize(size);
    if (transfer === null || transfer.rate === null || transfer.rate <= 0) return t("file.done", { done, size: whole });
    const left = secondsLeft(transfer, size);
    const moved = t("file.rate", { done, size: whole, rate: formatRate(transfer.rate) });
    return left === null ? moved : `${moved} · ${t("file.left", { time: formatDuration(left) })}`;
}

function stateText(model: ConversationModel, { own, file, failure }: FileMessage, transfer: Transfer | null): string {
    const { name } = model.summary.current;
    switch (file.state) {
        case "sealing":
            return t("file.sealing");
        case "waiting":
            if (!makesConnections() || model.summary.current.calls === "noConnections") return t("file.waitingMailbox");
            return t(own ? "file.waitingOwn" : "file.waitingTheirs", { name });
        case "moving":
            if (transfer?.phase === "checking") return t("file.checking");
            return t(own ? "file.sending" : "file.receiving");
        case "pausedHere":
            return t("file.pausedHere");
        case "pausedThere":
            return t("file.pausedThere", { name });
        case "atNode":
            return own ? t("file.atNode", { name }) : t("file.atNodeTheirs");
        case "complete":
            return t("file.complete");
        case "failed":
            return `${t("file.failed")}. ${failure === null ? t("file.failedDefault") : t(`problem.${failure}`)}`;
        case "cancelled":
            return t("file.cancelled");
    }
}

// What can be done with it

export function fileActions(scope: Scope, model: ConversationModel, message: FileMessage, name: string): Child {
    const { id, own, file, failure } = message;
    const { files } = model;
    const small = (label: string, act: () => void, iconName?: IconName) => button(label, { class: "small", onclick: act }, iconName);
    const end = () => small(t(own ? "file.cancel" : "file.decline"), () => files.cancel(id));
    const row = (...children: Child[]) => h("div", { class: "file-actions" }, children);
    switch (file.state) {
        case "sealing":
        case "waiting":
        case "pausedThere":
        case "atNode":
            return row(end());
        case "moving":
            return row(small(t("file.pause"), () => files.setPaused(id, true), "pause"), end());
        case "pausedHere":
            return row(small(t("file.resume"), () => files.setPaused(id, false), "play"), end());
        case "complete":
            return file.kind === "voice" ? null : [
                savingProgress(scope, model, id),
                file.readableCopy && h("p", { class: "file-status" }, t("file.hasCopy")),
                row(...keeping(model, message, name)),
            ];
        case "failed":
            // What was picked is gone: trying again cannot help.
            return failure === "fileUnreadable" || failure === "fileTooLarge" ? null : row(small(t("file.retry"), () => model.retry(id)));
        case "cancelled":
            return null;
    }
}

function keeping(model: ConversationModel, { id, file }: FileMessage, name: string): Child[] {
    const { files } = model;
    const remove = iconButton(t("file.delete"), "trash", { class: "icon-button small" });
    // The second click is another button's.
    remove.addEventListener("click", () => {
        const sure = button(t("file.deleteSure"), { class: "small danger", onclick: () => files.cancel(id) }, "trash");
        const not = button(t("cancel"), { class: "small", onclick: () => sure.replaceWith(remove) });
        sure.addEventListener("click", () => not.remove());
        not.addEventListener("click", () => not.remove());
        remove.replaceWith(sure);
        sure.after(not);
        not.focus();
    });
    return [
        button(t("file.view"), { class: "small", onclick: () => files.view(model.id, id) }, "eye"),
        button(t("file.save"), {
            class: "small", onclick: async () => files.save(model.id, id, await chooseDestination(name, file.size)),
        }, "download"),
        file.readableCopy && button(t("file.removeCopy"), { class: "small", onclick: () => void files.removeCopy(id) }),
        remove,
    ];
}

function savingProgress(scope: Scope, model: ConversationModel, id: string): Child {
    const place = h("div", { class: "file-progress", "aria-live": "off", hidden: true });
    const bar = h("progress", { max: 1, "aria-label": t("file.saving") });
    place.append(h("p", { class: "file-status" }, t("file.saving")), bar);
    scope.bind(model.files.saving, (all) => {
        const saving = all.find(({ file }) => file === id);
        place.hidden = saving === undefined;
        bar.value = saving?.part ?? 0;
    });
    return place;
}
