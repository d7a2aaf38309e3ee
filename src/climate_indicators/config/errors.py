"""The error that a wrong configuration ends in."""

from __future__ import annotations

from collections.abc import Iterable

MAX_SHOWN = 30


class ConfigError(ValueError):
    """The configuration cannot be used; the message has one line per problem, and each line names its key."""

    def __init__(self, problems: Iterable[str]) -> None:
        problems = list(problems)
        many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = [f"- {problem}" for problem in problems[:MAX_SHOWN]]
        if len(problems) > MAX_SHOWN:  # a table of sites may have the same mistake in every line
            lines.append(f"and {len(problems) - MAX_SHOWN} more.")
        super().__init__("\n".join([f"The configuration has {many}:", *lines]))
        self.problems = problems
