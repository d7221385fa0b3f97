"""What a process and its children cost: CPU-seconds, wall time, peak memory; by step within one."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """CPU of the whole process tree; `said` is the JSON that it printed last."""

    name: str
    cpu_s: float
    wall_s: float
    peak_gb: float
    said: dict[str, object]


@dataclass
class Steps:
    """CPU-seconds and wall time by step of this process, children included."""

    spent: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        cpu, wall = _cpu(), time.monotonic()
        yield
        step = self.spent.setdefault(name, [0.0, 0.0])
        step[0] += _cpu() - cpu
        step[1] += time.monotonic() - wall


def _cpu() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def run(name: str, arguments: Sequence[str | Path]) -> Cost:
    """Run a Python program of this folder; raises when it fails."""
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )
    output = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{name} failed with {process.returncode}:\n{output[-2000:]}")
    lines = [line for line in output.splitlines() if line.startswith("{")]
    return Cost(
        name,
        usage.ru_utime + usage.ru_stime,
        time.monotonic() - start,
        usage.ru_maxrss / 2**20,
        json.loads(lines[-1]) if lines else {},
    )


def machine() -> str:
    """The machine in one line."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next(
        (line.split(":")[1].strip() for line in text.splitlines() if "model name" in line), ""
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores {model}, {memory:.0f} GB, Python {platform.python_version()}"


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers with two digits."""
    shown = [
        [f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows
    ]
    return "\n".join(
        "| " + " | ".join(row) + " |" for row in [list(header), ["---"] * len(header), *shown]
    )
