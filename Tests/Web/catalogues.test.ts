// Both catalogues, that of the app and that of its calls: complete, and set as a typesetter would.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { en as callsEn } from "../../Web/calls/i18n/en";
import { fr as callsFr } from "../../Web/calls/i18n/fr";
import { Entry, en } from "../../Web/i18n/en";
import { fr } from "../../Web/i18n/fr";

type Catalogue = { readonly [key: string]: Entry };

const pairs: readonly (readonly [name: string, english: Catalogue, french: Catalogue])[] = [
    ["the app", en, fr], ["calls", callsEn, callsFr],
];

/** All TypeScript of the page's, but for the catalogues. */
const program = readdirSync("Web", { recursive: true })
    .filter((path) => path.endsWith(".ts") && !/^dist\/|i18n\/(en|fr)\.ts$/.test(path))
    .map((path) => readFileSync(`Web/${path}`, "utf8")).join("\n");
/** Texts that stand in it as they are. */
const literals = new Set(program.match(/"[\w.]+"/g));
/** What can come of texts that stand in it in part; `${kind}.${problem}`, of a device, is the one that begins with another word. */
const templates = [...program.matchAll(/`(\w+\.\$\{[\w.]+(?: \?\? "\w+")?\}\w*)`/g)]
    .map(([, template]) => new RegExp(`^${template!.replaceAll(".", "\\.").replace(/\$\{[^}]+\}/g, "\\w+")}$`))
    .concat(/^(microphone|camera)\.\w+$/);
const formsOf = (entry: Entry): string[] => (typeof entry === "string" ? [entry] : Object.values(entry));
const placeholders = (entry: Entry): string[] => [...new Set(formsOf(entry).flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();

/** Every sentence that the pattern finds something in. An address is no sentence. */
function found(catalogue: Catalogue, pattern: RegExp): string[] {
    return Object.entries(catalogue).flatMap(([key, entry]) =>
        formsOf(entry).filter((form) => pattern.test(form.replace(/https?:\/\//g, ""))).map((form) => `${key}: ${form}`));
}

for (const [name, english, french] of pairs) {
    test(`${name}: French says everything that English says, with the same arguments`, () => {
        assert.deepEqual(Object.keys(french).sort(), Object.keys(english).sort());
        for (const [key, entry] of Object.entries(english)) assert.deepEqual(placeholders(french[key]!), placeholders(entry), key);
    });

    test(`${name}: everything it says is said somewhere`, () => {
        const isSaid = (key: string) => literals.has(`"${key}"`) || templates.some((template) => template.test(key));
        assert.deepEqual(Object.keys(english).filter((key) => !isSaid(key)), []);
    });

    test(`${name}: no straight apostrophe or quotation mark, no three dots`, () => {
        for (const catalogue of [english, french]) assert.deepEqual(found(catalogue, /['"]|\.\.\./), []);
    });

    test(`${name}: no line of French begins with a mark`, () => {
        // A narrow no-break space before ; ! ?, a full one before : and inside « » (Imprimerie nationale).
        assert.deepEqual(found(french, /[^\u202f][;!?]|[^\u00a0][:»]|«[^\u00a0]/), []);
    });

    test(`${name}: a number stays with its unit`, () => {
        for (const catalogue of [english, french]) assert.deepEqual(found(catalogue, /[\d}] (s|ms|kbit\/s|[KG]i[Bo])(?!\p{L})/u), []);
    });
}
