"""What can go wrong with a source; each error says what to do next."""

from __future__ import annotations


class ConnectorError(Exception):
    """A source could not be read: what happened (``problem``) and what to do (``advice``).

    ``str()`` gives one sentence: "SOURCE: PROBLEM. ADVICE."  Neither text may hold a secret or an
    address of a person.
    """

    def __init__(self, source: str, problem: str, advice: str) -> None:
        self.source, self.problem, self.advice = source, problem.rstrip("."), advice.rstrip(".")
        super().__init__(f"{source}: {self.problem}. {self.advice}.")

    def __reduce__(self) -> tuple[type[ConnectorError], tuple[str, str, str]]:
        return type(self), (self.source, self.problem, self.advice)


class NotConfigured(ConnectorError):
    """A setting of the source is missing or wrong: fix audit.toml."""


class AccessRefused(ConnectorError):
    """The source refused us: grant the access that the advice names."""


class RateLimited(ConnectorError):
    """The source asked us to slow down: the next night tries again."""


class QuotaExhausted(ConnectorError):
    """The day's allowance of calls is used up: the next night tries again."""


class SourceUnavailable(ConnectorError):
    """The source could not be reached or the file is not there: the next night tries again."""


class UnexpectedAnswer(ConnectorError):
    """The source answered something its contract does not allow: look at the file or report it."""
