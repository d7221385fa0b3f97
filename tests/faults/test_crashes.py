"""After a stop at any point the database opens, readers find a whole edition, and the next run ends
in the very edition that an undisturbed run gives (promise 1); runs at once and a full disk do no
harm either (promises 15, 17)."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from points import faults_of, left_behind
from runner import close, run
from small_company import bill, put, small_company

from roi_pipeline.publish.editions import current

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
HERE = Path(__file__).parent
PATH = os.pathsep.join([str(HERE.parent / "real"), str(HERE), str(HERE.parent.parent)])
ENVIRONMENT = {**os.environ, "PYTHONPATH": PATH}
RUN = (
    "import sys; from datetime import date; from pathlib import Path; from runner import run; "
    "print(run(Path(sys.argv[1]), date.fromisoformat(sys.argv[2])).name)"
)
# A first run has hundreds of points, and a stop with the run after it takes about ten seconds: some
# of them here; `make proof` tries more, ROI_CRASH_STEP=1 all.
STEP = int(os.environ.get("ROI_CRASH_STEP", "0"))
STOPS = 6
KILLS = int(os.environ.get("ROI_KILLS", "8"))


def deliver_late(folder: Path) -> None:
    """A corrected bill for a closed month, and an outcome that was not known before."""
    bill(folder, JANUARY, [("card-fraud", "-25.5")], exported_at="2026-05-25T00:00:00Z")
    late = "prediction_id,observed_at,outcome\n2026-01-00009,2026-02-10T00:00:00Z,bad\n"
    put(folder, "outcomes/late.csv", late, datetime(2026, 6, 2, tzinfo=UTC))


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months delivered, nothing run."""
    return small_company(tmp_path_factory.mktemp("new") / "acme", months=2, per_day=2)


@pytest.fixture(scope="module")
def first_edition(new: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("whole") / "acme"
    return run(shutil.copytree(new, folder), FEBRUARY).name


@pytest.fixture(scope="module")
def old(new: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months published, January closed; more has been delivered since."""
    folder = shutil.copytree(new, tmp_path_factory.mktemp("old") / "acme")
    run(folder, FEBRUARY)
    close(folder, JANUARY, FEBRUARY)
    deliver_late(folder)
    return folder


@pytest.fixture(scope="module")
def next_edition(old: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("whole") / "acme"
    return run(shutil.copytree(old, folder), FEBRUARY).name


def points(template: Path, work: Path, *more: object) -> list[dict[str, object]]:
    command = [sys.executable, str(HERE / "points.py"), str(template), str(work), str(FEBRUARY)]
    done = subprocess.run(
        [*command, *map(str, more)], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def try_all(template: Path, work: Path, edition: str) -> None:
    """Stop at each STEP-th point (default: STOPS of them), and at the last ones, where an edition
    becomes current."""
    (counted,) = points(template, work)
    number = int(str(counted["told"]))
    assert number > 150
    step = STEP or number // STOPS
    tried = [
        *points(template, work, edition, random.Random(number).randrange(step), step),
        *points(template, work, edition, number - 6, 2),
    ]
    stopped = [one for one in tried if one["stopped"]]
    assert len(stopped) >= number // step
    wrong = [
        one
        for one in tried
        if one["torn"] or one["left"] or (one["again"], one["edition"]) != (0, edition)
    ]
    assert wrong == []
    assert not any(one["told"] != str(number) for one in tried if not one["stopped"])


@pytest.mark.slow
def test_a_first_run_that_is_stopped_anywhere(
    new: Path, first_edition: str, tmp_path: Path
) -> None:
    try_all(new, tmp_path, first_edition)


@pytest.mark.slow
def test_a_later_run_that_is_stopped_anywhere(old: Path, next_edition: str, tmp_path: Path) -> None:
    try_all(old, tmp_path, next_edition)


@pytest.mark.slow
def test_runs_that_are_killed_at_any_time(old: Path, next_edition: str, tmp_path: Path) -> None:
    """KILLS by the clock, one after the other on one folder; then one run ends well."""
    folder = shutil.copytree(old, tmp_path / "acme")
    before = current(folder / "marts")
    assert before is not None
    known = {before.name, next_edition}
    dice = random.Random(20)
    for _ in range(KILLS):
        run_ = start(folder)
        time.sleep(dice.uniform(0.8, 3.2))
        run_.send_signal(signal.SIGKILL)
        run_.wait()
        assert faults_of(folder, known) == []
    assert run(folder, FEBRUARY).name == next_edition
    assert left_behind(folder, known) == []


def start(folder: Path, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, str(folder), str(FEBRUARY)]
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        command,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_three_runs_at_once_end_in_one_edition(
    old: Path, next_edition: str, tmp_path: Path
) -> None:
    """None waits for another; all end well, and nothing is counted twice."""
    folder = shutil.copytree(old, tmp_path / "acme")
    runs = [start(folder) for _ in range(3)]
    said = [run_.communicate() for run_ in runs]
    assert [run_.returncode for run_ in runs] == [0] * 3, said
    assert [out.strip() for out, _ in said] == [next_edition] * 3
    found = current(folder / "marts")
    assert found is not None
    assert found.name == next_edition


@pytest.mark.parametrize("largest", [3_000, 600_000], ids=["a table", "the database"])
def test_a_disk_that_is_full(old: Path, next_edition: str, tmp_path: Path, largest: int) -> None:
    """The run fails and says so, the edition before stays current, and the next run with room
    ends as if nothing had happened (promise 15)."""
    folder = shutil.copytree(old, tmp_path / "acme")
    before = (folder / "marts" / "current.json").read_bytes()

    def small_files() -> None:  # in the child, before it starts
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    run_ = start(folder, preexec_fn=small_files)
    _, told = run_.communicate()
    assert run_.returncode not in (0, None)
    assert "File too large" in told or "No space" in told or "Could not write" in told, told
    assert (folder / "marts" / "current.json").read_bytes() == before
    found = current(folder / "marts")
    assert found is not None
    assert faults_of(folder, {found.name}) == []
    assert left_behind(folder, {found.name, next_edition}) == []  # whole, though not current
    assert run(folder, FEBRUARY).name == next_edition
    assert left_behind(folder, {found.name, next_edition}) == []


@pytest.mark.slow
def test_a_disk_that_fills_up_while_publishing(
    old: Path, next_edition: str, tmp_path: Path
) -> None:
    """Room for the books but not for the edition: nothing half-written becomes current."""
    folder = shutil.copytree(old, tmp_path / "acme")
    found = current(folder / "marts")
    assert found is not None
    marts = folder / "marts"
    held = marts.rename(tmp_path / "held")
    marts.mkdir()
    if not mounted(marts, "size=64m,mode=755"):
        pytest.skip("no tmpfs can be mounted here")
    try:
        shutil.copytree(held, marts, dirs_exist_ok=True)
        disk = os.statvfs(marts)
        used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
        assert mounted(marts, f"remount,size={used + 10 * disk.f_frsize}")
        run_ = start(folder)
        _, told = run_.communicate()
        assert run_.returncode not in (0, None)
        assert "No space left" in told, told
        assert current(marts) == found
        assert faults_of(folder, {found.name}) == []
        assert mounted(marts, "remount,size=64m")
        assert run(folder, FEBRUARY).name == next_edition
        assert left_behind(folder, {found.name, next_edition}) == []
    finally:
        subprocess.run(["umount", str(marts)], check=False)


def mounted(folder: Path, options: str) -> bool:
    """Mount a disk in memory, or change its size; False where that is not allowed."""
    if shutil.which("mount") is None:
        return False
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True).returncode == 0
