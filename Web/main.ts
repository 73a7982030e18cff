// The page: models and views, over a session that holds a worker.

import { followLanguage } from "./i18n";
import { App } from "./model/app";
import { systemClock } from "./model/clock";
import { invitationFragment } from "./model/link";
import { keepShell } from "./net/shell";
import { Session } from "./net/session";
import { TabLock } from "./net/tab";
import { show } from "./view/root";
import { applyTheme } from "./view/theme";

/** The invitation in the address, which is taken out of it at once: addresses are remembered and shown around. A damaged one
 *  is taken, too: the core says so, where the page would only show that it has none. */
function takeLink(): string | null {
    const { hash, href } = location;
    const link = hash === "" ? null : href.replace(hash, invitationFragment(hash));
    if (hash !== "") history.replaceState(null, "", location.pathname);
    return link;
}

const link = takeLink();
applyTheme();
followLanguage(document.documentElement);

const tabs: TabLock = new TabLock({
    onLost: () => app.onProfileLost(),
    onCallElsewhere: (call) => app.onCallElsewhere(call),
});
const app: App = new App({
    clock: systemClock,
    openSession: (listener) => new Session(listener),
    acquireProfile: () => tabs.acquire(),
    takeProfile: () => tabs.take(),
    isProfileFree: () => tabs.isFree(),
    askForPersistentStorage: () => void navigator.storage?.persist?.(),
}, link);

show(document.getElementById("app")!, app);
window.addEventListener("hashchange", () => {
    const opened = takeLink();
    if (opened !== null) app.openLink(opened);
});
// Where the browser lets the site keep nothing, that is allowed by a reload, which finds the link again.
app.screen.subscribe((screen) => {
    const isBlocked = screen.name === "broken" && screen.reason === "fault.blocked";
    if (isBlocked && app.unusedLink !== null) history.replaceState(null, "", app.unusedLink);
});
void app.start();
keepShell(app.screen);
