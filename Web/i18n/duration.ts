/** A length of time as clocks show it: 3:07, 1:02:09. */
export function formatDuration(seconds: number): string {
    const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
    const minutes = seconds / 60;
    return minutes < 60 ? `${Math.floor(minutes)}:${two(seconds % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}
