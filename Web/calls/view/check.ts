// Before the first call: does the microphone hear, does the camera see? Nobody is called until the user says so.

import { dialog, notice, spinner } from "../../view/controls";
import { Child, h, Scope } from "../../view/dom";
import { t } from "../i18n";
import type { DeviceCheck, Telephone } from "../telephone";
import { devicePicker, deviceProblems, levelBar, picture, speakerTest } from "./devices";

export function checkDialog(scope: Scope, telephone: Telephone, check: DeviceCheck): HTMLDialogElement {
    const { devices } = telephone;
    const kinds = check.video ? ["microphone", "camera"] as const : ["microphone"] as const;
    const opening = h("div", {}, spinner(t("check.opening")));
    const preview = picture(scope, devices.track.camera, t("device.preview"));
    // Its place is kept while the camera opens: what is below must not move away from under a finger.
    const frame = h("div", { class: "check-preview" }, preview);
    let isOpening = true;
    const showFrame = () => (frame.hidden = !check.video || (!isOpening && devices.track.camera.current === null));
    scope.bind(devices.track.camera, showFrame);

    const name = check.conversation === null ? "" : telephone.nameOf(check.conversation);
    const go = h("button", { type: "button", class: "primary", disabled: true, onclick: () => telephone.finishCheck() });
    void devices.open(...kinds).then(() => {
        isOpening = false;
        opening.remove();
        go.disabled = false;
        showFrame();
    });
    scope.bind(devices.track.microphone, (microphone) => {
        go.textContent = check.conversation === null ? t("check.done")
            : microphone === null ? t("check.callWithout") : t("check.call", { name });
    });
    const element = dialog(t(check.video ? "check.title" : "check.titleVoice"), () => telephone.cancelCheck(),
        plainWarning(telephone, check),
        h("p", { class: "lead" }, t("check.text")),
        opening,
        deviceProblems(scope, devices, ...kinds),
        frame,
        levelBar(scope, devices.track.microphone),
        h("div", { class: "form" },
            kinds.map((kind) => devicePicker(scope, devices, kind)),
            devicePicker(scope, devices, "speaker")),
        h("div", { class: "check-actions" }, speakerTest(scope), go));
    return element;
}

/** Said before the call, where it can be known: frames will not be encrypted. */
function plainWarning(telephone: Telephone, { conversation }: DeviceCheck): Child {
    const warning = conversation === null ? null : telephone.plainWarning(conversation);
    if (warning === null || conversation === null) return null;
    return notice("warning", t(warning === "self" ? "plain.self" : "plain.before", { name: telephone.nameOf(conversation) }));
}
