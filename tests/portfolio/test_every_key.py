"""Every key of portfolio.yaml has a reader: a setting without effect is refused, never ignored."""

import re
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from command_line import said
from pydantic import BaseModel
from runner import books
from small_portfolio import MONTHS, small_portfolio

from roi_pipeline import automation, notices, portfolio
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.portfolio import Engine, Portfolio, load
from roi_pipeline.scaffold import write
from roi_pipeline.sources import DATASETS, Part

# Modules that describe, check or write settings: what only they read has no effect on a run.
DESCRIBING = ("portfolio", "sources", "written", "examination", "scenario_examination", "scaffold")
Key = tuple[str, str]


def keys(part: type[BaseModel]) -> set[Key]:
    """Every key below a model: those of the models that its fields hold, too."""
    found: set[Key] = set()
    for name, field in part.model_fields.items():
        found.add((part.__name__, name))
        for kind in _models_in(field.annotation):
            found |= keys(kind)
    return found - {("Portfolio", "folder")}


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> set[Key]:
    """The keys that a month's books, the definitions of their job and a notice read."""
    seen: set[Key] = set()

    def recorded(part: Part, name: str) -> object:
        module = sys._getframe(1).f_globals.get("__name__", "")
        package, _, rest = module.partition(".")
        if package == "roi_pipeline" and rest not in DESCRIBING and name in type(part).model_fields:
            seen.add((type(part).__name__, name))
        return object.__getattribute__(part, name)

    folder = small_portfolio(tmp_path_factory.mktemp("keys") / "small")
    settings = yaml.safe_load((folder / "portfolio.yaml").read_text())
    for source in settings["sources"]:
        if source["dataset"] == "operating_costs":
            source["dialect"] = {"decimal": "."}
    more = {"dataset": "billing", "path": "inbox/more/*.csv", "format": "focus", "holds_part": True}
    settings["sources"].append(more)
    (folder / "portfolio.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    header, *_, last = (folder / "inbox" / "billing" / "2026-08.csv").read_text().splitlines()
    (folder / "inbox" / "more").mkdir()
    (folder / "inbox" / "more" / "2026-08.csv").write_text(f"{header}\n{last}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Part, "__getattribute__", recorded, raising=False)
        with books(folder, MONTHS[0]):
            pass
        found = portfolio.load(folder)
        automation.definitions_of(found)
        assert notices.failures(found, [], ["out of memory"])
    return seen


def test_every_key_of_the_models_is_read_by_a_run(read: set[Key]) -> None:
    assert keys(Portfolio) - read == set()


def test_a_key_without_a_reader_is_found(read: set[Key]) -> None:
    """The test above can fail: a model with one key more has one without a reader."""

    class More(Engine):
        remote: str | None = None

    assert {name for _, name in keys(More) - {("More", n) for _, n in read}} == {"remote"}


REFUSED = {
    "publish": ({"publish": {"parquet": True}}, "publish: not available yet; remove it"),
    "publish, empty": ({"publish": None}, "publish: not available yet; remove it"),
    "publish.postgres": (
        {"publish": {"postgres": "ROI_POSTGRES"}},
        "publish: not available yet; remove it",
    ),
    "engine.remote": (
        {"engine": {"remote": "sc://host:15002"}},
        "engine.remote: not available yet; remove it",
    ),
    "engine.name": (
        {"engine": {"name": "spark"}},
        "engine.name 'spark': not available yet; use duckdb",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_key_that_does_not_work_yet_is_refused_by_doctor_and_run(
    tmp_path: Path, name: str
) -> None:
    keys_given, message = REFUSED[name]
    folder = small_portfolio(tmp_path / "small")
    file = folder / "portfolio.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | keys_given))
    with pytest.raises(ConfigurationError) as refused:
        load(folder)
    assert str(refused.value).startswith(f"{file}: {message}")
    assert "\n" not in str(refused.value)
    for command in ("doctor", "run"):
        answer = said(command, "--json", "--portfolio", folder)
        assert (answer.code, answer.json["error"]) == (2, str(refused.value))


ONLY_FOR = {"billed_by": ("predictions", {"openai": "billing"}), "holds_part": ("billing", True)}


@pytest.mark.parametrize("key", ONLY_FOR)
@pytest.mark.parametrize("dataset", DATASETS)
def test_a_key_that_only_one_dataset_reads_is_refused_for_the_others(
    tmp_path: Path, key: str, dataset: str
) -> None:
    reader, value = ONLY_FOR[key]
    folder = small_portfolio(tmp_path / "small")
    file = folder / "portfolio.yaml"
    given = yaml.safe_load(file.read_text())
    given["sources"] = [
        {"dataset": "billing", "path": "inbox/b/*"},
        {"dataset": dataset, "path": "inbox/x/*", "id": "xx", key: value},
    ]
    file.write_text(yaml.safe_dump(given))
    if dataset == reader:
        assert getattr(load(folder).sources[1], key) == value
        return
    with pytest.raises(ConfigurationError, match=rf"sources\[1\].{key} .*only .* {reader}"):
        load(folder)


def test_every_key_that_the_template_shows_is_accepted(tmp_path: Path) -> None:
    """Also those that stand in comments, to be switched on by whoever needs them."""
    write(tmp_path)
    file = tmp_path / "portfolio.yaml"
    text, shown = re.subn(r"(?m)^( *)# ([a-z_]+: )", r"\1\2", file.read_text())
    assert shown > 5
    file.write_text(text)
    loaded = load(tmp_path)
    assert loaded.systems[0].cluster_by == "day"
    assert loaded.engine.spill_limit == "100GB"
