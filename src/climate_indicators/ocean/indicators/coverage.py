"""Coverage: which share of a zone each biome takes, month by month and year by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

UNCLASSIFIED = "unclassified"
NO_DATA, FEW_DATA, NONE_CLASSIFIED = "no data", "few data", "none classified"
# a month is used if its data coverage is at least this part of the best year of the same calendar month
MIN_DATA = 0.9
KEYS = ["scaler", "zone", "label", "biome"]


def month_names(times: np.ndarray) -> np.ndarray:
    """Months as text, ``YYYY-MM``, of dates or of such text, shape (n,)."""
    return np.datetime_as_string(np.asarray(times).astype("datetime64[M]"))


def calendar_months(times: np.ndarray) -> np.ndarray:
    """Calendar months, 1 to 12, of dates or of text ``YYYY-MM``, shape (n,)."""
    return np.asarray(times).astype("datetime64[M]").astype(int) % 12 + 1


def coverage_table(
    labels: np.ndarray,
    probability: np.ndarray | None,
    times: np.ndarray,
    area_km2: np.ndarray,
    zones: Mapping[str, np.ndarray],
    names: Mapping[int, str],
    scaler: str,
    confidence: float = 0.95,
    border_share: float = 0.5,
) -> pd.DataFrame:
    """Share of every zone's ocean that each biome covers, for a block of months.

    The denominator is the whole ocean area of the zone, so that rejected and undecided cells do not swell the others:
    they have a separate row, and the rows of a zone and month add up to 100 %.

    ``lower_percent`` counts the cells that surely are the biome, whose probability is at least (1 + confidence) / 2;
    ``upper_percent`` those that may be, with at least (1 − confidence) / 2, and all the unclassified ocean. Since cells
    are labeled whole, both reach at least half a cell into the cells along the biome's borders, and all of a cell that
    is in no block of two by two cells of its biome: where two waters mix, the slopes of a line of cells can look like
    those of a third. They are bounds of what the classifier's doubt and the size of the cells allow, not an interval of
    a sum of independent errors, which would be narrower.

    What the files do not hold counts as unclassified here; `flag_gaps` takes out the months in which it is much.

    Parameters
    ----------
    labels : int8, shape (months, n_lat, n_lon): −2 no data, −1 land, 0 unclassified, from 1 on biomes.
    probability : float, shape (biomes, months, n_lat, n_lon), label 1 first; NaN where the cell was not classified.
        None if the classifier gives none: the bounds then differ by the unclassified share only.
    times : shape (months,), datetime64 or text ``YYYY-MM``.
    area_km2 : float, shape (n_lat, n_lon), ocean area of each cell.
    zones : bool, shape (n_lat, n_lon), by name; see `zones.zone_masks`.
    names : name of each biome by its label; biomes that occur in no cell have rows too.
    scaler : ``frozen`` or ``monthly``, written to the first column.
    confidence : in (0, 1).
    border_share : share of a cell at a border that may lie on its other side, 0 to 1; 0 takes every cell as it is.

    Returns
    -------
    ``scaler, zone, month, label, biome, percent, lower_percent, upper_percent, area_km2, data_percent``, in the order
    zone, month, label; label 0 is ``unclassified``. ``data_percent`` is the share of the zone's ocean that has data.
    """
    months = len(labels)
    weight = np.stack([np.where(mask, area_km2, 0.0).ravel() for mask in zones.values()])
    total = weight.sum(axis=1)[:, None]

    def area(cells: np.ndarray) -> np.ndarray:
        return weight @ cells.reshape(months, -1).T.astype("float64")

    tail = (1 - confidence) / 2
    unclassified, classified = labels <= 0, labels > 0
    narrow = classified & ~_in_blocks(labels)

    def reach(cells: np.ndarray) -> np.ndarray:
        whole = area(cells & narrow) if border_share else 0.0
        return whole + border_share * area(cells & ~narrow)

    blocks = [(0, UNCLASSIFIED, *[area(unclassified)] * 3)]
    for label, name in sorted(names.items()):
        own = labels == label
        sure, possible = own, own | unclassified
        if probability is not None:
            sure = own & (probability[label - 1] >= 1 - tail)
            possible = possible | (probability[label - 1] >= tail)
        others = classified & ~own
        inside = reach(own & _beside(others))
        outside = reach(_beside(own) & others)
        covered = area(own)
        lower = np.minimum(area(sure), covered - inside)
        upper = np.maximum(area(possible), covered + area(unclassified) + outside)
        blocks.append((label, name, covered, lower, upper))

    text = month_names(times)
    held = (100 * area(labels >= 0) / total).ravel()
    tables = [
        pd.DataFrame(
            {
                "scaler": scaler,
                "zone": np.repeat(list(zones), months),
                "month": np.tile(text, len(zones)),
                "label": label,
                "biome": name,
                "percent": (100 * own / total).ravel(),
                "lower_percent": (100 * sure / total).ravel(),
                "upper_percent": (100 * possible / total).ravel(),
                "area_km2": own.ravel(),
                "data_percent": held,
            }
        )
        for label, name, own, sure, possible in blocks
    ]
    return in_order(tables, list(zones))


def _beside(cells: np.ndarray) -> np.ndarray:
    """Cells that share an edge with some of these: bool, shape (months, n_lat, n_lon); columns go round the globe."""
    found = np.roll(cells, 1, axis=2) | np.roll(cells, -1, axis=2)
    found[:, 1:] |= cells[:, :-1]
    found[:, :-1] |= cells[:, 1:]
    return found


def _in_blocks(labels: np.ndarray) -> np.ndarray:
    """Cells in a block of two by two cells of one label: bool, shape (months, n_lat, n_lon), round the globe."""
    east = labels == np.roll(labels, -1, axis=2)
    block = east[:, 1:] & east[:, :-1] & (labels[:, 1:] == labels[:, :-1])
    found = np.zeros(labels.shape, bool)
    for columns in (block, np.roll(block, 1, axis=2)):
        found[:, 1:] |= columns
        found[:, :-1] |= columns
    return found


def flag_gaps(table: pd.DataFrame) -> pd.DataFrame:
    """Table with NaN in place of coverage that the data do not show, and the reason in ``flag``.

    In a month without data nothing is covered by anything, and 0 % would look like a change. The same holds where a
    zone has fewer data than in other years: what is missing would count as lost. So a zone's month is flagged

    - ``no data`` if the zone has none;
    - ``few data`` if it has less than ``MIN_DATA`` of what the same calendar month has in the year with the most: ice
      that hides water every winter is no gap, water that is missing in one year is;
    - ``none classified`` if it has data, but no cell with a biome: the biomes' shares are unknown, the unclassified one
      is not.

    Parameters
    ----------
    table : as `coverage_table` gives it, of all months, of one or more scalers.

    Returns
    -------
    The same with ``flag`` as last column, empty for a sound month, and NaN in ``percent, lower_percent, upper_percent,
    area_km2`` of flagged rows.
    """
    keys = ["scaler", "zone"]
    calendar = table["month"].str[5:7].rename("calendar_month")
    most = table.groupby([*keys, calendar], sort=False)["data_percent"].transform("max")
    covered = table["percent"].where(table["label"] > 0, 0.0)
    classified = covered.groupby([table[key] for key in (*keys, "month")], sort=False).transform("sum") > 0
    data = table["data_percent"]
    reasons = [data == 0, data < MIN_DATA * most, ~classified]
    flag = np.select(reasons, [NO_DATA, FEW_DATA, NONE_CLASSIFIED], "")
    unknown = (flag != "") & ~((flag == NONE_CLASSIFIED) & (table["label"] == 0))
    values = ["percent", "lower_percent", "upper_percent", "area_km2"]
    return table.assign(**table[values].mask(unknown), flag=flag)


def gap_sentences(table: pd.DataFrame) -> list[str]:
    """One sentence for each zone and flag: how many months are flagged, and which are the first of them.

    Parameters
    ----------
    table : as `flag_gaps` gives it.
    """
    flagged = table[(table["flag"] != "") & (table["scaler"] == table["scaler"].iloc[0])]
    n_months = table["month"].nunique()
    sentences = []
    for (zone, flag), one in flagged.groupby(["zone", "flag"], sort=False):
        months = sorted(one["month"].unique())
        shown = ", ".join(months[:4]) + (" …" if len(months) > 4 else "")
        sentences.append(
            f"zone {zone}: {len(months)} of {n_months} months have {flag} ({shown}); their coverage is missing, and "
            "left out of seasons and trends"
        )
    return sentences


def yearly_coverage(table: pd.DataFrame) -> pd.DataFrame:
    """Yearly means of coverage, over years with all twelve months.

    A year that lacks a month, or its coverage in a month, is left out: the season that it lacks would look like a
    change.

    Parameters
    ----------
    table : as `flag_gaps` gives it, of one or more scalers.

    Returns
    -------
    ``scaler, zone, label, biome, year, percent, lower_percent, upper_percent, area_km2, n_months``; the numbers are NaN
    in years in which fewer than twelve months, ``n_months``, have a coverage.
    """
    dated = table.assign(year=table["month"].str[:4].astype(int))
    groups = dated.groupby([*KEYS, "year"], sort=False)
    values = ["percent", "lower_percent", "upper_percent", "area_km2"]
    yearly = groups[values].mean().assign(n_months=groups["percent"].count())
    yearly[values] = yearly[values].where(yearly["n_months"] == 12)
    return yearly.reset_index()


def in_order(tables: Sequence[pd.DataFrame], zones: Sequence[str]) -> pd.DataFrame:
    """Tables of `coverage_table` as one, by scaler, zone, month and label, for any division of the months."""
    table = pd.concat(tables, ignore_index=True)
    place = table["zone"].map({zone: number for number, zone in enumerate(zones)})
    return (
        table.assign(place=place)
        .sort_values(["scaler", "place", "month", "label"], kind="stable", ignore_index=True)
        .drop(columns="place")
    )
