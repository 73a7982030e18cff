import type { MainModel } from "../model/main";
import { shortestPassphrase } from "../model/text";
import { untilHidden, whileInView } from "../worker/boundary";
import { chooseLanguage, chosenLanguage, formatDateTime, Language, languageNames, t } from "../i18n";
import { ringsAloud, setRingsAloud } from "../net/ring";
import { button, checkbox, checkedFields, choice, dialog, passphraseField, textField } from "./controls";
import { Child, h, Scope, uniqueId } from "./dom";
import { chooseTheme, chosenTheme, Theme } from "./theme";

const revealChoices = [10, 30, 60, 300];
const idleChoices = [60, 300, 900, 1_800, 3_600];

export function settingsDialog(scope: Scope, model: MainModel, onClose: () => void): HTMLDialogElement {
    const { recoveryMade } = model.profile.current;
    return dialog(t("settings.title"), onClose,
        section(t("settings.you"), nameForm(model)),
        section(t("settings.look"), languageChoice(), themeChoice()),
        section(t("settings.privacy"), messageChoices(model)),
        section(t("settings.connections"), relayChoice(model)),
        section(t("settings.calls"),
            checkbox(t("settings.ring"), ringsAloud(), setRingsAloud),
            button(t("settings.devices"), { onclick: () => checkDevices(model) }, "camera")),
        section(t("settings.security"), idleChoice(model), passphraseForm(scope, model)),
        model.profile.current.isOperator && section(t("settings.recovery"),
            h("p", { class: "field-hint" }, t("settings.recoveryText")),
            recoveryMade !== 0 && h("p", { class: "field-hint" }, t("settings.recoveryMade", { date: formatDateTime(recoveryMade) })),
            button(t("settings.recoveryMake"), { onclick: () => model.dialog.set("recovery") }, "key")),
        version());
}

/** What to name when something is wrong: the build writes it into the page. */
function version(): Child {
    const number = document.querySelector<HTMLMetaElement>('meta[name="version"]')?.content ?? "";
    return number !== "" && h("p", { class: "field-hint" }, t("settings.version", { version: number }));
}

function checkDevices(model: MainModel): void {
    model.dialog.set(null);
    model.calls.checkDevices();
}

function section(title: string, ...children: Child[]): HTMLElement {
    return h("section", { class: "settings-section" }, h("h3", {}, title), children);
}

function nameForm(model: MainModel): HTMLElement {
    const name = textField(t("settings.name"), { maxlength: 128, autocapitalize: "words" });
    name.input.value = model.profile.current.ownName;
    const form = h("form", { class: "form-inline", novalidate: true }, name.row,
        h("button", { type: "submit" }, t("settings.saveName")));
    checkedFields([name, () => null]);
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        name.setError(model.rename(name.input.value) ? null : t("problem.badName"));
    });
    return form;
}

function languageChoice(): HTMLElement {
    return choice(t("settings.language"), [["", t("settings.languageSystem")], ...languageNames], chosenLanguage() ?? "",
        (value) => chooseLanguage(value === "" ? null : (value as Language)));
}

function themeChoice(): HTMLElement {
    return choice(t("settings.theme"),
        [["", t("settings.themeSystem")], ["light", t("settings.themeLight")], ["dark", t("settings.themeDark")]],
        chosenTheme() ?? "", (value) => chooseTheme(value === "" ? null : (value as Theme)));
}

export function duration(seconds: number): string {
    return seconds < 60 ? t("settings.seconds", { count: seconds }) : t("settings.minutes", { count: seconds / 60 });
}

/** The usual ones, and the present one if it is none of them. */
function durations(usual: readonly number[], present: number): [string, string][] {
    const all = usual.includes(present) || present === 0 ? usual : [...usual, present].sort((a, b) => a - b);
    return all.map((seconds) => [String(seconds), duration(seconds)]);
}

function messageChoices(model: MainModel): Child {
    const { revealSeconds, readReceipts } = model.profile.current.settings;
    return [
        choice(t("settings.reveal"), [
            [String(whileInView), t("settings.revealInView")], [String(untilHidden), t("settings.revealUntilHidden")],
            ...durations(revealChoices, revealSeconds === untilHidden ? whileInView : revealSeconds)
                .map(([seconds, time]): [string, string] => [seconds, t("settings.revealFor", { time })]),
        ], String(revealSeconds),
            (value) => model.changeSettings({ revealSeconds: Number(value) })),
        checkbox(t("settings.receipts"), readReceipts, (checked) => model.changeSettings({ readReceipts: checked })),
    ];
}

function relayChoice(model: MainModel): Child {
    const id = uniqueId();
    const { relayOnly } = model.profile.current.settings;
    const row = checkbox(t("settings.relayOnly"), relayOnly, (checked) => model.changeSettings({ relayOnly: checked }));
    row.querySelector("input")!.setAttribute("aria-describedby", id);
    return [row, h("p", { id, class: "field-hint" }, t("settings.relayOnlyHint"))];
}

function idleChoice(model: MainModel): HTMLElement {
    const { idleLockSeconds } = model.profile.current.settings;
    return choice(t("settings.idle"), durations(idleChoices, idleLockSeconds), String(idleLockSeconds),
        (value) => model.changeSettings({ idleLockSeconds: Number(value) }));
}

function passphraseForm(scope: Scope, model: MainModel): HTMLElement {
    const old = passphraseField(t("settings.oldPassphrase"), { autocomplete: "current-password" });
    const replacement = passphraseField(t("settings.newPassphrase"), { autocomplete: "new-password" });
    const repeat = passphraseField(t("settings.repeatPassphrase"), { autocomplete: "new-password" });
    const submit = h("button", { type: "submit" });
    const outcome = h("p", { role: "status", class: "good" });
    const form = h("form", { class: "form", novalidate: true }, old.row, replacement.row, repeat.row, submit, outcome);

    model.passphraseChange.set("idle");
    scope.bind(model.passphraseChange, (state) => {
        submit.disabled = state === "working";
        submit.textContent = t(state === "working" ? "settings.changing" : "settings.change");
        outcome.textContent = state === "changed" ? t("settings.changed") : "";
        old.setError(state === "refused" ? t("settings.wrongOld") : null);
        if (state === "changed") form.reset();
    });
    const firstWrong = checkedFields(
        // Whether this one is right, the core says.
        [old, () => null],
        [replacement, () => ([...replacement.input.value].length < shortestPassphrase ? t("enrol.tooShort") : null)],
        [repeat, () => (replacement.input.value !== repeat.input.value ? t("enrol.mismatch") : null)]);
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        const wrong = firstWrong();
        if (wrong !== undefined) return wrong.input.focus();
        model.changePassphrase(old.input.value, replacement.input.value);
    });
    return h("details", {}, h("summary", {}, t("settings.changePassphrase")), form);
}
