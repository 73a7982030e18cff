// The screens before the conversations: no invitation yet, joining, locked, another tab, stopped.

import type { App, BrokenReason } from "../model/app";
import type { Kept } from "../model/main";
import type { EnrolModel } from "../model/enrol";
import type { LockedModel } from "../model/locked";
import { invitationLinkIn } from "../model/link";
import { composedName, passphraseStrength, shortestPassphrase } from "../model/text";
import type { RecordedVoice } from "../model/voice";
import { formatDateTime, t } from "../i18n";
import type { Problem } from "../worker/boundary";
import { button, checkedFields, notice, passphraseField, spinner, textField } from "./controls";
import { Child, h, Scope, setAttribute, uniqueId } from "./dom";
import { icon, IconName, mark } from "./icons";
import { duration } from "./settings";


function card(title: Child, ...children: Child[]): HTMLElement {
    return h("main", { class: "entry" },
        h("div", { class: "card" },
            h("div", { class: "brand" }, mark(), h("span", {}, "CryptPeer")),
            h("h1", {}, title),
            children),
        h("p", { class: "entry-foot" }, icon("shield"), t("app.node", { host: location.host })));
}

function heading(iconName: IconName, key: Parameters<typeof t>[0]): Child {
    return [icon(iconName), t(key)];
}

export function startingView(): HTMLElement {
    return h("main", { class: "entry entry-starting" }, spinner(t("app.starting")));
}

export function welcomeView(scope: Scope, app: App, refused: Problem | null): HTMLElement {
    return card(t("welcome.title"), refused !== null && notice("danger", t(`problem.${refused}`)),
        h("p", { class: "lead" }, t("welcome.text")), linkForm(scope, app));
}

function linkForm(scope: Scope, app: App): HTMLElement {
    const field = textField(t("welcome.paste"), { inputmode: "url", placeholder: `https://${location.host}/#…`, dir: "ltr" });
    const form = h("form", { class: "form", novalidate: true }, field.row,
        h("button", { type: "submit", class: "primary" }, t("welcome.open")));
    const found = () => invitationLinkIn(field.input.value, location.origin);
    const firstWrong = checkedFields([field, () => {
        const link = found();
        if (link === "none") return t("welcome.notALink");
        return typeof link === "string" ? null : t("welcome.otherNode", { host: link.otherHost });
    }]);
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        if (firstWrong() !== undefined) return field.input.focus();
        const link = found();
        if (typeof link === "string") app.openLink(link);
    });
    focusFirst(scope, field.input);
    return form;
}

export function enrolView(scope: Scope, app: App, model: EnrolModel): HTMLElement {
    const title = h("span", {});
    const name = () => {
        if (model.state.current.state === "refused") return "enrol.refused";
        return model.terms.current?.kind === "operator" ? "enrol.titleOperator" : "enrol.title";
    };
    for (const part of [model.terms, model.state]) scope.bind<unknown>(part, () => (title.textContent = t(name())));
    const body = h("div", {});
    // The form stays in its place while the state changes beneath it: what is being typed goes on.
    const form = enrolForm(scope, model);
    const refusal = scope.part(model.state, (state) => (state.state === "refused" ? state.problem : null));
    scope.bind(refusal, (problem) => body.replaceChildren(...(problem === null ? [form]
        : problem === "tooManyRequests" ? [notice("warning", t("enrol.busy"))]
        : [notice("danger", t(`problem.${problem}`)), linkForm(scope, app)])));
    return card(title, body);
}

function enrolForm(scope: Scope, model: EnrolModel): HTMLElement {
    const name = textField(t("enrol.name"), { autocomplete: "name", maxlength: 128, autocapitalize: "words" }, t("enrol.nameHint"));
    const passphrase = passphraseField(t("enrol.passphrase"), { autocomplete: "new-password" }, t("enrol.passphraseHint"));
    const repeat = passphraseField(t("enrol.repeat"), { autocomplete: "new-password" });
    const strength = strengthMeter(passphrase.input);
    passphrase.row.append(strength);
    const worth = h("details", { class: "worth" }, h("summary", {}, t("enrol.why")), h("p", { class: "field-hint" }, t("enrol.worth")));
    const join = h("button", { type: "submit", class: "primary" }, t("enrol.join"));
    const progress = h("div", { class: "form-progress" });
    const introduction = h("p", { class: "lead" });
    const form = h("form", { class: "form", novalidate: true },
        introduction, name.row, passphrase.row, repeat.row, worth, progress, join);

    scope.bind(model.terms, (terms) => {
        introduction.replaceChildren(...[
            terms?.kind === "operator" ? t("enrol.operatorText")
                : terms !== null && terms.inviterName !== "" ? t("enrol.invitedBy", { name: terms.inviterName, host: terms.host || location.host })
                    : "",
            " ", t("enrol.text"),
        ]);
    });
    const showProgress = () => {
        const state = model.state.current.state;
        const problem = model.problem.current;
        const waiting = model.terms.current === null;
        progress.replaceChildren();
        if (problem !== null) progress.append(notice("danger", t(`problem.${problem}`)));
        else if (model.addressUnknown.current) progress.append(notice("danger", unknownAddress()));
        else if (!model.nodeReachable.current) progress.append(notice("warning", t("enrol.unreachable")));
        else if (state === "joining") progress.append(spinner(t(waiting ? "enrol.opening" : "enrol.joining")));
        for (const control of [name.input, passphrase.input, repeat.input, join]) control.disabled = state === "joining";
    };
    scope.bind(model.state, showProgress);
    scope.bind(model.terms, showProgress);
    scope.bind(model.problem, showProgress);
    scope.bind(model.nodeReachable, showProgress);
    scope.bind(model.addressUnknown, showProgress);

    const firstWrong = checkedFields(
        [name, () => (composedName(name.input.value) === "" ? t("enrol.nameMissing") : null)],
        [passphrase, () => ([...passphrase.input.value].length < shortestPassphrase ? t("enrol.tooShort") : null)],
        [repeat, () => (passphrase.input.value !== repeat.input.value ? t("enrol.mismatch") : null)]);
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        const wrong = firstWrong();
        if (wrong !== undefined) return wrong.input.focus();
        model.join(name.input.value, passphrase.input.value);
    });
    focusFirst(scope, name.input);
    return form;
}

function strengthMeter(input: HTMLInputElement): HTMLElement {
    const meter = h("p", { class: "strength", "aria-live": "polite", hidden: true });
    input.addEventListener("input", () => {
        const strength = passphraseStrength(input.value);
        meter.hidden = input.value === "";
        meter.dataset["strength"] = String(strength);
        meter.replaceChildren(h("span", { class: "strength-bar", "aria-hidden": "true" }), t(`strength.${strength}`));
    });
    return meter;
}

export function lockedView(scope: Scope, model: LockedModel): HTMLElement {
    const passphrase = passphraseField(t("locked.passphrase"), { autocomplete: "current-password" });
    const unlock = h("button", { type: "submit", class: "primary" });
    const form = h("form", { class: "form", novalidate: true }, passphrase.row, unlock);

    const update = () => {
        const seconds = model.secondsToWait();
        const busy = model.unlocking.current;
        const wrong = model.refused.current ? t("locked.wrong") : null;
        const wait = seconds > 0 ? t("locked.wait", { count: seconds }) : null;
        passphrase.setError(wrong !== null && wait !== null ? `${wrong} ${wait}` : wrong ?? wait);
        passphrase.input.readOnly = busy;
        unlock.disabled = busy || seconds > 0;
        unlock.textContent = t(busy ? "locked.unlocking" : "locked.unlock");
        setAttribute(form, "aria-busy", busy ? "true" : null);
    };
    scope.bind(model.unlocking, update);
    scope.bind(model.refused, (refused) => {
        update();
        if (refused) passphrase.input.select();
    });
    scope.bind(model.waitUntil, update);
    // What is typed now is another passphrase.
    passphrase.input.addEventListener("input", () => model.secondsToWait() === 0 && model.refused.set(false));
    scope.every(500, () => {
        if (model.waitUntil.current > 0) update();
    });
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        model.unlock(passphrase.input.value);
    });
    const problem = h("div", {});
    scope.fill(problem, model.problem, (current) => current !== null && notice("danger", t(`problem.${current}`)));
    focusFirst(scope, passphrase.input);
    return card(heading("lock", "locked.title"),
        model.reason?.by === "idle" && notice("info", t("locked.idle", { time: duration(model.reason.seconds) })),
        h("p", { class: "lead" }, t("locked.text")),
        model.linkIgnored && notice("warning", t("locked.linkIgnored")),
        problem,
        form);
}

export function elsewhereView(scope: Scope, app: App): HTMLElement {
    const isGone = app.isElsewhereGone;
    scope.every(1_000, () => void app.lookElsewhere());
    void app.lookElsewhere();
    const inCall = scope.part(app.callElsewhere, (call) => call === "inCall");
    const calls = h("div", { class: "calls" });
    scope.bind(app.callElsewhere, (call) => call === "ringing" && calls.childElementCount === 0 && takeCalls(scope, calls));
    const warning = h("div", {});
    scope.fill(warning, inCall, (isInCall) => isInCall && notice("warning", t("elsewhere.inCall")));
    return card(scope.text(isGone, (gone) => t(gone ? "elsewhere.goneTitle" : "elsewhere.title")),
        h("p", { class: "lead", role: "status" }, scope.text(isGone, (gone) => t(gone ? "elsewhere.goneText" : "elsewhere.text"))),
        warning,
        button(t("elsewhere.use"), { class: "primary", onclick: () => void app.useHere() }),
        calls);
}

/** The option stands by itself: an address inside a sentence is marked by characters for its direction, which a copy takes along. */
function unknownAddress(): Child {
    return [t("enrol.unknownAddress", { origin: location.origin }), " ",
        h("code", { dir: "ltr" }, `--public-origin ${location.origin}`)];
}

/** It rings in the tab that has the keys, and so here, too. */
function takeCalls(scope: Scope, place: HTMLElement): void {
    let isAlive = true;
    scope.onDispose(() => (isAlive = false));
    // What is loaded once stays for the next call.
    const stage = place.appendChild(h("div", { class: "calls" }));
    import("../calls/part").then(async ({ Guest, guestView, loadStyles }) => {
        await loadStyles();
        if (!isAlive) return;
        const guest = new Guest();
        scope.onDispose(() => guest.dispose());
        stage.append(guestView(scope, guest));
    }, () => stage.remove());
}

export function brokenView(app: App, reason: BrokenReason, detail: string): HTMLElement {
    // What the browser allows a site counts from the next load on.
    const retry = () => (reason === "fault.blocked" ? location.reload() : app.restart());
    return card(t("broken.title"),
        h("p", { class: "lead" }, t(reason)),
        detail !== "" && h("p", { class: "detail", dir: "ltr" }, detail),
        button(t("broken.retry"), { class: "primary", onclick: retry }));
}

/** The profile is gone; what the page still has can be copied out, and then it starts anew. */
export function removedView(scope: Scope, app: App, kept: readonly Kept[]): HTMLElement {
    const text = kept.map(keptText).filter((part) => part !== "").join("\n\n");
    const id = uniqueId();
    const area = h("textarea", { id, class: "kept", readonly: true, rows: 10, dir: "auto" });
    area.value = text;
    const copy: HTMLButtonElement = button(t("copy"), {
        onclick: () => void navigator.clipboard.writeText(text).then(() => (copy.lastElementChild!.textContent = t("copied")), () => area.select()),
    }, "copy");
    const recordings = kept.flatMap(({ name, voice }) => (voice === null ? [] : [recordingLink(scope, name, voice)]));
    return card(t("removed.title"),
        h("p", { class: "lead" }, t("fault.removed")),
        text !== "" && h("div", { class: "field" }, h("label", { for: id }, t("removed.kept")), area, copy),
        recordings,
        button(t("broken.retry"), { class: "primary", onclick: () => app.restart() }));
}

function keptText({ name, messages, draft }: Kept): string {
    if (messages.length === 0 && draft === "") return "";
    const lines = messages.map(({ own, time, text }) => `${formatDateTime(time)}, ${own ? t("conversation.you") : name} – ${text}`);
    return [name, ...lines, ...(draft === "" ? [] : [`${t("removed.draft")} – ${draft}`])].join("\n");
}

function recordingLink(scope: Scope, name: string, { blob }: RecordedVoice): HTMLElement {
    const address = URL.createObjectURL(blob);
    scope.onDispose(() => URL.revokeObjectURL(address));
    return h("p", {}, h("a", { href: address, download: "recording.webm" }, t("removed.recording", { name })));
}

/** Not where the focus would raise a keyboard over half of the screen. */
function focusFirst(scope: Scope, input: HTMLElement): void {
    if (!matchMedia("(pointer: coarse)").matches) scope.whenInPage(() => input.focus());
}
