"""Temporary folders of processes: many processes at once, next to what killed ones left."""

import os
import shutil
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

from small_company import small_company

from roi_pipeline import files, warehouse
from roi_pipeline.portfolio import Portfolio, load

PROCESSES = 12
ROUNDS = 12


def left_by_a_killed_process(portfolio: Portfolio, number: int) -> None:
    """A temporary folder nobody holds, with folders in it, and a file that was not finished."""
    name = f"{number}-{number:012x}"
    for depth in range(8):
        (portfolio.state / "tmp" / name / "spill" / f"{depth}").mkdir(parents=True)
    (portfolio.state / "tmp" / name / warehouse.LOCK).touch()
    (portfolio.state / f".rows.parquet.{name}.0011.part").touch()


def work(portfolio: Portfolio, start: Barrier) -> None:
    """A process that is killed, or ends, as soon as it has used its folder."""
    start.wait()
    with warehouse.opened(portfolio):
        file = warehouse.workspace(portfolio) / "spill" / "rows"
        file.write_text("a row", encoding="utf-8")
        assert file.read_text(encoding="utf-8") == "a row"
    if os.getpid() % 2:
        shutil.rmtree(warehouse.workspace(portfolio), ignore_errors=True)  # as at exit
    os._exit(0)


def test_many_processes_beside_what_others_left(tmp_path: Path) -> None:
    """None takes the folder of another, none fails over one that is removed meanwhile."""
    portfolio = load(small_company(tmp_path / "acme", months=1, per_day=1))
    system = get_context("fork")
    for round_ in range(ROUNDS):
        for number in range(4):
            left_by_a_killed_process(portfolio, 100 * round_ + number)
        start = system.Barrier(PROCESSES)
        processes = [system.Process(target=work, args=(portfolio, start)) for _ in range(PROCESSES)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0] * PROCESSES
    warehouse.workspace(portfolio)
    mine = {files.process(), warehouse.LOCK}
    assert {entry.name for entry in (portfolio.state / "tmp").iterdir()} <= mine
    assert [*portfolio.state.glob(".*.part")] == []
