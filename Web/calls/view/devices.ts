// Pickers, the microphone's level, one's own picture, and what is wrong with any of them.

import type { Observable } from "../../model/value";
import { button, notice } from "../../view/controls";
import { Child, h, Scope, setAttribute, uniqueId } from "../../view/dom";
import { t } from "../i18n";
import { CaptureKind, Devices, DeviceKind } from "../net/devices";
import { LevelMeter, Ringer } from "../net/sound";

/** The choice among the devices of one kind. Hidden while there is none. */
export function devicePicker(scope: Scope, devices: Devices, kind: DeviceKind): HTMLElement {
    const id = uniqueId();
    const select: HTMLSelectElement = h("select", { id, onchange: () => void devices.choose(kind, select.value) });
    const row = h("div", { class: "field field-inline device-row" }, h("label", { for: id }, t(`device.${kind}`)), select);
    const update = () => {
        const present = devices.present[kind].current;
        const chosen = devices.chosen[kind].current;
        const isKnown = present.some((device) => device.id === chosen);
        const isTouched = document.activeElement === select;
        select.replaceChildren(
            ...(isKnown ? [] : [h("option", { value: chosen, selected: true }, t("device.default"))]),
            ...present.map((device, index) => h("option", { value: device.id, selected: device.id === chosen },
                device.label || t("device.unnamed", { number: index + 1 }))));
        row.hidden = present.length === 0;
        if (isTouched) select.focus();
    };
    scope.bind(devices.present[kind], update);
    scope.bind(devices.chosen[kind], update);
    return row;
}

/** A bar that moves with the voice. Assistive technology hears of it in tenths, not sixty times a second. */
export function levelBar(scope: Scope, track: Observable<MediaStreamTrack | null>): HTMLElement {
    const bar = h("div", { class: "level-bar" });
    const meter = h("div", {
        class: "level", role: "meter", "aria-label": t("device.level"), "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0,
    }, bar);
    let level: LevelMeter | null = null;
    let shown = 0;
    scope.bind(track, (current) => {
        level?.stop();
        level = current === null ? null : new LevelMeter(current);
    });
    scope.every(50, () => {
        // Falls slower than it rises: a word is seen as a word.
        shown = Math.max(level?.level ?? 0, shown - 0.04);
        bar.style.setProperty("inline-size", `${Math.round(shown * 100)}%`);
    });
    scope.every(1_000, () => setAttribute(meter, "aria-valuenow", Math.round(shown * 10) * 10));
    scope.onDispose(() => level?.stop());
    return meter;
}

/** A muted video element that shows the track. */
export function picture(scope: Scope, track: Observable<MediaStreamTrack | null>, label: string): HTMLVideoElement {
    // Nothing to press: Firefox would stop at it with Tab.
    const video = h("video", { autoplay: true, playsinline: true, "aria-label": label, tabindex: -1 });
    video.muted = true;
    scope.bind(track, (current) => {
        video.srcObject = current === null ? null : new MediaStream([current]);
        if (current !== null) void video.play().catch(() => undefined);
    });
    scope.onDispose(() => (video.srcObject = null));
    return video;
}

/** What keeps a device from working, and a way to try again. */
export function deviceProblems(scope: Scope, devices: Devices, ...kinds: CaptureKind[]): HTMLElement {
    const place = h("div", { class: "device-problems", role: "status" });
    for (const kind of kinds) {
        const row = h("div", {});
        scope.fill(row, devices.problem[kind], (problem): Child => problem !== null && notice("warning", t(`${kind}.${problem}`),
            button(t("device.retry"), { class: "small", onclick: () => void devices.open(kind) })));
        place.append(row);
    }
    return place;
}

export function speakerTest(scope: Scope): HTMLElement {
    const ringer = new Ringer();
    scope.onDispose(() => ringer.stop());
    return button(t("device.testSpeaker"), { class: "small", onclick: () => ringer.play("ended") }, "speaker");
}
