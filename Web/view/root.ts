import type { App, Screen } from "../model/app";
import { language } from "../i18n";
import { brokenView, elsewhereView, enrolView, lockedView, removedView, startingView, welcomeView } from "./entry";
import { Scope } from "./dom";
import { mainView } from "./main";

/** Shows the app in `root`, screen after screen. A screen that goes takes everything it showed with it. */
export function show(root: HTMLElement, app: App): void {
    let scope = new Scope();
    const render = () => {
        scope.dispose();
        scope = new Scope();
        document.title = "CryptPeer";
        root.replaceChildren(view(scope, app, app.screen.current));
    };
    app.screen.subscribe(render);
    language.subscribe(render);
    render();
}

function view(scope: Scope, app: App, screen: Screen): HTMLElement {
    switch (screen.name) {
        case "starting":
            return startingView();
        case "welcome":
            return welcomeView(scope, app, screen.refused);
        case "enrol":
            return enrolView(scope, app, screen.model);
        case "locked":
            return lockedView(scope, screen.model);
        case "main":
            return mainView(scope, screen.model, () => app.lock());
        case "elsewhere":
            return elsewhereView(scope, app);
        case "removed":
            return removedView(scope, app, screen.kept);
        case "broken":
            return brokenView(app, screen.reason, screen.detail);
    }
}

