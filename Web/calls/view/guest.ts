// Calls in a tab that does not work on the profile, in front of what it says about that.

import { h, Scope } from "../../view/dom";
import { t } from "../i18n";
import type { Guest } from "../tabs/guest";
import { telephoneView } from "./telephone";

export function guestView(scope: Scope, guest: Guest): HTMLElement {
    const taken = h("p", { class: "guest-notice", role: "status" });
    scope.bind(guest.isTaken, (isTaken) => (taken.textContent = isTaken ? t("elsewhere.taken") : ""));
    return h("div", { class: "calls-part" },
        taken,
        h("div", { class: "guest-call" }, telephoneView(scope, guest.telephone)));
}
