// The call: what is seen of it, and what can be done about it.

import { formatDuration } from "../../i18n/duration";
import { button, iconButton, notice } from "../../view/controls";
import { Child, fill, h, Scope, setAttribute, uniqueId } from "../../view/dom";
import { icon, IconName } from "../../view/icons";
import { Value } from "../../model/value";
import type { CallModel } from "../call";
import { t as appText } from "../../i18n";
import { t } from "../i18n";
import type { Telephone } from "../telephone";
import { detailsPanel } from "./details";
import { devicePicker, deviceProblems, levelBar, speakerTest } from "./devices";
import { CallCommand, keyAction, keyName, keysPanel } from "./keys";
import { outcomeView } from "./outcome";
import { announcer } from "./said";
import { stageView } from "./stage";

type Panel = "details" | "devices" | "keyboard";

export function callView(scope: Scope, telephone: Telephone, model: CallModel): HTMLElement {
    const panel = new Value<Panel | null>(null);
    const stage = stageView(scope, telephone, model);
    const root: HTMLElement = h("section", { class: "call", role: "region", "aria-label": t("region"), tabindex: -1 });
    const run = commands(telephone, model, panel, root, stage.videos);
    const body = h("div", { class: "call-body" }, stage.element, panelView(scope, model, panel));
    root.append(
        head(scope, telephone, model, panel, run),
        h("div", { class: "call-notices" }, problems(scope, model)),
        body,
        controls(scope, model, panel, run),
        announcer(scope, model));

    const isOver = scope.part(model.summary, ({ state }) => state === "over");
    scope.bind(isOver, (over) => {
        root.classList.toggle("call-over", over);
        if (!over) return;
        panel.set(null);
        if (document.fullscreenElement !== null) void document.exitFullscreen();
        if (document.pictureInPictureElement !== null) void document.exitPictureInPicture();
        const hadFocus = root.contains(document.activeElement);
        body.replaceChildren(outcomeView(scope, telephone, model));
        if (hadFocus) root.querySelector<HTMLElement>(".call-outcome button")?.focus();
    });
    // What is seen then is the last of it.
    scope.bind(model.summary, ({ state }) => root.classList.toggle("call-reconnecting", state === "reconnecting"));
    scope.attribute(root, "data-layout", model.layout, (layout) => layout);
    scope.bind(model.isSmall, (isSmall) => {
        root.classList.toggle("call-small", isSmall);
        telephone.host.isLarge?.set(!isSmall);
    });
    scope.onDispose(() => telephone.host.isLarge?.set(false));
    keepScreenOn(scope, model);

    root.addEventListener("keydown", (event) => {
        const command = keyAction(event);
        if (command === null || isOver.current) return;
        event.preventDefault();
        event.stopPropagation();
        run(command);
    });
    scope.listen(window, "keydown", (event) => {
        if (event.key !== "F6" || document.querySelector("dialog[open]") !== null) return;
        event.preventDefault();
        root.focus();
    });
    scope.whenInPage(() => root.focus());
    return root;
}

function commands(
    telephone: Telephone, model: CallModel, panel: Value<Panel | null>, root: HTMLElement, videos: readonly HTMLVideoElement[],
) {
    const toggle = (name: Panel) => panel.update((current) => (current === name ? null : name));
    return (command: CallCommand): void => {
        switch (command) {
            case "mute":
                return model.toggleMute();
            case "camera":
                return model.toggleCamera();
            case "screen":
                return void model.toggleScreen();
            case "grid":
                return model.layout.update((layout) => (layout === "grid" ? "speaker" : "grid"));
            case "pip":
                return void togglePictureInPicture(videos);
            case "fullScreen":
                return void (document.fullscreenElement === null ? root.requestFullscreen() : document.exitFullscreen()).catch(() => undefined);
            case "devices":
            case "details":
            case "keyboard":
                return toggle(command);
            case "small":
                if (panel.current !== null) return panel.set(null);
                if (document.fullscreenElement !== null) return void document.exitFullscreen();
                // Where there is nothing behind it, it stays large.
                if (telephone.host.isLarge !== null) model.isSmall.update((isSmall) => !isSmall);
                return;
            case "hangUp":
                return model.hangUp();
        }
    };
}

/** The first of the other side's pictures that shows something. */
async function togglePictureInPicture(videos: readonly HTMLVideoElement[]): Promise<void> {
    if (document.pictureInPictureElement !== null) return document.exitPictureInPicture();
    const video = videos.find((one) => one.videoWidth > 0 && one.closest("[hidden]") === null);
    await video?.requestPictureInPicture().catch(() => undefined);
}

type Run = (command: CallCommand) => void;

// The head: with whom, since when, how safe

function head(scope: Scope, telephone: Telephone, model: CallModel, panel: Value<Panel | null>, run: Run): HTMLElement {
    const state = h("span", { class: "call-state" });
    const update = () => {
        const { state: name, startedMs } = model.summary.current;
        const lasts = (name === "inCall" || name === "reconnecting") && startedMs > 0;
        const time = lasts ? formatDuration(Math.max(0, Math.floor((Date.now() - startedMs) / 1_000))) : "";
        const text = name === "inCall" ? time : name === "over" ? "" : t(`state.${name}`, { name: model.name });
        if (state.textContent !== text) state.textContent = text;
    };
    scope.bind(model.summary, update);
    scope.every(1_000, update);
    const badge = h("span", { class: "call-badge" });
    scope.fill(badge, model.encrypted, (encrypted): Child => encrypted === null ? null : encrypted
        ? h("span", { class: "tag tag-good", title: t("badge.encryptedHint") }, icon("shieldCheck"), t("badge.encrypted"))
        : h("span", { class: "tag tag-warning", title: t("plain.before", { name: model.name }) }, icon("alert"), t("badge.plain")));
    // Before somebody answers there is nothing to be encrypted.
    const isAnswered = scope.part(model.summary, ({ state }) => state !== "calling" && state !== "ringingThere" && state !== "ringingHere");
    scope.bind(isAnswered, (answered) => (badge.hidden = !answered));
    const layout = toggleButton("control.grid", "grid", () => run("grid"), "grid");
    scope.attribute(layout, "aria-pressed", model.layout, (name) => String(name === "grid"));
    const fullScreen = toggleButton("control.fullScreen", "fullScreen", () => run("fullScreen"), "fullScreen");
    const followFullScreen = () => setAttribute(fullScreen, "aria-pressed", String(document.fullscreenElement !== null));
    document.addEventListener("fullscreenchange", followFullScreen);
    scope.onDispose(() => document.removeEventListener("fullscreenchange", followFullScreen));
    followFullScreen();
    const size = iconButton(t("control.small"), "minimise", { class: "icon-button call-size", onclick: () => run("small"), "aria-keyshortcuts": "Escape" });
    scope.bind(model.isSmall, (isSmall) => {
        const label = t(isSmall ? "control.large" : "control.small");
        size.setAttribute("aria-label", label);
        size.title = label;
        size.replaceChildren(icon(isSmall ? "enlarge" : "minimise"));
    });
    return h("header", { class: "call-head" },
        h("div", { class: "call-title" }, h("h2", {}, h("bdi", {}, model.name)), state),
        badge,
        h("div", { class: "call-tools" },
            layout,
            document.pictureInPictureEnabled
                && toggleButton("control.pip", "pictureInPicture", () => run("pip"), "pip"),
            document.fullscreenEnabled && fullScreen,
            panelButton(scope, panel, "details", "info", run),
            panelButton(scope, panel, "keyboard", "keyboard", run),
            telephone.host.isLarge !== null && size));
}

function toggleButton(label: Parameters<typeof t>[0], iconName: IconName, onclick: () => void, command: CallCommand): HTMLButtonElement {
    return iconButton(t(label), iconName, { onclick, "aria-keyshortcuts": keyName(command), title: `${t(label)} (${keyName(command)})` });
}

function panelButton(scope: Scope, panel: Value<Panel | null>, name: Panel, iconName: IconName, run: Run): HTMLButtonElement {
    const element = toggleButton(`control.${name}`, iconName, () => run(name), name);
    element.classList.add(`call-${name}-button`);
    scope.attribute(element, "aria-expanded", panel, (open) => String(open === name));
    return element;
}

// Panels at the side

function panelView(scope: Scope, model: CallModel, panel: Value<Panel | null>): HTMLElement {
    const titleId = uniqueId();
    const place = h("div", { class: "call-panel-place" });
    let opener: Element | null = null;
    scope.fill(place, panel, (name, inner): Child => {
        if (name === null) {
            if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
            opener = null;
            return null;
        }
        opener ??= document.activeElement;
        const title = h("h2", { id: titleId, tabindex: -1 }, t(name === "keyboard" ? "keys.title" : name === "details" ? "details.title" : "device.title"));
        inner.whenInPage(() => title.focus());
        return h("aside", { class: "call-panel", "aria-labelledby": titleId },
            h("div", { class: "call-panel-head" }, title,
                iconButton(t("control.closePanel"), "close", { onclick: () => panel.set(null) })),
            h("div", { class: "call-panel-body", tabindex: 0, role: "group", "aria-labelledby": titleId }, panelContent(inner, model, name)));
    });
    return place;
}

function panelContent(scope: Scope, model: CallModel, name: Panel): Child {
    const { devices } = model;
    switch (name) {
        case "details":
            return detailsPanel(scope, model);
        case "keyboard":
            return keysPanel();
        case "devices":
            return [
                devicePicker(scope, devices, "microphone"),
                levelBar(scope, devices.track.microphone),
                devicePicker(scope, devices, "camera"),
                devicePicker(scope, devices, "speaker"),
                speakerTest(scope),
            ];
    }
}

function problems(scope: Scope, model: CallModel): Child {
    const plain = h("div", {});
    // Once more, and before it is answered: the user may still hang up.
    scope.fill(plain, model.summary, ({ encryption, state }): Child => encryption === "none" && (state === "calling" || state === "ringingThere")
        ? notice("warning", t("RTCRtpScriptTransform" in window ? "plain.before" : "plain.self", { name: model.name }))
        : null);
    const noPath = h("div", {});
    const shown = () => fill(noPath, model.noPath.current !== null && !model.isOver
        && notice("warning", t("noPath.call", { name: model.name, why: appText(`noPath.${model.noPath.current}`) })));
    scope.bind(model.noPath, shown);
    scope.bind(model.summary, shown);
    const screen = h("div", { role: "status" });
    scope.fill(screen, model.screenRefused, (refused) => refused && notice("warning", t("screen.refused"),
        button(t("screen.dismiss"), { class: "small", onclick: () => model.screenRefused.set(false) })));
    return [plain, noPath, screen, deviceProblems(scope, model.devices, "microphone", "camera")];
}

// The controls at the bottom

function controls(scope: Scope, model: CallModel, panel: Value<Panel | null>, run: Run): HTMLElement {
    const mute = control("control.mute", "microphone", "mute", run);
    const muteIcon = mute.querySelector(".control-icon")!;
    scope.bind(model.isMuted, (muted) => {
        mute.setAttribute("aria-pressed", String(muted));
        muteIcon.replaceChildren(icon(muted ? "microphoneOff" : "microphone"));
    });
    const camera = control("control.camera", "camera", "camera", run);
    const cameraIcon = camera.querySelector(".control-icon")!;
    scope.bind(model.devices.track.camera, (track) => {
        camera.setAttribute("aria-pressed", String(track !== null));
        cameraIcon.replaceChildren(icon(track === null ? "cameraOff" : "camera"));
    });
    const canShare = typeof navigator.mediaDevices?.getDisplayMedia === "function";
    const screen = control("control.screen", "screen", "screen", run);
    scope.attribute(screen, "aria-pressed", model.sharing, (sharing) => String(sharing !== null));
    const next = button(t("control.nextCamera"), { class: "control control-next", onclick: () => void model.devices.nextCamera() });
    next.prepend(h("span", { class: "control-icon" }, icon("rotate")));
    const hasChoice = () => (next.hidden = model.devices.present.camera.current.length < 2 || model.devices.track.camera.current === null);
    scope.bind(model.devices.present.camera, hasChoice);
    scope.bind(model.devices.track.camera, hasChoice);
    const devices = control("control.devices", "settings", "devices", run);
    scope.attribute(devices, "aria-expanded", panel, (open) => String(open === "devices"));
    const hangUp = control("control.hangUp", "hangUp", "hangUp", run);
    hangUp.classList.add("hang-up");
    return h("div", { class: "call-controls", role: "group", "aria-label": t("control.group") },
        mute, camera, next, canShare && screen, devices, hangUp);
}

function control(label: Parameters<typeof t>[0], iconName: IconName, command: CallCommand, run: Run): HTMLButtonElement {
    return h("button", {
        type: "button", class: "control", onclick: () => run(command), "aria-keyshortcuts": keyName(command), "aria-label": t(label),
        title: `${t(label)} (${keyName(command)})`,
    }, h("span", { class: "control-icon" }, icon(iconName)), h("span", { class: "control-label" }, t(label)));
}

/** A screen that goes dark in the middle of a call would end it on many phones. */
function keepScreenOn(scope: Scope, model: CallModel): void {
    let release: (() => void) | null = null;
    let isAlive = true;
    const request = () => {
        if (document.visibilityState !== "visible" || model.isOver) return;
        navigator.wakeLock?.request("screen").then((lock) => {
            release = () => void lock.release().catch(() => undefined);
            if (!isAlive || model.isOver) release();
        }, () => undefined);
    };
    request();
    // The browser takes it back while the page is hidden.
    document.addEventListener("visibilitychange", request);
    const stop = () => {
        document.removeEventListener("visibilitychange", request);
        release?.();
        release = null;
    };
    scope.onDispose(() => {
        isAlive = false;
        stop();
    });
    scope.onDispose(model.summary.subscribe(({ state }) => state === "over" && stop()));
}
