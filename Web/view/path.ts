// The dialog beside `Connection`. What it shows is loaded with it.

import type { MainModel } from "../model/main";
import { t } from "../i18n";
import { dialog } from "./controls";
import { fill, h, Scope } from "./dom";
import { missingPart } from "./outdated";

export function pathDialog(scope: Scope, main: MainModel, onClose: () => void): HTMLDialogElement {
    const place = h("div", {});
    let isAlive = true;
    scope.onDispose(() => (isAlive = false));
    import("../calls/view/path").then(async ({ loadStyles, pathView }) => {
        await loadStyles();
        if (isAlive) fill(place, pathView(scope, main));
    }, async () => {
        await main.outdated.onPartMissing();
        if (isAlive) fill(place, missingPart(scope, main));
    });
    return dialog(t("connection.details"), onClose, place);
}
