// Both catalogues, that of the app and that of its calls: complete, and set as a typesetter would.

import assert from "node:assert/strict";
import { test } from "node:test";
import { en as callsEn } from "../../Web/calls/i18n/en";
import { fr as callsFr } from "../../Web/calls/i18n/fr";
import { Entry, en } from "../../Web/i18n/en";
import { fr } from "../../Web/i18n/fr";

type Catalogue = { readonly [key: string]: Entry };

const pairs: readonly (readonly [name: string, english: Catalogue, french: Catalogue])[] = [
    ["the app", en, fr], ["calls", callsEn, callsFr],
];
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
