// What the app uses of the browser's interfaces and TypeScript 4.8's DOM library does not declare.

interface TrustedScriptURL {
    readonly trustedScriptURL: unique symbol;
}

interface TrustedTypePolicy {
    createScriptURL(input: string): TrustedScriptURL;
}

interface TrustedTypePolicyFactory {
    createPolicy(name: string, rules: { createScriptURL(input: string): string }): TrustedTypePolicy;
}

interface Window {
    /** Absent in browsers without Trusted Types. */
    readonly trustedTypes?: TrustedTypePolicyFactory;
}
