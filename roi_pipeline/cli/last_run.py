"""What the last run on this machine came to, kept in `state/`, so that `status` can
say that a newer run published nothing. Knows one small file; no command and no table."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from roi_pipeline import files
from roi_pipeline.portfolio import Portfolio

FILE = "last_run.json"


def keep(found: Portfolio, told: Mapping[str, Any], *, is_good: bool) -> None:
    """Remember what a run said; a reader sees the old or the new file, never a part."""
    file = found.state / FILE
    ended = datetime.now(UTC).isoformat()
    kept = {**told, "is_good": is_good, "ended_at": ended}
    # a summary that cannot be kept is no reason to fail
    with suppress(OSError), files.replacing(file) as part:
        part.write_text(json.dumps(kept, default=str), encoding="utf-8")
        part.chmod(0o600)


def failed_since(found: Portfolio, published_at: str) -> dict[str, Any] | None:
    """The last run, if it failed and the current edition is older than it; else None."""
    try:
        told = json.loads((found.state / FILE).read_text(encoding="utf-8"))
        is_newer = datetime.fromisoformat(told["ended_at"]) > datetime.fromisoformat(published_at)
        return told if is_newer and not told["is_good"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def lines(told: Mapping[str, Any]) -> Iterator[Text]:
    """A run that published nothing, in words."""
    yield Text(
        f"The last run, {str(told['ended_at'])[:16]} UTC, published nothing:", style="bold red"
    )
    for path, why in told.get("intake", {}).get("refused", ()):
        yield Text(f"  refused {why if str(why).startswith(path) else f'{path}: {why}'}")
    for check in told.get("failed_checks", ()):
        yield Text(f"  check {check['table']}, {check['name']}: {check['description']}")
    if told.get("error"):
        yield Text(f"  {told['error']}")
