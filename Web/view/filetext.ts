// Sizes, rates and times as people read them.

import { language, t } from "../i18n";

const sizes = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

function withUnit(value: number, unit: string, display: "short" | "long"): string {
    const digits = value < 10 && unit !== "byte" && !/second|minute|hour/.test(unit) ? 1 : 0;
    return new Intl.NumberFormat(language.current, { style: "unit", unit, unitDisplay: display, maximumFractionDigits: digits }).format(value);
}

/** Decimal units, as on disks and in the browsers' own dialogs. */
function scaled(bytes: number): [value: number, unit: typeof sizes[number]] {
    let value = bytes;
    let index = 0;
    while (value >= 999.5 && index < sizes.length - 1) {
        value /= 1_000;
        index += 1;
    }
    return [value, sizes[index]!];
}

export function formatSize(bytes: number): string {
    const [value, unit] = scaled(bytes);
    return withUnit(value, unit, unit === "byte" ? "long" : "short");
}

export function formatRate(bytesPerSecond: number): string {
    const [value, unit] = scaled(bytesPerSecond);
    return withUnit(value, `${unit}-per-second`, "short");
}

/** Rounded to what is worth saying. */
export function formatDuration(seconds: number): string {
    if (seconds < 60) return withUnit(seconds < 10 ? seconds : Math.ceil(seconds / 5) * 5, "second", "short");
    const minutes = Math.round(seconds / 60);
    if (minutes < 60) return withUnit(minutes, "minute", "short");
    const rest = minutes % 60;
    return withUnit(Math.floor(minutes / 60), "hour", "short") + (rest === 0 ? "" : ` ${withUnit(rest, "minute", "short")}`);
}

/** 3:07, as on a player. */
export function formatClock(milliseconds: number): string {
    const seconds = Math.round(milliseconds / 1_000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** What kind of file it says it is; the name's extension where that tells more. */
export function kindOf(name: string, mediaType: string): string {
    const extension = /\.([a-z0-9]{1,8})$/i.exec(name)?.[1]?.toUpperCase() ?? "";
    if (mediaType === "application/pdf") return t("file.pdf");
    for (const kind of ["image", "video", "audio"] as const) {
        if (mediaType.startsWith(`${kind}/`)) return extension === "" ? t(`file.${kind}`) : `${t(`file.${kind}`)} · ${extension}`;
    }
    return extension === "" ? t("file.generic") : t("file.kind", { type: extension });
}
