// Which day it is: what says "Today" says "Yesterday" after midnight.

import { startOfDay } from "../i18n";
import { Value } from "../model/value";
import type { Scope } from "./dom";

const interval = 20_000;

/** Local midnight of the present day, for as long as the scope lives. */
export function today(scope: Scope): Value<number> {
    const day = new Value(startOfDay(Date.now()));
    const look = () => day.set(startOfDay(Date.now()));
    scope.every(interval, look);
    scope.listenTo(document, "visibilitychange", look);
    return day;
}
