"""Main numbers of all sites as sentences for the front page of the report, from the tables of the studies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

COLUMNS = ["study", "site", "simulated", "statement"]
# number of sites of a study on the front page; the others are in the tables
MAX_SITES = 8
MAX_FAILED = 3
MAX_YEARS = 5  # number of flagged years listed on the front page


def site_statements(study: str, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Main results of one site in a few sentences.

    Parameters
    ----------
    study : name of the study.
    tables : by name: ``areas`` and ``trend`` of a glacier site, also ``retreat`` (rates of its termini) if it has an
        elevation model; ``conclusions`` of a snow site; ``trend`` of an ocean site; for any other study, tables with a
        column ``sentence``, of which the first row is used; ``truth`` of a synthetic site. The documentation of the
        studies describes the columns.
    """
    of_study = {name: table for name, table in tables.items() if name != "truth"}
    statements = {"glacier": _glacier, "snow": _snow, "ocean": _ocean}.get(study, _first_sentences)(of_study)
    return [*statements, *(_truth(tables["truth"]) if "truth" in tables else ())]


def overview_text(rows: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The sentences as reStructuredText: one heading per study, one entry per site.

    Parameters
    ----------
    rows : ``study, site, simulated, statement``, sites in order.
    titles : heading of each study.
    """
    parts = []
    for study, of_study in rows.groupby("study", sort=False):
        title = titles[study]
        lines = [title, "~" * len(title), ""]
        sites = of_study["site"].unique()
        for site in sites[:MAX_SITES]:
            of_site = of_study[of_study["site"] == site]
            kind = " (simulated: no real place)" if of_site["simulated"].iloc[0] else ""
            lines += [f"**{_escaped(site)}**{kind}", ""]
            lines += [f"- {_escaped(statement)}" for statement in of_site["statement"]]
            lines.append("")
        if len(sites) > MAX_SITES:
            lines += [f"{len(sites) - MAX_SITES} more sites: see overview.csv and the tables of each site.", ""]
        parts.append("\n".join(lines))
    return "\n".join(parts)


def _glacier(tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    areas = tables["areas"]
    sound = areas[areas["flag"].isna() | (areas["flag"] == "")].sort_values("year")
    if sound.empty:
        yield "All years are flagged."
    else:
        first, last = sound.iloc[0], sound.iloc[-1]
        text = _area(last)
        if len(sound) > 1:
            change = last.area_km2 - first.area_km2
            share = f", {100 * change / first.area_km2:+.1f} %" if first.area_km2 else ""
            text = f"{_area(first)}, {_area(last)}; difference {change:+.2f} km²{share}".replace("-", "−")
        yield f"Glacier area: {text}."
    flagged = areas.drop(sound.index).sort_values("year")
    if len(flagged):
        said = ", ".join(f"{row.year} ({row.flag})" for row in flagged.head(MAX_YEARS).itertuples())
        more = f" and {len(flagged) - MAX_YEARS} more" if len(flagged) > MAX_YEARS else ""
        verb = "is" if len(flagged) == 1 else "are"
        yield f"{len(flagged)} of {len(areas)} years {verb} flagged and excluded from the trend: {said}{more}."
    yield str(tables["trend"]["sentence"].iloc[0])
    if "retreat" in tables:
        yield _termini(tables["retreat"])


def _termini(rates: pd.DataFrame) -> str:
    """Terminus change of all glaciers in one sentence."""
    known = rates[rates["slope_per_year"].notna()] if "slope_per_year" in rates else rates.iloc[:0]
    if known.empty:
        return "Glacier termini: no rate of change; a rate needs termini of five years."
    significant = known["significant"].astype(str) == "True"
    retreating = int((significant & (known["slope_per_year"] < 0)).sum())
    advancing = int((significant & (known["slope_per_year"] > 0)).sum())
    middle = known["slope_per_year"].median()
    verb = "retreat" if middle <= 0 else "advance"
    return (
        f"Glacier termini: {retreating} of {len(known)} retreat and {advancing} advance significantly; median {verb} "
        f"{abs(middle):.1f} m per year."
    )


def _area(row: pd.Series) -> str:
    return f"{row.area_km2:.2f} km² (interval {row.lower_km2:.2f} to {row.upper_km2:.2f}) in {row.year:.0f}"


def _snow(tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    table = tables["conclusions"]
    yield from (f"{row.statement}." for row in table[table["topic"] == "trend"].head(1).itertuples())
    yield from (f"{row.statement}; {row.evidence}." for row in table[table["topic"] == "tests"].itertuples())
    beware = (table["topic"] == "data").sum()
    if beware:
        yield f"{beware} warning{'' if beware == 1 else 's'} about the data; see the conclusions."


def _first_sentences(tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    yield from (str(table["sentence"].iloc[0]) for table in tables.values() if len(table))


def _ocean(tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """The largest significant trend of the zone under the first scaler, as in the title of the figure."""
    table = tables["trend"]
    scaler, zone = table["scaler"].iloc[0], table["zone"].iloc[0]
    rows = table[(table["scaler"] == scaler) & (table["zone"] == zone) & (table["biome"] != "unclassified")]
    significant = rows[rows["significant"].astype(bool)]
    if len(significant):
        yield str(significant.loc[significant["slope_per_year"].abs().idxmax(), "sentence"])
    elif rows["slope_per_year"].isna().all():
        yield f"No trend: {rows['n_years'].max():.0f} complete years are too few."
    else:
        yield f"No biome has a significant trend under the {scaler} scaler ({rows['n_years'].max():.0f} years)."


def _truth(table: pd.DataFrame) -> Iterator[str]:
    tested = table[table["within"].notna()]
    if "expected" in table:
        # a quantity that is expected to be outside, such as the worst month, is not a failure
        tested = tested[tested["expected"].astype(str) == "True"]
    within = tested["within"].astype(str) == "True"
    text = f"Compared with the known truth: {within.sum()} of {len(tested)} quantities are within their limits"
    failed: Sequence[str] = tested.loc[~within, "quantity"].astype(str).tolist()
    if failed:
        more = f" and {len(failed) - MAX_FAILED} more" if len(failed) > MAX_FAILED else ""
        text += f"; outside: {', '.join(failed[:MAX_FAILED])}{more}"
    yield f"{text}."


def _escaped(text: str) -> str:
    """Text with all reStructuredText markup escaped."""
    for sign in "\\*`|_":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
