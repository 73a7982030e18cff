// The microphone, for voice messages: Opus, a single channel, small.

/** A microphone that records. */
export interface Recording {
    /** How loud it is now, from 0 to 1. */
    level(): number;
    stop(): Promise<{ blob: Blob; mediaType: string }>;
    /** What was recorded until a second ago, to be played by itself. */
    soFar(): Promise<{ blob: Blob; mediaType: string }>;
    /** Nothing of it is kept. */
    cancel(): void;
}

/** In this order; every browser we run in plays all of them. */
const formats = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const bitsPerSecond = 32_000;
/** Handed over in pieces this long: a long recording as one piece would go to the disk, readable, in some browsers. */
const pieceMilliseconds = 1_000;

/** Asks the user for the microphone. Refused with the browser's error. */
export async function openMicrophone(): Promise<Recording> {
    const stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    const mimeType = formats.find((format) => MediaRecorder.isTypeSupported(format)) ?? "";
    const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: bitsPerSecond });
    const pieces: Promise<ArrayBuffer>[] = [];
    recorder.ondataavailable = ({ data }) => void pieces.push(data.arrayBuffer());

    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1_024;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const end = () => {
        for (const track of stream.getTracks()) track.stop();
        void context.close();
    };
    const recorded = async () => {
        const mediaType = recorder.mimeType.split(";")[0] || "audio/webm";
        return { blob: new Blob(await Promise.all(pieces), { type: mediaType }), mediaType };
    };
    recorder.start(pieceMilliseconds);
    return {
        level: () => {
            analyser.getFloatTimeDomainData(samples);
            return Math.min(1, Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length));
        },
        stop: async () => {
            const stopped = new Promise((resolve) => (recorder.onstop = resolve));
            if (recorder.state !== "inactive") {
                recorder.stop();
                await stopped;
            }
            end();
            return recorded();
        },
        soFar: recorded,
        cancel: () => {
            recorder.ondataavailable = null;
            if (recorder.state !== "inactive") recorder.stop();
            pieces.length = 0;
            end();
        },
    };
}
