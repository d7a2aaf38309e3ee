"""The studies of the workflow: the one place that a new study is added to. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Study:
    """A study as the workflow needs to know it.

    Its configuration has a key of the study's name with the key ``sites`` below it, and one of its rule files has a
    function ``NAME_results()``: the paths of all results.

    Attributes
    ----------
    title : heading of the study on the front page of the report.
    rules : files of ``rules/``, without their ending. The first one is included before the rules that studies share.
    overview : tables of each site from which the front page takes its statements, by name; those without a function in
        `climate_indicators.workflow_tools.overview` give the sentences of their column ``sentence``.
    opened : tables of a site that are made by the rules that open all of its inputs; ``check`` makes them.
    patches : whether its images become patches of a segmentation network.
    """

    title: str
    rules: tuple[str, ...]
    overview: Mapping[str, str] = field(default_factory=dict)
    opened: tuple[str, ...] = ()
    patches: bool = False


STUDIES = {
    "glacier": Study(
        title="Glacier area",
        rules=("glacier/config", "glacier/areas", "glacier/elevation"),
        overview={"areas": "glacier_area_by_year.csv", "trend": "trend.csv"},
        patches=True,
    ),
    "snow": Study(
        title="Snow cover",
        rules=("snow/config", "snow/triplets", "snow/maps", "snow/foundation_models", "snow/climate"),
        overview={"conclusions": "conclusions.csv"},
        opened=("scenes.csv", "weather_summary.csv"),
        patches=True,
    ),
    "carbon": Study(
        title="Vegetation carbon",
        rules=("carbon/config", "carbon/images", "carbon/series"),
        overview={"trend": "trend_analysis.csv"},
        opened=("images.csv", "measurements.csv"),
        patches=True,
    ),
    "ocean": Study(
        title="Ocean carbon biomes",
        rules=("ocean/config", "ocean/biomes", "ocean/indicators"),
        overview={"trend": "trend.csv"},
        opened=("inputs.csv",),
    ),
}
