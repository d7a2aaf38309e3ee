"""A wrong name in a target is answered by the names that there are."""

import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.core.known import Known


def test_what_is_there_is_given():
    sites = Known({"gangotri": 1, "rhone": 2}, "glacier site")
    assert sites["rhone"] == 2 and sites.get("x") is None and list(sites) == ["gangotri", "rhone"]
    assert dict(sites) == {"gangotri": 1, "rhone": 2}


@pytest.mark.parametrize(
    ("entries", "key", "words"),
    [
        (
            {"gangotri": 1, "rhone": 2},
            "gangotry",
            ["no glacier site is called 'gangotry'", "gangotri?", "i, rh"],
        ),
        ({}, "a", ["no glacier site is called 'a'", "none"]),
        ({f"s{number}": 0 for number in range(1000)}, "zzz", ["'zzz'", "s0, s1", "990 more"]),
    ],
)
def test_what_is_not_there_is_named_with_what_is(entries, key, words):
    with pytest.raises(InputError) as caught:
        Known(entries, "glacier site")[key]
    for word in words:
        assert word in str(caught.value)
