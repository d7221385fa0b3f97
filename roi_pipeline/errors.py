"""The errors a user can act on, each with the exit code of its command (contracts §5)."""


class RoiError(Exception):
    """Something failed; the message says what, where, and what to do next."""

    exit_code = 1


class ConfigurationError(RoiError):
    """The portfolio, a reference file, the environment or the command line is not usable."""

    exit_code = 2


class UnexpectedError(RoiError):
    """A step failed in a way nobody foresaw; the message holds no text that may quote data."""


class NotBuilt(RoiError):
    """A table is asked for that is not stored for these inputs, months and cut-off."""


class DataRefused(RoiError):
    """A delivered file cannot be trusted as a whole, so nothing of it was ingested."""

    exit_code = 3


class CheckFailed(RoiError):
    """A blocking check failed, so nothing was published."""

    exit_code = 3
