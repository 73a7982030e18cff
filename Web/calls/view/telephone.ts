// Everything a call may show: that it rings, the check before it, the call itself.

import { button } from "../../view/controls";
import { h, Scope } from "../../view/dom";
import { icon } from "../../view/icons";
import { t } from "../i18n";
import type { Telephone } from "../telephone";
import { callView } from "./call";
import { checkDialog } from "./check";
import { incomingDialog } from "./incoming";

const styleSheet = "/calls.css";

/** Once the rules are there, or cannot be had. */
export function loadStyles(): Promise<void> {
    if (document.querySelector(`link[href="${styleSheet}"]`) !== null) return Promise.resolve();
    return new Promise((resolve) => {
        document.head.append(h("link", { rel: "stylesheet", href: styleSheet, onload: () => resolve(), onerror: () => resolve() }));
    });
}

/** Another tab of the profile has the call. */
function elsewhereNotice(scope: Scope, telephone: Telephone): HTMLElement {
    const place = h("div", { class: "calls-part" });
    scope.fill(place, telephone.elsewhere, (call) => call !== null && h("section",
        { class: "call-elsewhere", role: "region", "aria-label": t("elsewhere.region") },
        icon("phone"),
        h("p", { role: "status" }, t("elsewhere.text", { name: telephone.nameOf(call.conversation) })),
        button(t("control.hangUp"), { class: "hang-up small", onclick: () => telephone.hangUpElsewhere() }, "hangUp")));
    return place;
}

export function telephoneView(scope: Scope, telephone: Telephone): HTMLElement {
    const root = h("div", { class: "calls-part" });
    const call = h("div", { class: "calls-part" });
    const dialogs = h("div", { class: "calls-part" });
    const show = (inner: Scope, dialog: HTMLDialogElement) => {
        inner.whenInPage(() => {
            dialog.showModal();
            if (dialog.hasAttribute("autofocus")) dialog.focus();
        });
        return dialog;
    };
    root.append(call, dialogs, elsewhereNotice(scope, telephone));
    // What had the focus before the call, or its dialogs, gets it back after.
    let before: Element | null = null;
    const keepFocus = (isShown: boolean) => {
        if (isShown) before ??= document.activeElement;
        else if (telephone.shown.current === null && telephone.check.current === null && telephone.incoming.current === null) {
            if (before instanceof HTMLElement && before.isConnected) before.focus();
            before = null;
        }
    };
    scope.fill(call, telephone.shown, (model, inner) => {
        keepFocus(model !== null);
        return model && callView(inner, telephone, model);
    });
    const check = h("div", { class: "calls-part" });
    const incoming = h("div", { class: "calls-part" });
    dialogs.append(check, incoming);
    scope.fill(check, telephone.check, (wanted, inner) => {
        keepFocus(wanted !== null);
        return wanted && show(inner, checkDialog(inner, telephone, wanted));
    });
    scope.fill(incoming, telephone.incoming, (ringing, inner) => {
        keepFocus(ringing !== null);
        return ringing && show(inner, incomingDialog(inner, telephone, ringing));
    });
    return root;
}
