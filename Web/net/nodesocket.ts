// The WebSocket to the node: kept open while wanted, reconnecting ever more slowly, at once when there is reason to hope.

const firstDelay = 500;
const longestDelay = 30_000;
/** A connection that stood this long was a good one: the next failure starts from the first delay again. */
const settled = 10_000;

export interface NodeSocketListener {
    onConnected(): void;
    onDisconnected(): void;
    onFrame(bytes: Uint8Array): void;
    /** A connection could not be made, or broke. */
    onFailure(): void;
}

export class NodeSocket {
    #url: string;
    #listener: NodeSocketListener;
    #socket: WebSocket | null = null;
    #wanted = false;
    #failures = 0;
    #openedAt = 0;
    #timer: ReturnType<typeof setTimeout> | undefined;

    constructor(url: string, listener: NodeSocketListener) {
        this.#url = url;
        this.#listener = listener;
        window.addEventListener("online", this.#hurry);
        document.addEventListener("visibilitychange", this.#hurry);
    }

    /** For good. */
    dispose(): void {
        window.removeEventListener("online", this.#hurry);
        document.removeEventListener("visibilitychange", this.#hurry);
        this.close();
    }

    open(): void {
        if (this.#wanted) return;
        this.#wanted = true;
        this.#failures = 0;
        this.#connect();
    }

    close(): void {
        this.#wanted = false;
        clearTimeout(this.#timer);
        this.#drop();
    }

    reopen(): void {
        this.close();
        this.open();
    }

    /** The network is another one: a connection that was made over the former leads nowhere, and nobody says so. */
    renew(): void {
        if (!this.#wanted) return;
        const wasOpen = this.#openedAt > 0;
        this.#failures = 0;
        this.#drop();
        if (wasOpen) this.#listener.onDisconnected();
        this.#connect();
    }

    /** Frames without a connection are dropped: the core sends only while it knows of one. */
    send(frames: Uint8Array[]): void {
        if (this.#socket?.readyState !== WebSocket.OPEN) return;
        for (const frame of frames) this.#socket.send(frame);
    }

    #connect(): void {
        clearTimeout(this.#timer);
        const socket = new WebSocket(this.#url);
        socket.binaryType = "arraybuffer";
        this.#socket = socket;
        socket.onopen = () => {
            this.#openedAt = Date.now();
            this.#listener.onConnected();
        };
        socket.onmessage = (event) => {
            if (event.data instanceof ArrayBuffer) this.#listener.onFrame(new Uint8Array(event.data));
        };
        socket.onclose = () => {
            const wasOpen = this.#openedAt > 0;
            this.#drop();
            if (wasOpen) this.#listener.onDisconnected();
            this.#listener.onFailure();
            this.#retryLater();
        };
    }

    /** Forgets the socket: none of its events comes through any more. */
    #drop(): void {
        const socket = this.#socket;
        this.#socket = null;
        if (this.#openedAt > 0 && Date.now() - this.#openedAt > settled) this.#failures = 0;
        this.#openedAt = 0;
        if (socket === null) return;
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
    }

    #retryLater(): void {
        if (!this.#wanted) return;
        const ceiling = Math.min(longestDelay, firstDelay * 2 ** this.#failures);
        this.#failures += 1;
        // Jitter: a node that restarts is not asked by everybody in the same moment.
        this.#timer = setTimeout(() => this.#connect(), ceiling / 2 + Math.random() * (ceiling / 2));
    }

    #hurry = (): void => {
        if (!this.#wanted || this.#socket !== null || document.visibilityState === "hidden") return;
        this.#failures = 0;
        this.#connect();
    };
}
