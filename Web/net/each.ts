/** What throws at one item does not keep the others from being shown; the browser's console has the error. */
export function each<Item>(items: readonly Item[], take: (item: Item) => void): void {
    for (const item of items) {
        try {
            take(item);
        } catch (error) {
            reportError(error);
        }
    }
}
