// Which folder of the web app may import from which. Arrows point down: view to model to net to worker. What makes calls stands
// beside them, and is loaded by the view when there is the first. No file reaches itself by its imports.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { test } from "node:test";

const root = "Web";

const allowed: { readonly [folder: string]: readonly string[] } = {
    ".": ["i18n", "model", "net", "view"],
    view: ["i18n", "model", "net", "worker", "files"],
    model: ["net", "worker", "files"],
    net: ["worker", "files"],
    i18n: ["model", "net"],
    worker: [],
    files: ["worker"],
    calls: ["calls/net", "calls/tabs", "calls/view", "model", "net", "worker"],
    "calls/view": ["calls", "calls/i18n", "calls/net", "calls/tabs", "i18n", "model", "net", "view"],
    "calls/tabs": ["calls", "model", "net", "worker"],
    "calls/net": ["calls/media", "model", "net", "worker"],
    "calls/media": ["worker"],
    "calls/i18n": ["i18n"],
};

/** Single files that may do more. */
const exceptions: readonly string[] = [
    // What is loaded with the first call, and is no part of the app before.
    "view/calls.ts -> calls/part.ts",
    "view/entry.ts -> calls/part.ts",
    "view/path.ts -> calls/view/path.ts",
    // The types of what the page and the service worker say to each other.
    "net/served.ts -> serviceworker.ts",
];

interface Arrow {
    readonly from: string;
    readonly to: string;
}

function filesIn(folder: string): string[] {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return entry.name === "dist" ? [] : filesIn(path);
        return entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts") ? [path] : [];
    });
}

const files = new Set(filesIn(root).map((path) => relative(root, path)));

function arrowsOf(file: string): Arrow[] {
    const source = readFileSync(join(root, file), "utf8");
    return [...source.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]*)"/g)].map(([, path]) => {
        const target = normalize(join(dirname(file), path!));
        const to = [`${target}.ts`, join(target, "index.ts")].find((candidate) => files.has(candidate));
        assert.ok(to, `${file} imports ${path}`);
        return { from: file, to: to! };
    });
}

const arrows = [...files].flatMap(arrowsOf);

test("no folder of the app imports from one that stands above it", () => {
    assert.ok(arrows.length > 300, String(arrows.length));
    const wrong = arrows
        .filter(({ from, to }) => dirname(from) !== dirname(to) && !(allowed[dirname(from)] ?? []).includes(dirname(to)))
        .map(({ from, to }) => `${from} -> ${to}`)
        .filter((arrow) => !exceptions.includes(arrow));
    assert.deepEqual(wrong, []);
});

test("an exception that nothing needs is none", () => {
    const all = new Set(arrows.map(({ from, to }) => `${from} -> ${to}`));
    assert.deepEqual(exceptions.filter((arrow) => !all.has(arrow)), []);
});

test("no file of the app imports itself by way of others", () => {
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]) => {
        if (path.includes(file)) return void circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
        if (done.has(file)) return;
        for (const { to } of arrows.filter(({ from }) => from === file)) visit(to, [...path, file]);
        done.add(file);
    };
    for (const file of files) visit(file, []);
    assert.deepEqual(circles, []);
});
