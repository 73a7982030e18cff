import qrcode from "qrcode-generator";
import { svg } from "./dom";

/** White modules around the code (ISO/IEC 18004 §9.1). */
const quietZone = 4;

/** A QR code of the bytes, error correction level M, as an image named `name`. */
export function qrImage(bytes: Uint8Array, name: string): SVGElement {
    const path = qrPath(bytes);
    const size = path.size + 2 * quietZone;
    return svg("svg", { class: "qr", role: "img", "aria-label": name, viewBox: `0 0 ${size} ${size}`, "shape-rendering": "crispEdges" },
        svg("rect", { class: "qr-ground", width: size, height: size }),
        svg("path", { class: "qr-modules", d: path.d, transform: `translate(${quietZone} ${quietZone})` }));
}

/** The dark modules as one path, a unit each. */
export function qrPath(bytes: Uint8Array): { d: string; size: number } {
    const code = qrcode(0, "M");
    // The library takes one character a byte.
    code.addData(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""), "Byte");
    code.make();
    const size = code.getModuleCount();
    let d = "";
    for (let row = 0; row < size; row += 1) {
        for (let column = 0; column < size; column += 1) {
            if (code.isDark(row, column)) d += `M${column} ${row}h1v1h-1z`;
        }
    }
    return { d, size };
}
