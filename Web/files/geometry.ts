// A file's STREAM geometry: sealed chunks one after the other, on disk as on the way. Each is as long as one message.

/** AES-256-GCM's tag. */
export const tagLength = 16;
/** A full sealed chunk, and the longest message of a file's channel. */
export const sealedChunk = 65_536;
export const plainChunk = sealedChunk - tagLength;
/** The largest file that may be sent, in bytes. */
export const largestFile = 10 * 2 ** 30;

/** How many chunks a file of `size` bytes has. An empty one has one. */
export function chunkCount(size: number): number {
    return Math.max(1, Math.ceil(size / plainChunk));
}

export function sealedLength(size: number): number {
    return size + chunkCount(size) * tagLength;
}

/** How many bytes the sealed chunk `index` has. */
export function lengthOfChunk(size: number, index: number): number {
    return Math.min(sealedChunk, sealedLength(size) - index * sealedChunk);
}

/** How many whole chunks a stored part of `length` bytes holds: the last one is short, and all the same whole. */
export function storedChunks(size: number, length: number): number {
    return length >= sealedLength(size) ? chunkCount(size) : Math.floor(length / sealedChunk);
}

/** How many of the file's own bytes its first chunks hold. */
export function plainBytes(size: number, chunks: number): number {
    return Math.min(size, chunks * plainChunk);
}
