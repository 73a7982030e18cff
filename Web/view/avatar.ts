import type { Conversation } from "../worker/boundary";
import { h } from "./dom";

/** The first letter, on a colour that stays the same for the same person. */
export function avatar({ name, member }: Pick<Conversation, "name" | "member">): HTMLElement {
    const letter = [...name][0] ?? "?";
    const hue = parseInt(member.slice(0, 4), 16) % 6;
    return h("span", { class: "avatar", "data-hue": hue, "aria-hidden": "true" }, letter.toLocaleUpperCase());
}
