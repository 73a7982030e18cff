// What the tests use of node.
declare module "node:test" {
    export function test(name: string, body: () => void | Promise<void>): void;
    /** Timers and the clock move when told to. */
    export const mock: { timers: { enable(options?: unknown): void; tick(milliseconds: number): void; reset(): void } };
}

declare module "node:assert/strict" {
    interface Assert {
        equal<T>(actual: T, expected: T, message?: string): void;
        deepEqual<T>(actual: T, expected: T, message?: string): void;
        ok(value: unknown, message?: string): void;
        rejects(promise: Promise<unknown>, error?: new () => Error): Promise<void>;
        throws(body: () => void, expected?: RegExp | (new (...args: any[]) => Error)): void;
    }
    const assert: Assert;
    export default assert;
}

declare module "node:fs" {
    export function readFileSync(path: string, encoding: "utf8"): string;
    export function readdirSync(path: string, options: { recursive: true }): string[];
    export function readdirSync(path: string, options: { withFileTypes: true }): { name: string; isDirectory(): boolean }[];
}

declare module "node:path" {
    export function dirname(path: string): string;
    export function join(...parts: string[]): string;
    export function normalize(path: string): string;
    export function relative(from: string, to: string): string;
}
