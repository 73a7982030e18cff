/** Where a readable copy of a file goes. */
export interface Destination {
    write(piece: ArrayBuffer): Promise<void>;
    finish(): Promise<void>;
    /** Nothing of it is left, as far as the browser lets us. */
    abort(): Promise<void>;
    /** Deletes the finished copy; null where the browser does not let us. */
    readonly remove: (() => Promise<void>) | null;
}
