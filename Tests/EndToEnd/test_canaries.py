"""The scan for planted secrets finds what was planted, in each form and each place. Without this a clean scan says nothing."""

import base64
import os
import subprocess
import sys

import canaries

PLANTED = [
    canaries.text("name", "Zoé Ångström-Łukasiewicz"),
    canaries.text("passphrase", "otter-velvet-94-harbour"),
    canaries.key("key", bytes(range(200, 232))),
    canaries.address("IPv4 candidate", "203.0.113.77", 54321),
    canaries.address("IPv6 candidate", "2001:db8:5eed::77", 54321),
]


def test_every_form_is_found_in_a_file(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "mailbox.sqlite").write_bytes(os.urandom(5000) + canaries.plant(PLANTED) + os.urandom(5000))
    assert canaries.found(canaries.scan_folder(tmp_path, PLANTED)) == canaries.expected(PLANTED)


def test_nothing_is_found_where_nothing_is(tmp_path):
    (tmp_path / "noise").write_bytes(os.urandom(4_000_000))
    assert canaries.scan_folder(tmp_path, PLANTED) == []


def test_nothing_is_lost_at_the_edges_of_emptiness(tmp_path):
    # UTF-16 ends or begins with a zero of its own, here in a stretch of zeros that the scan cuts short.
    secret = canaries.text("name", "Zoe Angstrom-Lukasiewicz")
    forms = dict(secret.forms)
    emptiness = bytes(3 * canaries.PIECE)
    for form in ("UTF-16LE", "UTF-16BE"):
        for before in range(canaries.PIECE - 2, canaries.PIECE + 3):
            content = emptiness[:before] + forms[form] + emptiness
            (tmp_path / "dump").write_bytes(content)
            assert (secret.name, form) in canaries.found(canaries.scan_file(tmp_path / "dump", [secret])), before
            (tmp_path / "dump").write_bytes(content[::-1])
            backwards = canaries.Canary("backwards", ((form, forms[form][::-1]),))
            assert canaries.scan_file(tmp_path / "dump", [backwards]) != [], before


def test_base64_is_found_wherever_it_starts_and_ends():
    canary = canaries.text("passphrase", "otter-velvet-94-harbour")
    for before in range(4):
        for after in range(4):
            whole = os.urandom(before) + b"otter-velvet-94-harbour" + os.urandom(after)
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                findings = canaries.scan_bytes(encode(whole), "text", [canary])
                assert any("base64" in finding.form for finding in findings), (before, after)


def test_a_file_name_gives_a_canary_away(tmp_path):
    (tmp_path / "otter-velvet-94-harbour.txt").write_bytes(b"")
    assert canaries.found(canaries.scan_folder(tmp_path, PLANTED)) == {("passphrase", "UTF-8")}


def test_every_form_is_found_in_the_memory_of_a_process(tmp_path):
    # The secrets arrive through a pipe, so that they are in this process's memory and in no file or argument.
    holder = "import sys, time; held = sys.stdin.buffer.read(); print('holding', flush=True); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        process.stdin.write(canaries.plant(PLANTED))
        process.stdin.close()
        assert process.stdout.readline() == b"holding\n"
        assert canaries.found(canaries.scan_process(process.pid, tmp_path, PLANTED)) == canaries.expected(PLANTED)
        assert process.poll() is None, "the process survives its core dump"
    finally:
        process.kill()
        process.wait()
