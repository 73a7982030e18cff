// Voice messages: the recorder in the composer, the player in the log.

import type { ConversationModel } from "../model/conversation";
import { Value } from "../model/value";
import { bars, RecordedVoice, VoiceModel } from "../model/voice";
import { t } from "../i18n";
import { iconButton } from "./controls";
import { Child, h, Scope, svg } from "./dom";
import { fileActions, FileMessage, fileProgress } from "./file";
import { formatClock } from "./filetext";
import { icon } from "./icons";

/** Nobody speaks so long: what claims to be a voice message and is larger is not decrypted into memory. */
const largestVoice = 32 << 20;

// Recording

/** The button that is held to record, and what takes the composer's place meanwhile. */
export function voiceRecorder(scope: Scope, model: ConversationModel): { start: HTMLElement; panel: HTMLElement } {
    const { voice } = model;
    const start = iconButton(t("voice.record"), "microphone", { class: "icon-button" });
    // A pointer holds; a keyboard clicks.
    start.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        voice.press();
        const release = () => voice.release();
        window.addEventListener("pointerup", release, { once: true });
        window.addEventListener("pointercancel", release, { once: true });
    });
    start.addEventListener("click", (event) => {
        if (event.detail === 0) voice.press();
    });
    start.addEventListener("contextmenu", (event) => event.preventDefault());
    const panel = h("div", { class: "recorder", role: "group", "aria-label": t("file.voice"), hidden: true });
    scope.fill(panel, voice.state, (state, inner): Child => {
        panel.hidden = state.state === "idle";
        const form = panel.parentElement;
        form?.classList.toggle("composer-recording", !panel.hidden);
        const discard = iconButton(t("voice.discard"), "trash", { onclick: () => voice.discard() });
        switch (state.state) {
            case "idle":
                return null;
            case "asking":
                return [discard, h("p", { class: "recorder-text", role: "status" }, t("voice.asking"))];
            case "refused":
                return [
                    h("p", { class: "recorder-text field-error", role: "alert" }, t("voice.refused")),
                    iconButton(t("dismiss"), "close", { onclick: () => voice.discard() }),
                ];
            case "recording": {
                const time = h("span", { class: "recorder-time", role: "timer" });
                inner.every(200, () => (time.textContent = formatClock(voice.elapsed)));
                time.textContent = formatClock(0);
                const stop = iconButton(t("voice.stop"), "stop", { class: "icon-button primary round", onclick: () => void voice.stop() });
                inner.whenInPage(() => stop.focus({ preventScroll: true }));
                return [
                    discard,
                    h("span", { class: "recorder-dot", "aria-hidden": "true" }),
                    h("span", { class: "visually-hidden", role: "status" }, t("voice.recording")),
                    time, liveWave(inner, voice), stop,
                ];
            }
            case "recorded": {
                const send = iconButton(t("voice.send"), "send", { class: "icon-button primary round", onclick: () => voice.send() });
                inner.whenInPage(() => send.focus({ preventScroll: true }));
                return [discard, recordedPlayer(inner, state.voice, model.touch), send];
            }
        }
    });
    return { start, panel };
}

/** The last seconds, the newest at the end. */
function liveWave(scope: Scope, voice: VoiceModel): Element {
    const wave = svg("svg", { class: "wave wave-live", viewBox: `0 0 ${4 * bars} 32`, preserveAspectRatio: "none", "aria-hidden": "true" });
    const path = svg("path", { class: "wave-bars" });
    wave.append(path);
    scope.bind(voice.levels, (levels) => {
        const shown = levels.slice(-bars);
        path.setAttribute("d", barsPath(shown.map((level) => Math.min(1, level * 4)), bars - shown.length));
    });
    return wave;
}

function recordedPlayer(scope: Scope, { blob, durationMs, waveform }: RecordedVoice, touch: () => void): Child {
    return wavePlayer(scope, waveform, durationMs, async () => blob, new Value(true), touch);
}

// Listening

/** A voice message in the log. Masked, only its size is known. */
export function voiceBody(scope: Scope, model: ConversationModel, message: FileMessage): Child {
    const { id, file } = message;
    if (file.state !== "complete" || file.waveform.length === 0) {
        return h("div", { class: "file" },
            h("div", { class: "file-head" },
                h("span", { class: "file-tile", "aria-hidden": "true" }, icon("microphone")),
                h("p", { class: "file-name" }, t("file.voice"))),
            fileProgress(scope, model, message, t("file.voice")),
            fileActions(scope, model, message, t("file.voice")));
    }
    // Asked for once, at the first play; from then on it is here until the message is masked.
    const open = () => new Promise<Blob>((resolve, reject) => {
        const stop = model.files.playing.subscribe((opened) => {
            if (opened?.file !== id) return;
            stop();
            if (opened.size > largestVoice) return reject(new Error("no voice message"));
            opened.blob(safeVoiceType(file.mediaType)).then(resolve, reject);
        });
        scope.onDispose(stop);
        model.files.listen(model.id, id);
    });
    const isPlaying = new Value(false);
    scope.bind(isPlaying, (playing) => (playing ? model.hold(id) : model.release(id)));
    return h("div", { class: "voice" }, wavePlayer(scope, file.waveform, file.durationMs, open, isPlaying, model.touch));
}

/** Only what is sound is played as sound. */
function safeVoiceType(mediaType: string): string {
    return ["audio/ogg", "audio/mp4"].includes(mediaType) ? mediaType : "audio/webm";
}

/** Play, the waveform with how far it is, the time. Listening is using the app. */
function wavePlayer(scope: Scope, waveform: Uint8Array, durationMs: number, open: () => Promise<Blob>, isPlaying: Value<boolean>,
    touch: () => void): Child {
    let audio: HTMLAudioElement | null = null;
    let isAlive = true;
    let wanted = 0;
    const toggle = h("button", { type: "button", class: "icon-button primary round" });
    const time = h("span", { class: "wave-time", "aria-hidden": "true" });
    const seconds = durationMs / 1_000;
    const slider = h("input", {
        type: "range", class: "wave-slider", min: 0, max: seconds, step: 0.1, value: 0, "aria-label": t("voice.position"),
    });
    const levels = Array.from(waveform, (level) => level / 255);
    const width = Math.max(1, levels.length) * 4;
    const wave = (name: string) => svg("svg", { class: `wave ${name}`, viewBox: `0 0 ${width} 32`, preserveAspectRatio: "none", "aria-hidden": "true" },
        svg("path", { class: "wave-bars", d: barsPath(levels, 0) }));
    const track = h("div", { class: "wave-track" }, wave("wave-rest"), wave("wave-done"), slider);
    const show = () => {
        const position = audio === null ? wanted : audio.currentTime;
        track.style.setProperty("--part", String(seconds === 0 ? 0 : Math.min(1, position / seconds)));
        if (document.activeElement !== slider || isAudible()) slider.value = String(position);
        slider.setAttribute("aria-valuetext", formatClock(position * 1_000));
        time.textContent = formatClock(position > 0 ? position * 1_000 : durationMs);
    };
    const isAudible = () => audio !== null && !audio.paused;
    const showState = () => {
        toggle.replaceChildren(icon(isAudible() ? "pause" : "play"));
        toggle.setAttribute("aria-label", t(isAudible() ? "voice.pause" : "voice.play"));
        isPlaying.set(isAudible());
        show();
    };
    const load = async () => {
        const blob = await open();
        if (!isAlive) throw new Error("masked meanwhile");
        const address = URL.createObjectURL(blob);
        const element = new Audio(address);
        scope.onDispose(() => {
            element.pause();
            element.removeAttribute("src");
            URL.revokeObjectURL(address);
        });
        for (const event of ["play", "pause", "ended", "timeupdate"]) element.addEventListener(event, showState);
        element.addEventListener("ended", () => (element.currentTime = 0));
        element.currentTime = wanted;
        audio = element;
        return element;
    };
    toggle.addEventListener("click", async () => {
        if (isAudible()) return audio?.pause();
        toggle.disabled = true;
        try {
            await (audio ?? (await load())).play();
        } catch {
            time.textContent = t("viewer.unplayable");
        }
        toggle.disabled = false;
    });
    slider.addEventListener("input", () => {
        wanted = Number(slider.value);
        if (audio !== null) audio.currentTime = wanted;
        show();
    });
    scope.onDispose(() => {
        isAlive = false;
        isPlaying.set(false);
    });
    scope.every(100, () => {
        if (!isAudible()) return;
        touch();
        show();
    });
    showState();
    return h("div", { class: "wave-player" }, toggle, track, time);
}

/** Bars around the middle, four units each, after `skipped` empty ones. */
function barsPath(levels: readonly number[], skipped: number): string {
    return levels.map((level, index) => {
        const half = 1 + 14 * level;
        return `M${4 * (index + skipped) + 2} ${(16 - half).toFixed(1)}v${(2 * half).toFixed(1)}`;
    }).join("");
}
