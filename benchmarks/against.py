"""Two checkouts side by side on the same inputs: a first run, a run with nothing new, a small run.

    python benchmarks/against.py ../roi-pipeline-0.1.0 --pairs 3

The inputs are the demo portfolio (24 months, four systems) as the other checkout writes it. Each
pair runs the other checkout, then this one; figures are CPU-seconds of the whole process tree.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import measure

HERE = Path(__file__).parent.parent
WRITE = (
    "import sys; from pathlib import Path; from roi_pipeline import demo; "
    "demo.write(Path(sys.argv[1]))"
)
INVOICE = """entry_id,document_on,service_start,service_end,amount,currency,category,system_id
added-1,2026-10-20,2026-10-01,2026-10-31,12.34,USD,labour,card-fraud
"""
MONTH = "2026-10"


def cpu_of(checkout: Path, *arguments: str) -> float:
    """CPU-seconds of a Python program with a checkout's package; raises when it fails.

    It runs in the checkout: Python looks for packages in the working directory first.
    """
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{checkout}: {' '.join(arguments)} failed: {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def costs(checkout: Path, inputs: Path, work: Path) -> dict[str, float]:
    """What each kind of run costs with one checkout."""
    folder = shutil.copytree(inputs, work / "demo")
    run = ("-m", "roi_pipeline.cli", "run", "--month", MONTH, "--portfolio", str(folder))
    found = {"first run": cpu_of(checkout, *run), "nothing new": cpu_of(checkout, *run)}
    (folder / "inbox" / "operating_costs" / "added.csv").write_text(INVOICE)
    found["one cost row more"] = cpu_of(checkout, *run)
    shutil.rmtree(folder)
    return found


def main() -> None:
    """Print a Markdown table of medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("other", type=Path, help="a checkout of another version")
    parser.add_argument("--pairs", type=int, default=3)
    asked = parser.parse_args()
    other = asked.other.resolve()
    spent: dict[str, tuple[list[float], list[float]]] = {}
    with tempfile.TemporaryDirectory() as work:
        inputs = Path(work) / "inputs"
        cpu_of(other, "-c", WRITE, str(inputs))
        for _ in range(asked.pairs):
            for side, checkout in enumerate((other, HERE)):
                for name, cpu in costs(checkout, inputs, Path(work)).items():
                    spent.setdefault(name, ([], []))[side].append(cpu)
    rows = []
    for name, (before, now) in spent.items():
        old, new = statistics.median(before), statistics.median(now)
        rows.append((name, old, new, new / old))
    print(measure.machine())
    print(measure.table(("run", f"{other.name}, CPU-s", "here, CPU-s", "ratio"), rows))


if __name__ == "__main__":
    main()
