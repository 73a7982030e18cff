import assert from "node:assert/strict";
import { test } from "node:test";
import { keepChoice, keepsNothing, readChoice } from "../../Web/net/choices";

test("a browser that lets a site keep nothing is no error where a choice is looked up", () => {
    const refuses = () => {
        throw new Error("The operation is insecure.");
    };
    Object.defineProperty(globalThis, "localStorage", { configurable: true, get: refuses });
    keepChoice("language", "fr");
    keepChoice("language", null);
    assert.equal(readChoice("language"), null);
    Object.defineProperty(globalThis, "window", { configurable: true, value: globalThis });
    assert.equal(keepsNothing(), true);
});
