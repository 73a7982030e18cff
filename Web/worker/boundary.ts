// What the core (Sources/Messenger/Boundary) and its host say to each other. The order of fields and variants is the encoding.

import {
    boolean, bytes, Codec, Coded, fixed, identifier, items, names, numbered, optional, struct, text, u16, u32, u64, u8, union, vector,
} from "./codec";

const store = names("meta", "state", "messages");
const channelState = names("open", "closed");
const channelPath = names("direct", "relayed");
const signalKind = names("offer", "answer", "candidate", "endOfCandidates", "restart");

const fileKind = names("file", "voice");
const filePurpose = names("view", "readableCopy");
const callSupport = names("unknown", "none", "media", "frames", "noConnections");
const callSignalKind = names("description", "candidate");
const callMedia = names("connected", "disconnected", "failed", "fingerprintMismatch");

/** What the page has to say of a call that rings or is under way. */
export const callInputs = {
    answerCall: { call: identifier, video: boolean },
    declineCall: { call: identifier },
    hangUp: { call: identifier },
    callSignal: { call: identifier, kind: callSignalKind, text },
    callMedia: { call: identifier, state: callMedia },
};

const voiceDraft = struct({ mediaType: text, durationMs: u32, waveform: bytes, bytes });

/** `revealSeconds` of a revealed message that stays legible while its conversation is open, or until it is hidden. */
export const whileInView = 0;
export const untilHidden = 65_535;

const settings = struct({ revealSeconds: u16, idleLockSeconds: u16, readReceipts: boolean, relayOnly: boolean });

const input = union({
    start: { origin: text, header: bytes, throttle: bytes, deviceSegment: fixed(32) },
    openLink: { link: text },
    enrol: { displayName: text, passphraseSegment: fixed(32) },
    unlock: { passphraseSegment: fixed(32), records: vector(struct({ key: fixed(32), value: bytes })) },
    lock: {},
    nodeConnected: {},
    nodeDisconnected: {},
    nodeFrame: { bytes },
    channelState: { device: identifier, state: channelState, path: channelPath },
    channelMessage: { device: identifier, bytes },
    localSignal: { device: identifier, kind: signalKind, text },
    records: { records: vector(struct({ store, key: fixed(32), value: optional(bytes) })) },
    tick: {},
    invite: { validForSeconds: u32 },
    withdrawInvitation: { invitation: identifier },
    openConversation: { conversation: identifier },
    olderMessages: { conversation: identifier },
    closeConversation: {},
    send: { conversation: identifier, text },
    reveal: { conversation: identifier, message: identifier },
    verified: { member: identifier, verified: boolean },
    rename: { displayName: text },
    petname: { member: identifier, name: text },
    settings: { settings },
    recoveryFileSaved: {},
    recoveryFile: { passphraseSegment: fixed(32) },
    changePassphrase: { old: fixed(32), new: fixed(32) },
    retry: { conversation: identifier, message: identifier },
    channelFingerprintMismatch: { device: identifier },
    prepareFile: {
        conversation: identifier, ticket: u32, name: text, mediaType: text, size: u64, kind: fileKind, durationMs: u32, waveform: bytes,
    },
    fileSealed: { file: identifier, hash: fixed(32) },
    fileFailed: { file: identifier, fault: names("full", "unreadable", "damaged", "storage") },
    fileReceived: { file: identifier },
    fileBytes: { file: identifier, from: u32, bytes },
    pauseFile: { message: identifier, paused: boolean },
    cancelFile: { message: identifier },
    openFile: { conversation: identifier, message: identifier, purpose: filePurpose },
    readableCopy: { message: identifier, kept: boolean },
    fileProgress: { file: identifier, chunks: u32 },
    call: { conversation: identifier, video: boolean },
    ...callInputs,
    callsSupported: { support: callSupport },
    relayRefused: { username: text },
    draft: { conversation: identifier, text },
    voiceDraft: { conversation: identifier, voice: optional(voiceDraft) },
    hide: { conversation: identifier, message: identifier },
    unmask: { conversation: identifier, unmasked: boolean },
    showInvitation: { invitation: identifier },
    labelInvitation: { invitation: identifier, label: text },
    beginAttempt: {},
}, { prepareFile: 30, call: 50, beginAttempt: 70 });

/** The host's time in milliseconds since 1970, then what happened. */
export const timedInput = struct({ now: u64, input });

/** A user's mistake or a limit, by the core's numbers. */
export const problems = [
    "unknownLinkFormat", "damagedLink", "unknownInvitation", "expired", "alreadyUsed", "withdrawn", "forgedBundle",
    "nodeUnreachable", "alreadyClaimed", "wrongClaimToken", "textTooLong", "tooManyRequests", "mailboxFull",
    "notPermitted", "badName", "wrongPassphrase", "damagedStorage", "wrongClock", "unknownPeer", "otherBubble",
    "recipientRefuses", "internalError", "fileTooLarge", "noRoom", "fileDamaged", "fileUnreadable", "callInProgress",
    "callsUnsupported", "noLongerMember", "tooManyAttempts",
] as const;
export type Problem = typeof problems[number];

const problemNumbers = numbered(problems, { noRoom: 24, callInProgress: 28, noLongerMember: 40 });

/** Null where nothing is wrong; a number this build does not know is an internal error. */
const problem: Codec<Problem | null> = {
    shape: [...problems, "null"],
    write: (writer, value) => writer.integer(value === null ? 255 : problemNumbers.get(value)!, 1),
    read: (reader) => {
        const number = reader.integer(1);
        return number === 255 ? null : problems.find((name) => problemNumbers.get(name) === number) ?? "internalError";
    },
};

const warning = names(
    "fingerprintMismatch", "forgedMessage", "replayedMessage", "olderBubbleState", "secondPersonOnInvitation",
    "nameCollision", "rolledBack", "nodeKeyChanged", "messagesMissing", "invitationForged", "memberNotVerified",
);
const notice = names("none", "began", "confirmed", "restarted", "renamed", "call", "missedCall", "removed");

const scrypt = { n: u64, r: u32, p: u32, salt: bytes };

const conversation = struct({
    conversation: identifier, member: identifier, device: identifier, name: text, selfName: text, petname: text,
    verified: boolean, removed: boolean, unread: u32, lastTime: u64,
    connection: names("direct", "relayed", "mailbox", "offline"), nameCollision: boolean, gap: boolean, warning: boolean,
    calls: callSupport, unmasked: boolean,
});

const fileSummary = struct({
    name: text, mediaType: text, size: u64, kind: fileKind, durationMs: u32, waveform: bytes,
    state: names("sealing", "waiting", "moving", "pausedHere", "pausedThere", "atNode", "complete", "failed", "cancelled"),
    chunks: u32, readableCopy: boolean,
});

const message = struct({
    id: identifier, own: boolean, time: u64, order: u64, state: names("sending", "sent", "delivered", "read", "failed"),
    kind: names("text", "notice", "file"), notice, masked: boolean, text, failure: problem, file: optional(fileSummary),
});

export const callState = {
    call: identifier, conversation: identifier, own: boolean, video: boolean, encryption: names("none", "frames", "unknown"),
    state: names("calling", "ringingThere", "ringingHere", "connecting", "inCall", "reconnecting", "over"),
    reason: names(
        "none", "hungUp", "declined", "busy", "noAnswer", "answeredElsewhere", "lost", "away", "fingerprintMismatch",
        "replaced", "unsupported",
    ),
    startedMs: u64,
};

const event = union({
    noVault: {},
    vault: { waitMs: u64, ...scrypt },
    newVaultParameters: { ...scrypt, kind: names("operator", "member"), inviterName: text, host: text },
    linkRefused: { reason: problem },
    enrolled: {},
    unlocked: {
        ownName: text, ownMember: identifier, isOperator: boolean, mayInvite: boolean, settings, recoverySaved: boolean,
        confirmed: boolean, recoveryMade: u64,
    },
    unlockRefused: { waitMs: u64 },
    conversations: { conversations: vector(conversation) },
    messages: { conversation: identifier, replaceAll: boolean, hasOlder: boolean, messages: items(message) },
    revealed: { conversation: identifier, message: identifier, text, untilMs: u64 },
    invitation: { invitation: identifier, link: text, expires: u64 },
    invitations: {
        invitations: vector(struct({
            invitation: identifier, created: u64, expires: u64, state: names("open", "redeemed", "withdrawn", "expired"),
            label: text, guest: text, showable: boolean,
        })),
    },
    safetyNumber: { member: identifier, digits: text, qr: bytes, verified: boolean },
    recoveryFile: { file: bytes, code: text },
    nodeStatus: { state: names("connecting", "connected", "refused"), reason: problem },
    warning: { kind: warning, conversation: identifier },
    locked: {},
    problem: { problem },
    call: callState,
    resumed: {
        conversation: optional(identifier),
        drafts: vector(struct({ conversation: identifier, text, voice: optional(voiceDraft) })),
    },
}, { call: 24 });

/** What connections may use of the node's relay. */
export const relayAccess = union({
    off: {},
    refused: {},
    granted: { username: text, password: text, until: u64, udpPort: u16, tcpPort: u16 },
});

const channelAction = union({
    connect: { device: identifier, initiator: boolean, relayOnly: boolean },
    remoteSignal: { device: identifier, kind: signalKind, text },
    send: { device: identifier, bytes },
    close: { device: identifier },
});

const stored = { file: identifier, storage: identifier };
const sealed = { ...stored, key: fixed(32), size: u64 };

const fileAction = union({
    seal: { file: identifier, ticket: u32, storage: identifier, key: fixed(32), size: u64 },
    send: { device: identifier, ...stored, chunks: u32 },
    receive: { device: identifier, ...sealed, hash: fixed(32) },
    stop: { file: identifier },
    read: { ...stored, from: u32, count: u32 },
    store: { ...sealed, hash: fixed(32), from: u32, bytes },
    delete: stored,
    open: { ...sealed, name: text, mediaType: text, purpose: filePurpose },
    /** All that is to be kept; so many bytes must be there. */
    inventory: { files: vector(struct({ ...stored, length: u64 })) },
});

/** A key for the frames of one direction, and its KID (RFC 9605 §4.3). */
const callKey = struct({ id: u8, key: fixed(32) });

export const callAction = union({
    start: {
        call: identifier, device: identifier, polite: boolean, video: boolean, relayOnly: boolean,
        /** Null: one of the two cannot encrypt frames. */
        keys: optional(struct({ send: callKey, receive: callKey })),
    },
    signal: { call: identifier, kind: callSignalKind, text },
    end: { call: identifier },
    receiveKey: { call: identifier, key: callKey },
    sendKey: { call: identifier, key: callKey },
    forgetKey: { call: identifier, id: u8 },
});

export const output = struct({
    writes: vector(struct({ store, key: bytes, value: optional(bytes) })),
    reads: vector(struct({ store, key: fixed(32) })),
    connection: names("unchanged", "open", "close", "reopen"),
    toNode: vector(bytes),
    relay: optional(relayAccess),
    channels: vector(channelAction),
    files: vector(fileAction),
    calls: vector(callAction),
    events: items(event),
    nextTimeout: optional(u64),
});

/** What the export `scrypt` takes. */
export const scryptInput = struct({ n: u64, r: u32, p: u32, salt: bytes, password: bytes });

export type Input = Coded<typeof input>;
export type Output = Coded<typeof output>;
export type Write = Output["writes"][number];
export type StoreName = Coded<typeof store>;
export type RelayAccess = Coded<typeof relayAccess>;
export type ChannelAction = Coded<typeof channelAction>;
export type CoreFileAction = Coded<typeof fileAction>;
export type FileSummary = Coded<typeof fileSummary>;
export type FileKind = Coded<typeof fileKind>;
export type FilePurpose = Coded<typeof filePurpose>;
export type CallAction = Coded<typeof callAction>;
export type CallKey = Coded<typeof callKey>;
export type CallSupport = Coded<typeof callSupport>;
export type CallSignalKind = Coded<typeof callSignalKind>;
export type CallMediaState = Coded<typeof callMedia>;
export type SignalKind = Coded<typeof signalKind>;
export type ConnectionAction = Output["connection"];
export type CoreEvent = Coded<typeof event>;
export type Conversation = Coded<typeof conversation>;
export type Message = Coded<typeof message>;
export type Warning = Coded<typeof warning>;
export type Notice = Coded<typeof notice>;
export type Settings = Coded<typeof settings>;
export type ScryptParameters = { n: number; r: number; p: number; salt: Uint8Array };
export type EventOf<Type extends CoreEvent["type"]> = Extract<CoreEvent, { type: Type }>;
