// What the app uses of the browser's interfaces and TypeScript 4.8's DOM library does not declare.

interface TrustedScriptURL {
    readonly trustedScriptURL: unique symbol;
}

interface TrustedTypePolicy {
    createScriptURL(input: string): TrustedScriptURL;
}

interface TrustedTypePolicyFactory {
    createPolicy(name: string, rules: { createScriptURL(input: string): string }): TrustedTypePolicy;
}

interface Window {
    /** Absent in browsers without Trusted Types. */
    readonly trustedTypes?: TrustedTypePolicyFactory;
}

interface FileSystemSyncAccessHandle {
    read(buffer: BufferSource, options?: { at: number }): number;
    write(buffer: BufferSource, options?: { at: number }): number;
    truncate(size: number): void;
    getSize(): number;
    flush(): void;
    close(): void;
}

interface FileSystemFileHandle {
    /** In workers, for the origin's private file system. */
    createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle>;
    createWritable(): Promise<FileSystemWritableFileStream>;
    /** Not in every browser. */
    remove?(): Promise<void>;
}

interface FileSystemWritableFileStream extends WritableStream {
    write(data: BufferSource): Promise<void>;
}

interface FileSystemDirectoryHandle {
    keys(): AsyncIterable<string>;
}

interface StorageManager {
    getDirectory(): Promise<FileSystemDirectoryHandle>;
}

interface Window {
    /** Chromium's. */
    showSaveFilePicker?(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
}

/** WebRTC Encoded Transform: frames pass through a worker between encoder and packets. */
declare class RTCRtpScriptTransform {
    constructor(worker: Worker, options?: unknown, transfer?: Transferable[]);
}

interface RTCRtpSender {
    transform: RTCRtpScriptTransform | null;
}

interface RTCRtpReceiver {
    transform: RTCRtpScriptTransform | null;
}

interface HTMLMediaElement {
    /** Absent where the browser leaves the choice to the system. */
    setSinkId?(sinkId: string): Promise<void>;
}

interface Navigator {
    /** Absent in browsers that cannot keep the screen on. */
    readonly wakeLock?: { request(type: "screen"): Promise<{ release(): Promise<void> }> };
}
