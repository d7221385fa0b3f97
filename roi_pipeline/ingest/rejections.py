"""What an exception means that ends the ingestion of one file: a rejection of that file, or not.

Quotes neither the file nor the text of an error that may: only kinds of errors, and their remedy.
"""

import errno

import duckdb

from roi_pipeline.errors import DataRefused, RoiError
from roi_pipeline.masking import described

# The machine's own limits, which the next file would meet as well.
_OF_THE_MACHINE = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM),
}
_REMEDIES: tuple[tuple[type[Exception], str], ...] = (
    (UnicodeError, "holds text that is not valid Unicode; write it again as UTF-8"),
    (RecursionError, "is nested too deeply; write it flat"),
    (OSError, "cannot be read; make it readable, or deliver it again"),
    (OverflowError, "holds a number or a time that is out of range; correct it"),
)
_OTHERWISE = "cannot be read; deliver it again, or as CSV in UTF-8 with a header"


def rejection_of(con: duckdb.DuckDBPyConnection, error: Exception, path: str) -> DataRefused:
    """The rejection of the file at `path` that an exception means, its message without any data.

    Raises the exception itself where the file is not the reason: mistakes of configuration, a full
    disk, exhausted memory, a database that is no longer usable.
    """
    if isinstance(error, DataRefused):
        return error
    if isinstance(error, RoiError) or _is_of_the_machine(error) or not _is_usable(con):
        raise error
    remedy = next((said for kind, said in _REMEDIES if isinstance(error, kind)), _OTHERWISE)
    return DataRefused(f"{path}: {remedy} ({described(error)})")


def _is_of_the_machine(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in _OF_THE_MACHINE
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return True
    return isinstance(error, duckdb.Error) and "No space left" in str(error)


def _is_usable(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the database still answers: after a fatal error of DuckDB it answers no query."""
    try:
        return con.execute("select 1").fetchall() == [(1,)]
    except duckdb.Error:
        return False
