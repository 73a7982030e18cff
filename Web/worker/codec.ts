// Codecs: one value that both writes and reads a type, and from which TypeScript knows the type.

import { WireError, WireReader, WireWriter } from "./wire";

export interface Codec<T> {
    write(writer: WireWriter, value: T): void;
    read(reader: WireReader): T;
    /** What there is to be read, for those who ask whether all of it was: absent and present, nothing and some, or names. */
    readonly shape?: "struct" | "optional" | "vector" | readonly string[];
    readonly parts?: readonly Codec<any>[];
}

export type Coded<C> = C extends Codec<infer T> ? T : never;

export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
    const writer = new WireWriter();
    codec.write(writer, value);
    const bytes = writer.bytes;
    writer.wipe();
    return bytes;
}

export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
    const reader = new WireReader(bytes);
    const value = codec.read(reader);
    reader.finish();
    return value;
}

function integer(size: 1 | 2 | 4 | 8): Codec<number> {
    return { write: (writer, value) => writer.integer(value, size), read: (reader) => reader.integer(size) };
}

export const u8 = integer(1);
export const u16 = integer(2);
export const u32 = integer(4);
export const u64 = integer(8);

export const boolean: Codec<boolean> = {
    write: (writer, value) => writer.integer(value ? 1 : 0, 1),
    read: (reader) => reader.boolean(),
};

export const bytes: Codec<Uint8Array> = {
    write: (writer, value) => writer.opaque(value),
    read: (reader) => reader.opaque(),
};

export const text: Codec<string> = {
    write: (writer, value) => writer.text(value),
    read: (reader) => reader.text(),
};

export function fixed(count: number): Codec<Uint8Array> {
    return {
        write: (writer, value) => {
            if (value.length !== count) throw new WireError(`not ${count} bytes`);
            writer.fixed(value);
        },
        read: (reader) => reader.fixed(count),
    };
}

/** 16 bytes, as the hexadecimal text that serves as a key in maps. */
export const identifier: Codec<string> = {
    write: (writer, value) => {
        if (!/^[0-9a-f]{32}$/.test(value)) throw new WireError("not an identifier");
        writer.fixed(Uint8Array.from(value.match(/../g) ?? [], (pair) => parseInt(pair, 16)));
    },
    read: (reader) => Array.from(reader.fixed(16), (byte) => byte.toString(16).padStart(2, "0")).join(""),
};

/** An enum: a byte, the names' order from 0. */
export function names<Name extends string>(...all: Name[]): Codec<Name> {
    return {
        shape: all,
        write: (writer, value) => writer.integer(all.indexOf(value), 1),
        read: (reader) => {
            const name = all[reader.integer(1)];
            if (name === undefined) throw new WireError("an enum's unknown value");
            return name;
        },
    };
}

/** The names' order from 0; at a name in `jumps` the numbers go on from the one given there. */
export function numbered<Name extends string>(
    all: readonly Name[], jumps: { readonly [Jump in Name]?: number },
): ReadonlyMap<Name, number> {
    const numbers = new Map<Name, number>();
    let next = 0;
    for (const name of all) {
        const number: number = jumps[name] ?? next;
        numbers.set(name, number);
        next = number + 1;
    }
    return numbers;
}

export function vector<T>(element: Codec<T>): Codec<T[]> {
    return {
        shape: "vector", parts: [element],
        write: (writer, values) =>
            writer.vector((inner) => {
                for (const value of values) element.write(inner, value);
            }),
        read: (reader) => {
            const inner = reader.slice();
            const values: T[] = [];
            while (!inner.isAtEnd) values.push(element.read(inner));
            return values;
        },
    };
}

/** What is shown: each item stands behind its length, and one that cannot be read is left out, not those after it. */
export function items<T>(element: Codec<T>): Codec<T[]> {
    return {
        shape: "vector", parts: [element],
        write: (writer, values) =>
            writer.vector((inner) => {
                for (const value of values) inner.vector((item) => element.write(item, value));
            }),
        read: (reader) => {
            const inner = reader.slice();
            const values: T[] = [];
            while (!inner.isAtEnd) {
                const item = inner.slice();
                try {
                    const value = element.read(item);
                    item.finish();
                    values.push(value);
                } catch (error) {
                    // Of text that is no UTF-8 the decoder says TypeError.
                    if (!(error instanceof WireError || error instanceof TypeError)) throw error;
                }
            }
            return values;
        },
    };
}

export function optional<T>(wrapped: Codec<T>): Codec<T | null> {
    return {
        shape: "optional", parts: [wrapped],
        write: (writer, value) => {
            writer.integer(value === null ? 0 : 1, 1);
            if (value !== null) wrapped.write(writer, value);
        },
        read: (reader) => (reader.boolean() ? wrapped.read(reader) : null),
    };
}

type Fields = { readonly [name: string]: Codec<any> };
type Struct<F extends Fields> = { [Name in keyof F]: Coded<F[Name]> };

export function struct<F extends Fields>(fields: F): Codec<Struct<F>> {
    const entries = Object.entries(fields);
    return {
        shape: "struct", parts: Object.values(fields),
        write: (writer, value) => {
            for (const [name, codec] of entries) codec.write(writer, value[name]);
        },
        read: (reader) => Object.fromEntries(entries.map(([name, codec]) => [name, codec.read(reader)])) as Struct<F>,
    };
}

type Variants = { readonly [type: string]: Fields };
type Union<V extends Variants> = { [Type in keyof V]: { type: Type } & Struct<V[Type]> }[keyof V];

/** A tagged union: a byte, as `numbered` has it for the variants, then that variant's fields. */
export function union<V extends Variants>(variants: V, jumps: { readonly [Type in keyof V & string]?: number } = {}): Codec<Union<V>> {
    const tags = numbered<string>(Object.keys(variants), jumps);
    const codecs = new Map(Object.entries(variants).map(([type, fields]) => [type, struct(fields)]));
    const types = new Map([...tags].map(([type, tag]) => [tag, type]));
    return {
        shape: Object.keys(variants), parts: [...codecs.values()],
        write: (writer, value) => {
            const type = value.type as string;
            writer.integer(tags.get(type) ?? -1, 1);
            codecs.get(type)?.write(writer, value);
        },
        read: (reader) => {
            const type = types.get(reader.integer(1));
            const codec = type === undefined ? undefined : codecs.get(type);
            if (codec === undefined) throw new WireError("a union's unknown tag");
            return { type, ...codec.read(reader) } as Union<V>;
        },
    };
}
