/** 16 random bytes in hexadecimal: nobody guesses it, and it says nothing. */
export function randomId(): string {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
