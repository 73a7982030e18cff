import type { Invitation } from "../model/invitations";
import type { MainModel } from "../model/main";
import { Value } from "../model/value";
import { formatDateTime, t } from "../i18n";
import { button, choice, dialog, notice, spinner, textField } from "./controls";
import { Child, h, Scope } from "./dom";
import { qrImage } from "./qr";

const day = 86_400;
const lifetimes = [
    [3_600, "invite.hour"], [day, "invite.day"], [7 * day, "invite.week"], [30 * day, "invite.month"],
] as const;

/** A link and its code, made as the dialog opens. */
export function inviteDialog(scope: Scope, model: MainModel, onClose: () => void): HTMLDialogElement {
    const { invitations } = model;
    // One that is open is offered again, with the life that it has.
    let lifetime = invitations.offer(7 * day, Date.now());
    const link = h("div", { class: "invitation" });
    const redraw = new Value(0);
    scope.bind(invitations.latest, () => redraw.update((count) => count + 1));
    scope.bind(invitations.state, () => redraw.update((count) => count + 1));
    scope.bind(invitations.joined, () => redraw.update((count) => count + 1));
    scope.fill(link, redraw, (): Child => {
        if (invitations.latest.current !== null) return linkView(model, () => invitations.create(lifetime));
        if (invitations.state.current === "making") return spinner(t("invite.making"));
        if (invitations.state.current === "waiting") {
            return [spinner(t("invite.making")), notice("warning", t("invite.waiting"))];
        }
        const again = button(t("invite.again"), { class: "small", onclick: () => invitations.create(lifetime) });
        const { current: guest } = invitations.joined;
        if (guest !== null) return notice("info", t("toast.joined", { name: guest }), again);
        return invitations.state.current === "failed" ? notice("warning", t("invite.failed"), again) : again;
    });
    const expiry = choice(t("invite.valid"),
        lifetimes.map(([seconds, key]) => [String(seconds), t(key)]), String(lifetime),
        (value) => {
            // Another lifetime is another invitation; the one on the screen was given to nobody.
            lifetime = Number(value);
            const shown = invitations.latest.current;
            if (shown !== null) invitations.withdraw(shown.invitation);
            invitations.create(lifetime);
        });
    const open = h("section", { class: "open-invitations" });
    scope.fill(open, invitations.all, (all) => openInvitations(model, all.filter(({ state }) => state === "open")));
    const authority = h("div", { class: "authority" });
    scope.fill(authority, invitations.authority, (fingerprint) => fingerprint !== null && [
        h("h3", {}, t("invite.authority")),
        h("p", { class: "field-hint" }, t("invite.authorityText")),
        h("p", { class: "code fingerprint", dir: "ltr" }, fingerprint.split(/(?<=:)/).map((byte) => [byte, h("wbr")])),
    ]);
    scope.onDispose(() => invitations.forget());
    return dialog(t("invite.title"), onClose, h("p", { class: "lead" }, t("invite.text")), link, expiry, authority, open);
}

function linkView(model: MainModel, again: () => void): Child {
    const shown = model.invitations.latest.current;
    if (shown === null) return null;
    const field = textField(t("invite.link"), { readonly: true, dir: "ltr", class: "link" }, t("invite.validUntil", { date: formatDateTime(shown.expires) }));
    field.input.value = shown.link;
    field.input.addEventListener("focus", () => field.input.select());
    const copy = button(t("invite.copy"), {
        class: "primary",
        onclick: async () => {
            field.input.select();
            await navigator.clipboard.writeText(shown.link).then(
                () => model.toasts.show({ kind: "copied" }),
                // Without the permission, the selection is there to be copied by hand.
                () => field.input.focus());
        },
    }, "copy");
    return [
        h("div", { class: "qr-frame" }, qrImage(new TextEncoder().encode(shown.link), t("invite.qr"))),
        field.row,
        h("div", { class: "dialog-actions" }, copy, button(t("invite.again"), { onclick: again })),
        labelField(model, shown.invitation),
    ];
}

/** Whom it is for: a list of links that are all alike tells nobody which one to withdraw. */
function labelField(model: MainModel, invitation: string): HTMLElement {
    const field = textField(t("invite.label"), { maxlength: 64 }, t("invite.labelHint"));
    field.input.value = model.invitations.all.current.find((one) => one.invitation === invitation)?.label ?? "";
    field.input.addEventListener("change", () => model.invitations.setLabel(invitation, field.input.value));
    return field.row;
}

function openInvitations(model: MainModel, open: readonly Invitation[]): Child {
    if (open.length === 0) return null;
    return [
        h("h3", {}, t("invite.open")),
        h("ul", {}, open.map((invitation) => h("li", {},
            h("span", {},
                invitation.label !== "" && [h("strong", { dir: "auto" }, invitation.label), " "],
                t("invite.openItem", { created: formatDateTime(invitation.created), expires: formatDateTime(invitation.expires) }),
                invitation.invitation === model.invitations.latest.current?.invitation && h("span", { class: "tag" }, t("invite.thisOne"))),
            invitation.showable && invitation.invitation !== model.invitations.latest.current?.invitation
                && button(t("invite.show"), { class: "small", onclick: () => model.invitations.show(invitation) }),
            button(t("invite.withdraw"), { class: "small", onclick: () => model.invitations.withdraw(invitation.invitation) })))),
    ];
}
