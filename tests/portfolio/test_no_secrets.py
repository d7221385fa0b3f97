"""No credential stands in the project (promise 36): every tracked file is searched, and a planted
one is found."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
KEYS = re.compile(
    r"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|ghp_[A-Za-z0-9]{36}|sk-[A-Za-z0-9]{32,}"
    r"|xox[bp]-[0-9A-Za-z-]{20,}|://[^/\s:@{}$]+:[^/\s:@{}$*]{6,}@[\w.-]+"
)
PLANTED = [
    "aws_access_key_id = " + "AKIA" + "Q3EGRIDVB2ZLXT5P",
    "url: " + "postgresql://bi:" + "hunter2hunter2" + "@db.internal/roi",
    "-----BEGIN " + "RSA PRIVATE KEY-----",
]
# Made-up credentials that tests and examples need, so that masking can be tried on them.
MADE_UP = ("AKIAABCDEFGHIJKLMNOP", "example", "secret", "s3cr3t", "password", "hunter2")


def leaks(text: str) -> list[str]:
    """What looks like a credential and is not made up."""
    return [found[0] for found in KEYS.finditer(text) if not any(w in found[0] for w in MADE_UP)]


@pytest.mark.parametrize("line", PLANTED)
def test_a_planted_key_is_found(line: str) -> None:
    assert KEYS.search(line)


def test_no_tracked_file_holds_a_credential() -> None:
    listed = subprocess.run(
        ["git", "ls-files"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: nothing is tracked")
    files = [ROOT / name for name in listed.stdout.splitlines()]
    texts = {f: f.read_text("utf-8", errors="ignore") for f in files if f.is_file()}
    assert {str(f): found for f, text in texts.items() if (found := leaks(text))} == {}
    assert len(texts) > 100
