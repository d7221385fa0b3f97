"""What `init` writes: the folder of a new portfolio."""

from pathlib import Path

from roi_pipeline.errors import ConfigurationError
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.portfolio import REFERENCES

_TEMPLATES = Path(__file__).parent / "templates"
_INBOXES = ("billing", "capex", "operating_costs", "predictions", "outcomes", "fx")
_IGNORED = "# Made by roi-pipeline, again at any time from the inbox.\nstate/\nmarts/\n"


def write(folder: Path) -> tuple[Path, ...]:
    """Lay down a new portfolio: a commented portfolio.yaml, empty tables, inbox folders.

    Returns the files written. Raises ConfigurationError, and writes nothing, when one of them is
    there already.
    """
    files = {folder / name: content for name, content in _contents().items()}
    there = [str(file) for file in files if file.exists() or file.is_symlink()]
    if there:
        raise ConfigurationError(
            f"{', '.join(there)}: there already and not overwritten; name another folder"
        )
    try:
        for dataset in _INBOXES:
            (folder / "inbox" / dataset).mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{error.filename or folder}: {error.strerror}; name a folder that can be written"
        ) from None
    return tuple(files)


def _contents() -> dict[str, str]:
    tables = {
        f"reference/{name}.csv": ",".join(CONTRACTS[name].names) + "\n" for name in REFERENCES
    }
    written = {
        name: (_TEMPLATES / name).read_text("utf-8") for name in ("portfolio.yaml", "README.md")
    }
    return {**written, ".gitignore": _IGNORED, **tables}
