import type { ConversationModel } from "../model/conversation";
import { composedName } from "../model/text";
import { t } from "../i18n";
import { checkbox, dialog, textField } from "./controls";
import { h } from "./dom";

/** Whom this is: what they call themselves, and what the user calls them. */
export function detailsDialog(model: ConversationModel, onClose: () => void): HTMLDialogElement {
    const summary = model.summary.current;
    const petname = textField(t("details.petname"), { maxlength: 128 }, t("details.petnameHint"));
    petname.input.value = summary.petname;
    const form = h("form", { class: "form" },
        h("dl", { class: "facts" },
            h("dt", {}, t("details.selfName")),
            h("dd", { dir: "auto" }, summary.selfName || summary.name)),
        petname.row,
        h("button", { type: "submit", class: "primary" }, t("details.save")));
    const unmasked = checkbox(t("details.unmasked"), summary.unmasked, (checked) => model.setUnmasked(checked));
    const element = dialog(t("details.title"), onClose, form, unmasked, h("p", { class: "field-hint" }, t("details.unmaskedHint")));
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        model.setPetname(composedName(petname.input.value));
        element.close();
    });
    return element;
}
