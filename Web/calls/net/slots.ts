// The four tracks a call may carry in each direction. Their order is that of the media sections (RFC 8829 §5.2.1), which are
// all there from the first offer on: a camera that goes on or a screen that is shared later needs no new negotiation.

import type { Slot } from "../../model/figures";

export const slots: readonly Slot[] = ["microphone", "camera", "screen", "screenSound"];
export type { Slot };

export const kindOf: { readonly [Name in Slot]: "audio" | "video" } = {
    microphone: "audio", camera: "video", screen: "video", screenSound: "audio",
};

/** What a side has to say about its own tracks: a track that sends nothing looks the same whatever the reason. */
export interface SideState {
    readonly microphone: boolean;
    readonly camera: boolean;
    readonly screen: boolean;
}

export const silentSide: SideState = { microphone: true, camera: false, screen: false };

/** Null for what is not such a state. */
export function parseSideState(text: string): SideState | null {
    try {
        const value: unknown = JSON.parse(text);
        if (typeof value !== "object" || value === null) return null;
        const { microphone, camera, screen } = value as { [name: string]: unknown };
        if (typeof microphone !== "boolean" || typeof camera !== "boolean" || typeof screen !== "boolean") return null;
        return { microphone, camera, screen };
    } catch {
        return null;
    }
}
