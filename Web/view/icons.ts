// Line icons of our own, on a 24 by 24 grid. They decorate: the name is always said by the control.

import { svg } from "./dom";

const paths = {
    alert: "M12 3.5 21.5 20h-19ZM12 10v4.5M12 17.2v.3",
    arrowDown: "M12 4.5V19M5.5 12.5 12 19l6.5-6.5",
    attach: "m20 11.5-8 8a5 5 0 0 1-7.1-7.1l8.4-8.3a3.3 3.3 0 0 1 4.7 4.7l-8.3 8.3a1.7 1.7 0 0 1-2.4-2.4l7.3-7.3",
    back: "M19 12H5M11 5.5 4.5 12l6.5 6.5",
    camera: "M3 7h11.5v10H3ZM14.5 11l6.5-3.5v9L14.5 13",
    cameraOff: "M3 7h11.5v10H3ZM14.5 11l6.5-3.5v9L14.5 13M3 3l18 18",
    check: "m5 12.5 4.5 4.5L19 7",
    checks: "m2.5 12.5 4 4 8-9M11 15.5l1.2 1.2 8.8-9.7",
    clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 7.5V12l3 2",
    close: "m6 6 12 12M18 6 6 18",
    copy: "M9 9h10.5v10.5H9ZM5.5 15h-1V4.5H15v1",
    download: "M12 4v11M7 10.5l5 5 5-5M4.5 20h15",
    enlarge: "M13.5 10.5 19 5M14 5h5v5M10.5 13.5 5 19M5 14v5h5",
    eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6Z",
    file: "M6 3.5h8l4.5 4.5v12.5H6ZM13.5 3.5V8.5h5",
    film: "M4 5h16v14H4ZM10 9v6l5-3Z",
    fullScreen: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
    grid: "M4 4.5h7v6.5H4ZM13 4.5h7v6.5h-7ZM4 13h7v6.5H4ZM13 13h7v6.5h-7Z",
    hangUp: "M3 14.5c5-5.5 13-5.5 18 0l-1.5 2.5-4-1.5v-2.7c-2.2-.8-4.8-.8-7 0v2.7l-4 1.5Z",
    image: "M4 5h16v14H4ZM4 16l4.5-4.5 4 4 2.5-2.5 5 5M15.5 8.2a1.3 1.3 0 1 0 0 2.6 1.3 1.3 0 0 0 0-2.6Z",
    info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 11v5.5M12 7.8v.2",
    invite: "M9.5 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM3 20c0-3.5 2.8-5.5 6.5-5.5S16 16.5 16 20M19 8v6M16 11h6",
    key: "M15.5 4a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM12.3 11.7 4 20M6.5 17.5l2 2M9.5 14.5l2 2",
    keyboard: "M3 6.5h18v11H3ZM6.5 10h.1M10 10h.1M13.5 10h.1M17 10h.1M8 14h8",
    lock: "M6 10.5h12v9.5H6ZM8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5M12 14v2.5",
    microphone: "M12 3.5a3 3 0 0 0-3 3V12a3 3 0 0 0 6 0V6.5a3 3 0 0 0-3-3ZM5.5 11.5c0 8 13 8 13 0M12 17.5v3",
    microphoneOff: "M12 3.5a3 3 0 0 0-3 3V12a3 3 0 0 0 6 0V6.5a3 3 0 0 0-3-3ZM5.5 11.5c0 8 13 8 13 0M12 17.5v3M3.5 3l17 18",
    minimise: "M19 5l-6 6M13 6.5V11h4.5M5 19l6-6M11 17.5V13H6.5",
    pause: "M8 5.5v13M16 5.5v13",
    person: "M12 4.5a3.7 3.7 0 1 0 0 7.4 3.7 3.7 0 0 0 0-7.4ZM5 20c0-3.6 3-5.7 7-5.7s7 2.1 7 5.7",
    phone: "M6.5 3.5 9.5 4l1 4.5-2 1.7c1 2.3 2.5 3.9 4.8 5l1.9-2 4.3 1.1.5 3.2c-.3 1.8-1.6 2.8-3.4 2.5C9.8 19 4.5 13.5 4 7.2c0-1.9.9-3.3 2.5-3.7Z",
    pictureInPicture: "M3.5 5h17v14h-17ZM12 12h6v4.5h-6Z",
    play: "M8 5v14l11-7Z",
    rotate: "M4 12a8 8 0 0 1 13.8-5.5L20 8.5M20 4v4.5h-4.5M20 12a8 8 0 0 1-13.8 5.5L4 15.5M4 20v-4.5h4.5",
    screen: "M3 5h18v11H3ZM8 20h8M12 16v4",
    screenOff: "M3 5h18v11H3ZM8 20h8M12 16v4M9.5 8l5 5M14.5 8l-5 5",
    send: "M4 12 20.5 4.5 15 20.5l-3.5-6.5ZM11.5 14l9-9.5",
    settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4ZM9 14.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4Z",
    shield: "M12 3 19.5 6v5.5c0 4.5-3 8-7.5 9.5-4.5-1.5-7.5-5-7.5-9.5V6Z",
    shieldCheck: "M12 3 19.5 6v5.5c0 4.5-3 8-7.5 9.5-4.5-1.5-7.5-5-7.5-9.5V6ZM8.5 12l2.5 2.5 4.5-5",
    sound: "M9 17.5V6l10-2v11.5M9 17.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0ZM19 15.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0Z",
    speaker: "M4 9.5v5h3.5l5 4V5.5l-5 4ZM15.5 9c1.6 1.7 1.6 4.3 0 6M18 6.5c3 3.2 3 7.8 0 11",
    stop: "M6.5 6.5h11v11h-11Z",
    trash: "M4.5 7h15M9.5 7V4.5h5V7M6.5 7l.8 13h9.4l.8-13M10.2 10.5v6M13.8 10.5v6",
} as const;

export type IconName = keyof typeof paths;

export function icon(name: IconName): SVGElement {
    return svg("svg", { class: `icon icon-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
        svg("path", { d: paths[name] }));
}

/** The product's mark: two people, one closed circle. */
export function mark(): SVGElement {
    return svg("svg", { class: "mark", viewBox: "0 0 32 32", "aria-hidden": "true", focusable: "false" },
        svg("rect", { class: "mark-ground", width: 32, height: 32, rx: 9 }),
        svg("path", { class: "mark-line", d: "M20.8 10.2a7.5 7.5 0 1 0 0 11.6" }),
        svg("circle", { class: "mark-dot", cx: 16, cy: 16, r: 2.4 }),
        svg("path", { class: "mark-line", d: "M16 16h8.5" }));
}
