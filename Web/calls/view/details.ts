// The figures of a call, and the same as text for whoever is to help: no names, no addresses.

import { button } from "../../view/controls";
import { Child, h, Scope } from "../../view/dom";
import type { Figures, Measured, StreamFigures } from "../../model/figures";
import { t } from "../i18n";

const interval = 1_000;
/** How long the button says that it copied. */
const copiedFor = 2_000;

export interface Group {
    readonly title: string;
    readonly rows: readonly (readonly [label: string, value: string])[];
}

export function detailsPanel(scope: Scope, model: Measured): Child {
    const groups = h("div", { class: "details-groups" });
    const copy = button(t("details.copy"), { class: "small" }, "copy");
    const label = copy.querySelector("span")!;
    copy.addEventListener("click", () => {
        const figures = model.figures.current;
        if (figures === null) return;
        void navigator.clipboard.writeText(textOf(groupsOf(figures))).then(() => {
            label.textContent = t("details.copied");
            setTimeout(() => (label.textContent = t("details.copy")), copiedFor);
        }, () => undefined);
    });
    scope.bind(model.figures, (figures) => {
        copy.disabled = figures === null;
        groups.replaceChildren(...(figures === null
            ? [h("p", {}, t("details.waiting"))]
            : groupsOf(figures).map(({ title, rows }) => h("section", {},
                h("h3", {}, title),
                h("dl", { class: "details-rows" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))))));
    });
    void model.measure();
    scope.every(interval, () => void model.measure());
    return [groups, copy, h("p", { class: "field-hint" }, t("details.hint"))];
}

export function groupsOf(figures: Figures): Group[] {
    const ms = (value: number | null) => (value === null ? t("details.unknown") : t("details.ms", { count: value }));
    const rate = (bits: number | null) => (bits === null ? t("details.unknown") : t("details.kbps", { count: Math.round(bits / 1_000) }));
    const connection: Group = {
        title: t("details.connection"),
        rows: [
            [t("details.path"), t(`details.${figures.path ?? "unknown"}`)],
            [t("details.ends"), ends(figures)],
            [t("details.roundTrip"), ms(figures.roundTripMs)],
            ...(figures.encrypted === null ? [] : [
                [t("details.available"), rate(figures.availableBitsPerSecond)] as const,
                [t("details.encryption"), t(figures.encrypted ? "details.encrypted" : "details.notEncrypted")] as const,
            ]),
            ...(figures.encrypted ? [[t("details.refused"), String(figures.refused)] as const] : []),
        ],
    };
    const streams = figures.streams.map((stream): Group => ({
        title: t(`details.${stream.direction}`, { what: t(`details.${stream.slot}`) }),
        rows: streamRows(stream, ms, rate),
    }));
    return [connection, ...streams];
}

/** The kinds of RFC 8445 §5.1.1, in words. */
function kindOf(candidateType: string): string {
    switch (candidateType) {
        case "host":
        case "srflx":
        case "prflx":
        case "relay":
            return t(`details.${candidateType}`);
        default:
            return candidateType;
    }
}

/** The two kinds, and how it goes between them: "relay over TLS – relay, UDP". */
function ends({ candidateTypes, protocol, relayProtocol }: Figures): string {
    const [own, other] = candidateTypes.map(kindOf);
    if (own === undefined) return t("details.unknown");
    const kind = relayProtocol === "" ? own : t("details.over", { kind: own, protocol: relayProtocol });
    const both = other === undefined || other === kind ? kind : `${kind} – ${other}`;
    return `${both}, ${protocol.toUpperCase()}`;
}

function streamRows(stream: StreamFigures, ms: (value: number | null) => string, rate: (bits: number | null) => string): Group["rows"] {
    const isPicture = stream.slot === "camera" || stream.slot === "screen";
    const percent = stream.loss === null ? t("details.unknown") : `${(stream.loss * 100).toFixed(1)} %`;
    return [
        [t("details.codec"), stream.codec || t("details.unknown")],
        ...(isPicture ? [
            [t("details.resolution"), `${stream.width} × ${stream.height}`] as const,
            [t("details.frameRate"), String(stream.framesPerSecond)] as const,
            [t("details.frames"), String(stream.frames)] as const,
        ] : []),
        [t("details.bitRate"), rate(stream.bitsPerSecond)],
        [t("details.loss"), percent],
        [t("details.jitter"), ms(stream.jitterMs)],
    ];
}

export function textOf(groups: readonly Group[]): string {
    // The marks that keep an argument's direction, or a number at its unit, are of no use in a ticket.
    return groups.map(({ title, rows }) => [title, ...rows.map(([name, value]) => `  ${name}: ${value}`)].join("\n")).join("\n\n")
        .replace(/[\u2068\u2069]/g, "").replace(/[\u00a0\u202f]/g, " ");
}
