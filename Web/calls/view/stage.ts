// The pictures of a call: the other side's, one's own, and shared screens.

import { Value } from "../../model/value";
import { button } from "../../view/controls";
import { h, Scope } from "../../view/dom";
import { icon } from "../../view/icons";
import { avatar } from "../../view/avatar";
import type { CallModel } from "../call";
import { t } from "../i18n";
import type { Telephone } from "../telephone";
import { picture } from "./devices";

const levelInterval = 120;

export interface Stage {
    readonly element: HTMLElement;
    /** The other side's, the most telling first: for picture in picture. */
    readonly videos: readonly HTMLVideoElement[];
}

export function stageView(scope: Scope, telephone: Telephone, model: CallModel): Stage {
    const { name } = model;
    const person = telephone.person(model.summary.current.conversation);
    const face = (large: boolean) => h("span", { class: large ? "tile-face tile-face-large" : "tile-face" }, person !== null && avatar(person));

    // The other person
    const remoteVideo = picture(scope, shown(scope, model, "camera"), name);
    const muted = h("span", { class: "tile-muted" }, icon("microphoneOff"), h("span", { class: "visually-hidden" }, t("tile.muted")));
    const remote = h("figure", { class: "tile tile-remote" }, face(true), remoteVideo,
        h("figcaption", { class: "tile-caption" }, muted, h("bdi", {}, name)));
    scope.bind(model.peer, (peer) => {
        remote.classList.toggle("tile-dark", !peer.camera);
        muted.hidden = peer.microphone;
    });
    // Nothing of the other side is there before the first word of theirs.
    scope.bind(model.remote, ({ camera }) => remote.classList.toggle("tile-waiting", camera === null));
    followLevel(scope, model, remote);

    // Their screen
    const screenVideo = picture(scope, shown(scope, model, "screen"), t("tile.screen", { name }));
    const screen = h("figure", { class: "tile tile-screen" }, screenVideo,
        h("figcaption", { class: "tile-caption" }, icon("screen"), t("tile.screen", { name })));
    scope.bind(model.peer, (peer) => (screen.hidden = !peer.screen));

    // Oneself
    const ownVideo = picture(scope, model.devices.track.camera, t("tile.you"));
    const ownMuted = h("span", { class: "tile-muted" }, icon("microphoneOff"), h("span", { class: "visually-hidden" }, t("tile.muted")));
    const own = h("figure", { class: "tile tile-own" },
        h("span", { class: "tile-face", "aria-hidden": "true" }, icon("person")), ownVideo,
        h("figcaption", { class: "tile-caption" }, ownMuted, t("tile.you")));
    scope.bind(model.devices.track.camera, (track) => own.classList.toggle("tile-dark", track === null));
    // A camera that looks away from the user is no mirror.
    scope.bind(model.devices.track.camera, (track) => ownVideo.classList.toggle("mirror", track?.getSettings().facingMode !== "environment"));
    scope.bind(model.isMuted, (isMuted) => (ownMuted.hidden = !isMuted));

    const sharing = h("div", { class: "call-sharing" });
    scope.fill(sharing, model.sharing, (shared) => shared !== null && [
        icon("screen"), h("p", {}, t("tile.sharing")),
        button(t("tile.stopSharing"), { class: "small", onclick: () => void model.toggleScreen() }),
    ]);

    const element = h("div", { class: "call-stage" }, h("div", { class: "tiles" }, screen, remote, own), sharing);
    scope.bind(model.peer, (peer) => element.classList.toggle("has-screen", peer.screen));
    return { element, videos: [screenVideo, remoteVideo] };
}

/** The other side's track while they say that it is on; the last picture of a camera that went off does not stay. */
function shown(scope: Scope, model: CallModel, which: "camera" | "screen"): Value<MediaStreamTrack | null> {
    const track = new Value<MediaStreamTrack | null>(null);
    const update = () => track.set(model.peer.current[which] ? model.remote.current[which] : null);
    scope.bind(model.peer, update);
    scope.bind(model.remote, update);
    return track;
}

/** A ring around the person who speaks. */
function followLevel(scope: Scope, model: CallModel, tile: HTMLElement): void {
    let level = 0;
    scope.every(levelInterval, () => {
        level = Math.max(model.level, level - 0.08);
        tile.style.setProperty("--level", level.toFixed(2));
    });
}
