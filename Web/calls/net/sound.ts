// What is heard besides the other person: the ringing, made of sine waves, and how loud a track is.

/** One stroke of a bell: its pitches in Hz, when it begins and how long it lasts, in seconds. */
interface Stroke {
    readonly pitches: readonly number[];
    readonly at: number;
    readonly lasts: number;
    readonly loud: number;
}

interface Tune {
    readonly strokes: readonly Stroke[];
    /** Until it begins again, in seconds; 0 for once. */
    readonly every: number;
}

const bell = (pitch: number, at: number, lasts = 0.9, loud = 0.22): Stroke =>
    ({ pitches: [pitch, pitch * 2, pitch * 3.01], at, lasts, loud });

export type TuneName = "incoming" | "ringback" | "ended";

const tunes: { readonly [Name in TuneName]: Tune } = {
    /** Four notes, the last one left ringing: it is noticed, and nobody jumps. */
    incoming: { strokes: [bell(523.25, 0), bell(698.46, 0.22), bell(523.25, 0.44), bell(880, 0.66, 1.6)], every: 3 },
    /** What the caller hears while it rings over there: the tone and the pause of European telephones. */
    ringback: { strokes: [{ pitches: [425], at: 0, lasts: 1, loud: 0.06 }], every: 5 },
    /** It is over. */
    ended: { strokes: [bell(523.25, 0, 0.25, 0.12), bell(392, 0.16, 0.4, 0.12)], every: 0 },
};

/** Plays a tune until told to stop. A browser that has seen no gesture of the user on this page keeps silent. */
export class Ringer {
    #context: AudioContext | null = null;
    #timer: ReturnType<typeof setInterval> | undefined;

    play(name: TuneName): void {
        this.stop();
        const tune = tunes[name];
        const context = new AudioContext();
        this.#context = context;
        const round = () => {
            for (const stroke of tune.strokes) strike(context, stroke);
        };
        round();
        if (tune.every > 0) this.#timer = setInterval(round, tune.every * 1_000);
        else this.#timer = setInterval(() => this.stop(), 2_000);
    }

    stop(): void {
        clearInterval(this.#timer);
        void this.#context?.close().catch(() => undefined);
        this.#context = null;
    }
}

/** Swells in a hundredth of a second, so that nothing clicks, and dies away like a bell. */
function strike(context: AudioContext, { pitches, at, lasts, loud }: Stroke): void {
    const begin = context.currentTime + 0.05 + at;
    for (const [index, pitch] of pitches.entries()) {
        const oscillator = new OscillatorNode(context, { frequency: pitch });
        const gain = new GainNode(context, { gain: 0 });
        gain.gain.setValueAtTime(0, begin);
        gain.gain.linearRampToValueAtTime(loud / (1 + 3 * index), begin + 0.012);
        gain.gain.exponentialRampToValueAtTime(0.0001, begin + lasts);
        oscillator.connect(gain).connect(context.destination);
        oscillator.start(begin);
        oscillator.stop(begin + lasts + 0.05);
    }
}

/** How loud a track is. */
export class LevelMeter {
    #context = new AudioContext();
    #analyser: AnalyserNode;
    #samples: Float32Array;

    constructor(track: MediaStreamTrack) {
        this.#analyser = new AnalyserNode(this.#context, { fftSize: 1_024 });
        this.#samples = new Float32Array(this.#analyser.fftSize);
        this.#context.createMediaStreamSource(new MediaStream([track])).connect(this.#analyser);
    }

    /** From 0, silence (-60 dB and below), to 1. */
    get level(): number {
        this.#analyser.getFloatTimeDomainData(this.#samples);
        let sum = 0;
        for (const sample of this.#samples) sum += sample * sample;
        return levelOf(Math.sqrt(sum / this.#samples.length));
    }

    stop(): void {
        void this.#context.close().catch(() => undefined);
    }
}

/** An effective value between 0 and 1 as the ear has it: in decibels, from -60 to 0. */
export function levelOf(effective: number): number {
    return effective <= 0 ? 0 : Math.min(1, Math.max(0, 1 + 20 * Math.log10(effective) / 60));
}
