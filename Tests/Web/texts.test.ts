import assert from "node:assert/strict";
import { test } from "node:test";
import { invitationFragment, invitationLinkIn } from "../../Web/model/link";
import { hostOf, withLinks } from "../../Web/model/weblinks";
import { composedName, passphraseStrength } from "../../Web/model/text";
import { announcedFingerprints, fingerprintOf } from "../../Web/net/fingerprint";
import { qrPath } from "../../Web/view/qr";

test("names are composed", () => {
    assert.equal(composedName(" Zoe\u0308 K "), "Zoë K");
});

test("a passphrase is worth its length, not its repetitions", () => {
    assert.equal(passphraseStrength("hunter2"), 0);
    assert.equal(passphraseStrength("aaaaaaaaaaaa"), 1);
    assert.equal(passphraseStrength("Tr0ub4dor&3"), 2);
    assert.equal(passphraseStrength("correct horse battery staple"), 3);
});

test("an invitation link is one of this node's, with a secret part", () => {
    const origin = "https://localhost:8443";
    const secret = "A".repeat(87);
    assert.equal(invitationLinkIn(` ${origin}/#${secret}\n`, origin), `${origin}/#${secret}`);
    assert.deepEqual(invitationLinkIn(`https://evil.example/#${secret}`, origin), { otherHost: "evil.example" });
    for (const text of ["", "hello", `${origin}/`, `${origin}/#short`, `http://localhost:8443/#${secret}`, `javascript:1#${secret}`]) {
        assert.equal(invitationLinkIn(text, origin), "none");
    }
});

test("fingerprints are read from a description and made from a certificate", async () => {
    const digest = "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";
    assert.equal(await fingerprintOf(new TextEncoder().encode("abc").buffer), digest);
    const sdp = `v=0\r\na=fingerprint:sha-256 ${digest.toLowerCase()}\r\nm=application 9\r\na=fingerprint:sha-1 AA:BB\r\n`;
    assert.deepEqual(announcedFingerprints(sdp), [digest]);
    assert.deepEqual(announcedFingerprints(sdp.replace("sha-256", "SHA-256")), [digest]);
    assert.deepEqual(announcedFingerprints("v=0\r\na=fingerprint:sha-512 AA:BB\r\n"), []);
});

test("120 characters and 150 bytes fit a code that a phone reads", () => {
    assert.ok(qrPath(new Uint8Array(120).fill(0x41)).size <= 45);
    assert.ok(qrPath(new Uint8Array(150).fill(0xff)).size <= 53);
});

test("a text's links are found without the sentence around them", () => {
    const links = (text: string) => withLinks(text).flatMap((piece) => (typeof piece === "string" ? [] : [piece.text]));
    assert.deepEqual(links("See https://example.org/a?b=c#d, then (http://example.net/x_(y)). Bye."), ["https://example.org/a?b=c#d", "http://example.net/x_(y)"]);
    assert.deepEqual(links("javascript:alert(1) data:text/html,x ftp://x file:///etc/passwd example.org https://"), []);
    const text = "a https://example.org! b";
    assert.equal(withLinks(text).map((piece) => (typeof piece === "string" ? piece : piece.text)).join(""), text);
});

test("a link is asked about by where it leads, not by what it says", () => {
    const [link] = withLinks("https://bank.example@evil.test/login");
    if (link === undefined || typeof link === "string") throw new Error("no link");
    assert.equal(hostOf(link.href), "evil.test");
    assert.equal(hostOf("https://\u0430pple.com/"), "xn--pple-43d.com");
    // A character that turns the direction ends the link.
    assert.deepEqual(withLinks("https://example.org/\u202egpj.exe").length, 2);
});

test("an invitation link is found whatever stands around it or was put into it", () => {
    const origin = "https://localhost:8443";
    const secret = "A".repeat(87);
    const link = `${origin}/#${secret}`;
    const cut = `${origin}/#${secret.slice(0, 40)}`;
    for (const text of [
        `${link}.`, `(${link})`, `${link},`, `${link}!`, `<${link}>`, `"${link}"`, `\u200b${link}\u200b`, `${cut}\u00ad${secret.slice(40)}`,
        `Hello, here it is: ${link}. See you soon`, `${cut}\n${secret.slice(40)}`, `${cut}\r\n  ${secret.slice(40)} and more`,
    ]) assert.equal(invitationLinkIn(text, origin), link, text);
    // One that was truly cut is said to be damaged, by the core.
    assert.equal(invitationLinkIn(cut, origin), cut);
    assert.equal(invitationLinkIn(`${cut} See you`, origin), cut);
    for (const tail of ["", ".", ")", "%20", "%3E", "%E2%80%8B", "\u200b", "!"]) assert.equal(invitationFragment(`#${secret}${tail}`), `#${secret}`, tail);
});
