// Elements, and their ties to observable values.
//
// A browser may keep an element that was taken out of the page for a while: what filled it is taken out of it, so that
// after Lock such a rest holds no text.

import { Observable, Unsubscribe, Value } from "../model/value";

export type Child = Node | string | null | undefined | false | readonly Child[];
type Listener = (event: any) => void;
export type Properties = { readonly [name: string]: string | number | boolean | null | undefined | Listener };

/** An element. `onclick` and the like are listeners; true is an empty attribute; false, null and undefined are none. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
    tag: Tag, properties: Properties = {}, ...children: Child[]
): HTMLElementTagNameMap[Tag] {
    const element = document.createElement(tag);
    setProperties(element, properties);
    append(element, children);
    return element;
}

const svgNamespace = "http://www.w3.org/2000/svg";

export function svg<Tag extends keyof SVGElementTagNameMap>(
    tag: Tag, properties: Properties = {}, ...children: Child[]
): SVGElementTagNameMap[Tag] {
    const element = document.createElementNS(svgNamespace, tag);
    setProperties(element, properties);
    append(element, children);
    return element;
}

function setProperties(element: Element, properties: Properties): void {
    for (const [name, value] of Object.entries(properties)) {
        if (typeof value === "function") element.addEventListener(name.slice(2), value);
        else setAttribute(element, name, value);
    }
}

export function setAttribute(element: Element, name: string, value: string | number | boolean | null | undefined): void {
    if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
}

function append(parent: Element, children: readonly Child[]): void {
    for (const child of children) {
        if (child === null || child === undefined || child === false) continue;
        if (Array.isArray(child)) append(parent, child);
        else parent.append(child as Node | string);
    }
}

/** Puts `child` in the place of whatever is in `parent`. */
export function fill(parent: Element, child: Child): void {
    parent.replaceChildren();
    append(parent, [child]);
}

let lastIdentifier = 0;

/** An id for labels and descriptions to point to. */
export function uniqueId(): string {
    lastIdentifier += 1;
    return `e${lastIdentifier}`;
}

/** What lives as long as a piece of the page: subscriptions, timers, listeners outside of it. */
export class Scope {
    #endings: (() => void)[] = [];

    dispose(): void {
        for (const ending of this.#endings.splice(0)) ending();
    }

    onDispose(ending: Unsubscribe): void {
        this.#endings.push(ending);
    }

    /** Calls `apply` with the value, now and after each change. */
    bind<T>(value: Observable<T>, apply: (value: T) => void): void {
        apply(value.current);
        this.onDispose(value.subscribe(apply));
    }

    /** A part of a value, which changes only when that part does. */
    part<T, Part extends string | number | boolean | null>(value: Observable<T>, select: (value: T) => Part): Observable<Part> {
        const part = new Value(select(value.current));
        this.onDispose(value.subscribe((current) => part.set(select(current))));
        return part;
    }

    /** A node whose text follows the value. */
    text<T>(value: Observable<T>, render: (value: T) => string): Text {
        const node = document.createTextNode("");
        this.bind(value, (current) => (node.data = render(current)));
        return node;
    }

    attribute<T>(element: Element, name: string, value: Observable<T>,
        render: (value: T) => string | number | boolean | null): void {
        this.bind(value, (current) => setAttribute(element, name, render(current)));
    }

    listen<Type extends keyof WindowEventMap>(target: Window, type: Type, listener: (event: WindowEventMap[Type]) => void): void {
        target.addEventListener(type, listener);
        this.onDispose(() => target.removeEventListener(type, listener));
    }

    listenTo(target: EventTarget, type: string, listener: () => void): void {
        target.addEventListener(type, listener);
        this.onDispose(() => target.removeEventListener(type, listener));
    }

    every(milliseconds: number, callback: () => void): void {
        const timer = setInterval(callback, milliseconds);
        this.onDispose(() => clearInterval(timer));
    }

    /** Once what is being made stands in the page, and before anything else happens: a later focus would steal keys. */
    whenInPage(callback: () => void): void {
        let isAlive = true;
        this.onDispose(() => (isAlive = false));
        queueMicrotask(() => isAlive && callback());
    }

    /** Fills `container` anew whenever the value changes. What was in it ends first. */
    fill<T>(container: Element, value: Observable<T>, render: (value: T, scope: Scope) => Child): void {
        let inner = new Scope();
        this.bind(value, (current) => {
            inner.dispose();
            inner = new Scope();
            container.replaceChildren();
            fill(container, render(current, inner));
        });
        this.onDispose(() => {
            inner.dispose();
            container.replaceChildren();
        });
    }

    /** Keeps one node for each item, in the items' order. The node follows its item's value; `isChange` says when. */
    list<T>(container: Element, items: Observable<readonly T[]>, key: (item: T) => string,
        isChange: (before: T, after: T) => boolean, render: (item: Observable<T>, scope: Scope) => Element): void {
        const shown = new Map<string, { item: Value<T>; node: Element; scope: Scope }>();
        this.bind(items, (current) => {
            const keys = new Set(current.map(key));
            for (const [name, entry] of shown) {
                if (keys.has(name)) continue;
                entry.scope.dispose();
                entry.node.remove();
                shown.delete(name);
            }
            let previous: Element | null = null;
            for (const item of current) {
                let entry = shown.get(key(item));
                if (entry === undefined) {
                    const value = new Value(item);
                    const scope = new Scope();
                    entry = { item: value, node: render(value, scope), scope };
                    shown.set(key(item), entry);
                } else if (isChange(entry.item.current, item)) {
                    entry.item.set(item);
                }
                const place: Element | null = previous === null ? container.firstElementChild : previous.nextElementSibling;
                if (place !== entry.node) container.insertBefore(entry.node, place);
                previous = entry.node;
            }
        });
        this.onDispose(() => {
            for (const { scope } of shown.values()) scope.dispose();
            shown.clear();
            container.replaceChildren();
        });
    }
}
