// What page and worker post to each other.

import type { CallAction, ChannelAction, ConnectionAction, CoreEvent, CoreFileAction, Input, RelayAccess } from "./boundary";

/** Inputs that the page may give as they are. The worker makes the others itself, from a passphrase or from storage. */
export type PageInput = Exclude<Input, { type: "start" | "enrol" | "beginAttempt" | "unlock" | "records" | "changePassphrase" | "recoveryFile" }>;

/** As the core says it; a file's key is one that the browser uses and does not show. */
export type FileAction = Keyed<CoreFileAction>;
type Keyed<Action> = Action extends { key: Uint8Array } ? Omit<Action, "key"> & { readonly key: CryptoKey } : Action;
export type FileActionOf<Type extends FileAction["type"]> = Extract<FileAction, { type: Type }>;

export type ToWorker =
    | { type: "input"; input: PageInput }
    /** Passphrases are UTF-8 of the NFC form; the worker wipes them. */
    | { type: "enrol"; displayName: string; passphrase: Uint8Array }
    | { type: "unlock"; passphrase: Uint8Array }
    | { type: "changePassphrase"; old: Uint8Array; new: Uint8Array }
    | { type: "recoveryFile"; passphrase: Uint8Array };

/** Why the worker stopped. Nothing that it had not stored was acted on. */
export type Fault =
    /** core.wasm or worker.js could not be loaded or started. */
    | "load"
    /** The browser has no room left for the write. */
    | "full"
    /** The browser's storage failed otherwise. */
    | "storage"
    /** The browser lets this site keep nothing. */
    | "blocked"
    /** What was stored here was removed under the open page. */
    | "removed"
    /** The device's key is gone while the vault is there. */
    | "device"
    /** Another tab works on this profile now. */
    | "elsewhere"
    /** The core trapped or answered nonsense. */
    | "core";

export type FromWorker =
    | {
          type: "output";
          connection: ConnectionAction;
          toNode: Uint8Array[];
          relay: RelayAccess | null;
          channels: ChannelAction[];
          files: FileAction[];
          calls: CallAction[];
          events: CoreEvent[];
      }
    | { type: "fault"; fault: Fault; detail: string };
