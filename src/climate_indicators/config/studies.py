"""The studies of the workflow: the one place where a new study is added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from climate_indicators.config.models.base import Group
from climate_indicators.config.models.base import Study as StudyConfig
from climate_indicators.config.models.carbon import Carbon
from climate_indicators.config.models.carbon_site import CarbonSite
from climate_indicators.config.models.glacier import Glacier, GlacierSite
from climate_indicators.config.models.ocean import Ocean
from climate_indicators.config.models.ocean_site import OceanSite
from climate_indicators.config.models.snow import Snow
from climate_indicators.config.models.snow_site import SnowSite


@dataclass(frozen=True)
class Study:
    """A study as the workflow needs to know it.

    Its configuration has a key of the study's name with the key ``sites`` below it, and one of its rule files has a
    function ``NAME_results()``: the paths of all results.

    Attributes
    ----------
    title : heading of the study on the front page of the report.
    config, site : models of its configuration and of one of its sites.
    rules : files of ``rules/``, without their ending. The first one is included before the rules that studies share.
    overview : tables of each site from which the front page takes its statements, by name; those without a function in
        `climate_indicators.workflow_tools.overview` give the sentences of their column ``sentence``.
    opened : tables of a site that are made by the rules that open all of its inputs; ``check`` makes them.
    patches : whether its images become patches of a segmentation network.
    """

    title: str
    config: type[StudyConfig]
    site: type[Group]
    rules: tuple[str, ...]
    overview: Mapping[str, str] = field(default_factory=dict)
    opened: tuple[str, ...] = ()
    patches: bool = False


STUDIES = {
    "glacier": Study(
        title="Glacier area",
        config=Glacier,
        site=GlacierSite,
        rules=("glacier/config", "glacier/areas", "glacier/elevation"),
        overview={"areas": "glacier_area_by_year.csv", "trend": "trend.csv"},
        patches=True,
    ),
    "snow": Study(
        title="Snow cover",
        config=Snow,
        site=SnowSite,
        rules=("snow/config", "snow/triplets", "snow/maps", "snow/foundation_models", "snow/climate"),
        overview={"conclusions": "conclusions.csv"},
        opened=("scenes.csv", "weather_summary.csv"),
        patches=True,
    ),
    "carbon": Study(
        title="Vegetation carbon",
        config=Carbon,
        site=CarbonSite,
        rules=("carbon/config", "carbon/images", "carbon/series"),
        overview={"trend": "trend_analysis.csv"},
        opened=("images.csv", "measurements.csv"),
        patches=True,
    ),
    "ocean": Study(
        title="Ocean carbon biomes",
        config=Ocean,
        site=OceanSite,
        rules=("ocean/config", "ocean/biomes", "ocean/indicators"),
        overview={"trend": "trend.csv"},
        opened=("inputs.csv",),
    ),
}
