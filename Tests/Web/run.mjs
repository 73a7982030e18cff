// Bundles each *.test.ts beside this file and runs them all in node. Prints "N passed, M failed" at the end.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const bundles = join(root, ".build-web-tests");
if (!existsSync(join(root, ".build-wasm/boundary.json"))) {
    console.error("There is no .build-wasm/boundary.json, the core's samples of what it and the page say to each other. 'make test-web' lets the core write them.");
    process.exit(1);
}
rmSync(bundles, { recursive: true, force: true });
mkdirSync(bundles);

const sources = readdirSync(here).filter((name) => name.endsWith(".test.ts")).sort();
execFileSync("esbuild", [
    ...sources.map((name) => join(here, name)), "--bundle", "--platform=node", "--format=esm", "--target=node18",
    "--log-level=warning", `--tsconfig=${join(root, "Web/tsconfig.json")}`, "--out-extension:.js=.mjs", `--outdir=${bundles}`,
], { stdio: "inherit" });

let passed = 0;
let failed = 0;
const files = sources.map((name) => join(bundles, name.replace(/\.ts$/, ".mjs")));
for await (const { type, data } of run({ files, concurrency: true })) {
    // Files are tests, too: only what is inside them counts, unless a file fails by itself.
    const isFile = data?.name?.endsWith?.(".mjs");
    if (type === "test:pass" && !isFile) passed += 1;
    if (type === "test:fail" && !(isFile && data.details?.error?.failureType === "subtestsFailed")) {
        failed += 1;
        console.error(`FAILED: ${data.name}\n`, data.details?.error?.cause ?? data.details?.error);
    }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
