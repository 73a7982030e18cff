// The page's half of the boundary against samples that the core wrote (Tests/MessengerTests/BoundaryFile.swift).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { chunkCount, largestFile, lengthOfChunk, plainChunk, sealedChunk, sealedLength } from "../../Web/files/geometry";
import { messageLimit } from "../../Web/model/text";
import { output, timedInput, untilHidden, whileInView } from "../../Web/worker/boundary";
import { Codec, decode, encode } from "../../Web/worker/codec";
import { hex, unhex } from "./hex";

interface Sample {
    readonly name: string;
    readonly bytes: string;
    readonly leaves: readonly string[];
}

interface Geometry {
    readonly size: number; readonly chunks: number; readonly sealed: number; readonly lastChunk: number;
}

const samples = JSON.parse(readFileSync(".build-wasm/boundary.json", "utf8")) as {
    readonly inputs: readonly Sample[];
    readonly outputs: readonly Sample[];
    readonly limits: { readonly [name: string]: number };
    readonly geometries: readonly Geometry[];
};

/** What a value says, as the core lists it: each field's name, and a name, number, flag or text. */
function leaves(value: unknown, field = ""): [field: string, said: string][] {
    if (value instanceof Uint8Array) return [[field, hex(value)]];
    if (Array.isArray(value)) return [[field, `${value.length} items`], ...value.flatMap((item) => leaves(item))];
    if (typeof value === "object" && value !== null) {
        return Object.entries(value).flatMap(([name, inner]) => leaves(inner, name === "type" ? field : name));
    }
    return [[field, String(value)]];
}

/** The page's names for fields of the core's, where they differ in more than the word that makes a flag's name a sentence. */
const otherNames: { readonly [core: string]: string } = { type: "mediaType", chunks: "bytes" };

/** A field of the core's that has no name can have any here. */
function isSame([field, said]: readonly [string, string], leaf: string): boolean {
    if (leaf === said) return true;
    const [, name = "", value] = /^(\w+)=(.*)$/s.exec(leaf) ?? [];
    const plain = (text: string) => text.replace(/^(is|has)(?=[A-Z])/, "").toLowerCase();
    return value === said && (plain(name) === plain(field) || otherNames[name] === field);
}

/** Every codec that is part of one. */
function partsOf(codec: Codec<any>, found = new Set<Codec<any>>()): Set<Codec<any>> {
    if (!found.has(codec)) {
        found.add(codec);
        for (const part of codec.parts ?? []) partsOf(part, found);
    }
    return found;
}

/** Notes what each codec reads; answers what none has read yet. */
function watch(codec: Codec<any>): () => string[] {
    const watched = [...partsOf(codec)].flatMap((part) => {
        const { shape } = part;
        if (shape === undefined || shape === "struct") return [];
        const unseen = new Set(shape === "optional" ? ["absent", "present"] : shape === "vector" ? ["nothing", "some"] : shape);
        const all = [...unseen].slice(0, 3).join(" | ");
        const read = part.read.bind(part);
        part.read = (reader) => {
            const value = read(reader);
            if (shape === "optional") unseen.delete(value === null ? "absent" : "present");
            else if (shape === "vector") unseen.delete(value.length === 0 ? "nothing" : "some");
            else unseen.delete(String(value?.type ?? value));
            return value;
        };
        return [() => [...unseen].map((name) => `${name}, of ${all}`)];
    });
    return () => watched.flatMap((unseen) => unseen());
}

for (const [name, codec, all] of [["input", timedInput, samples.inputs], ["output", output, samples.outputs]] as const) {
    test(`every ${name} of the core's is read for what it says, and written in the same bytes`, () => {
        for (const sample of all) {
            const value = decode<any>(codec, unhex(sample.bytes));
            const said = leaves(value);
            assert.equal(said.length, sample.leaves.length, sample.name);
            const other = said.filter((leaf, index) => !isSame(leaf, sample.leaves[index]!));
            assert.deepEqual(other, [], `${sample.name}: ${sample.leaves.join(", ")}`);
            assert.equal(hex(encode<any>(codec, value)), sample.bytes, sample.name);
        }
    });

    test(`the core knows everything that an ${name} of the page's can be`, () => {
        const unseen = watch(codec);
        for (const sample of all) decode<any>(codec, unhex(sample.bytes));
        assert.deepEqual(unseen(), []);
    });
}

test("what the page has to know before the core is asked is what the core knows", () => {
    assert.deepEqual(
        { message: messageLimit, chunk: plainChunk, sealedChunk, file: largestFile, whileInView, untilHidden } as { [name: string]: number },
        samples.limits);
});

test("a file is as long, in as many chunks, as the core has it", () => {
    assert.deepEqual(
        samples.geometries.map(({ size }) => ({
            size, chunks: chunkCount(size), sealed: sealedLength(size), lastChunk: lengthOfChunk(size, chunkCount(size) - 1),
        })),
        samples.geometries.map(({ size, chunks, sealed, lastChunk }) => ({ size, chunks, sealed, lastChunk })));
});
