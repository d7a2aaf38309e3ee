"""Months and parts as text."""

import pytest

from climate_indicators.core.errors import InputError
from climate_indicators.ocean.reader.months import month_number, month_range, month_text, months_of_part, parts
from refusals import raises_naming


def test_range_crosses_years():
    assert month_range("1999-11", "2000-02") == ["1999-11", "1999-12", "2000-01", "2000-02"]
    assert len(month_range("1958-01", "2018-12")) == 732


def test_parts_cover_all_months_once():
    for size in (1, 5, 12, 60, 1000):
        names = parts("2004-03", "2013-12", size)
        months = [month for part in names for month in months_of_part(part)]
        assert months == month_range("2004-03", "2013-12")
    assert parts("2004-01", "2005-06", 12) == ["200401-200412", "200501-200506"]


def test_number_and_text_are_inverse():
    assert [month_text(month_number(month)) for month in ("0001-01", "2009-12")] == ["0001-01", "2009-12"]


@pytest.mark.parametrize(("first", "last", "names"), [
    ("2009", "2010-01", ["first_month", "'2009'"]),
    ("2009-01", "2009-13", ["last_month", "'2009-13'"]),
    ("2009-02", "2009-01", ["last_month", "2009-01"]),
])  # fmt: skip
def test_what_is_no_month_is_refused(first, last, names):
    with raises_naming(InputError, *names):
        month_range(first, last)
