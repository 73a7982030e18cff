import { h } from "./dom";
import { icon } from "./icons";

/** In the viewer, where there is nothing to show. */
export function viewerMessage(text: string): Element[] {
    return [h("div", { class: "empty viewer-message" }, icon("file"), h("p", {}, text))];
}
