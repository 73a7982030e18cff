import assert from "node:assert/strict";
import { test } from "node:test";
import { invitationLinkIn } from "../../Web/model/link";
import { normalizedName, passphraseStrength } from "../../Web/model/text";
import { announcedFingerprints, fingerprintOf } from "../../Web/net/fingerprint";
import { qrPath } from "../../Web/view/qr";

test("names are composed, short, and without characters that turn the direction", () => {
    assert.equal(normalizedName(" Zoe\u0308 \t K\u202e\u200f\u0007 "), "Zoë K");
    assert.equal([...normalizedName("🕊".repeat(70))].length, 64);
    assert.equal(normalizedName("\u2067\u2069 "), "");
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
});

test("120 characters and 150 bytes fit a code that a phone reads", () => {
    assert.ok(qrPath(new Uint8Array(120).fill(0x41)).size <= 45);
    assert.ok(qrPath(new Uint8Array(150).fill(0xff)).size <= 53);
});
