"""Cases of parametrized tests, of which `make test` runs some."""

import pytest


def shortened(cases, *kept):
    """The cases with the mark `long` (`make test-all`), but for those whose first value is among ``kept``."""
    cases = [case if isinstance(case, tuple) else (case,) for case in cases]
    missing = [name for name in kept if not any(case[0] == name for case in cases)]
    assert not missing, f"there is no case {missing}"
    return [pytest.param(*case, marks=() if case[0] in kept else pytest.mark.long) for case in cases]
