// What this browser can do between two devices. Some are built without WebRTC, or have it switched off.

import type { CallSupport } from "../worker/boundary";

export function makesConnections(): boolean {
    return "RTCPeerConnection" in window;
}

export function callSupport(): CallSupport {
    if (!makesConnections()) return "noConnections";
    return "RTCRtpScriptTransform" in window ? "frames" : "media";
}
