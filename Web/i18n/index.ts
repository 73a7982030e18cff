// The language, and everything that depends on it.

import { Value } from "../model/value";
import { keepChoice, readChoice } from "../net/choices";
import { Catalogue, en, Entry } from "./en";
import { fr } from "./fr";

/** A further language needs a line here, and its catalogues, which the compiler then asks for. */
const languages = {
    en: { name: "English", direction: "ltr" },
    fr: { name: "Français", direction: "ltr" },
} as const;

export type Language = keyof typeof languages;
export type Key = keyof Catalogue;
export type Arguments = { readonly [name: string]: string | number };

export const languageNames = Object.entries(languages).map(([code, { name }]) => [code as Language, name] as const);

const storageKey = "language";

function isLanguage(code: string | null): code is Language {
    return code !== null && code in languages;
}

function ofBrowser(): Language {
    for (const tag of navigator.languages) {
        const code = tag.split("-")[0] ?? "";
        if (isLanguage(code)) return code;
    }
    return "en";
}

/** The user's choice, or null to follow the browser. */
export function chosenLanguage(): Language | null {
    const stored = readChoice(storageKey);
    return isLanguage(stored) ? stored : null;
}

export const language = new Value<Language>(chosenLanguage() ?? ofBrowser());

export function chooseLanguage(choice: Language | null): void {
    keepChoice(storageKey, choice);
    language.set(choice ?? ofBrowser());
}

/** Sets the document's language and writing direction, now and after each change. */
export function followLanguage(root: HTMLElement): void {
    const apply = (code: Language) => {
        root.lang = code;
        root.dir = languages[code].direction;
    };
    apply(language.current);
    language.subscribe(apply);
}

/** One catalogue for each language, all with the same keys. */
export type Catalogues<Name extends string> = { readonly [Code in Language]: { readonly [Key in Name]: Entry } };

/** What finds a key's sentence in these catalogues. A part of the app that is loaded later brings its own. */
export function translator<Name extends string>(catalogues: Catalogues<Name>): (key: Name, args?: Arguments) => string {
    // A text given as an argument keeps its own direction inside the sentence.
    return (key, args = {}) => {
        const entry = catalogues[language.current][key];
        const sentence = typeof entry === "string"
            ? entry
            : entry[new Intl.PluralRules(language.current).select(Number(args["count"]))] ?? entry.other;
        return sentence.replace(/\{(\w+)\}/g, (_, name: string) => {
            const value = args[name];
            if (typeof value === "number") return new Intl.NumberFormat(language.current).format(value);
            return value === undefined ? "" : `\u2068${value}\u2069`;
        });
    };
}

/** The sentence for a key of the app itself. */
export const t = translator<Key>({ en, fr });

/** The language as the browser has it, with its region: it decides between 12 and 24 hours. */
function region(): string {
    return navigator.languages.find((tag) => tag.split("-")[0] === language.current) ?? language.current;
}

/** The last moment that JavaScript can name (ECMA-262 §21.4.1.1). */
const lastMoment = 8_640_000_000_000_000;

/** Empty for a time that JavaScript cannot name: formatting it throws, and nothing that is drawn with it would appear. */
function dated(time: number, say: () => string): string {
    return Math.abs(time) <= lastMoment ? say() : "";
}

export function isoTime(time: number): string {
    return dated(time, () => new Date(time).toISOString());
}

export function formatTime(time: number): string {
    return dated(time, () => new Intl.DateTimeFormat(region(), { timeStyle: "short" }).format(time));
}

export function formatDateTime(time: number): string {
    return dated(time, () => new Intl.DateTimeFormat(region(), { dateStyle: "medium", timeStyle: "short" }).format(time));
}

/** "Today", "Yesterday", or the date. */
export function formatDay(time: number, now: number): string {
    const days = Math.round((startOfDay(time) - startOfDay(now)) / 86_400_000);
    if (days === 0 || days === -1) {
        const word = new Intl.RelativeTimeFormat(language.current, { numeric: "auto" }).format(days, "day");
        return word.charAt(0).toLocaleUpperCase(language.current) + word.slice(1);
    }
    const sameYear = new Date(time).getFullYear() === new Date(now).getFullYear();
    return dated(time, () => new Intl.DateTimeFormat(region(), {
        weekday: "long", day: "numeric", month: "long", year: sameYear ? undefined : "numeric",
    }).format(time));
}

/** The time today, the date otherwise: for lists. */
export function formatShort(time: number, now: number): string {
    if (startOfDay(time) === startOfDay(now)) return formatTime(time);
    return dated(time, () => new Intl.DateTimeFormat(region(), { day: "numeric", month: "short" }).format(time));
}

/** Local midnight. */
export function startOfDay(time: number): number {
    return new Date(time).setHours(0, 0, 0, 0);
}
