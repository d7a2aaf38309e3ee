"""The whole configuration."""

from typing import Literal

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from climate_indicators.config.models.base import Group, Seed, Text, group, optional, whole
from climate_indicators.config.models.carbon import Carbon
from climate_indicators.config.models.carbon_site import CarbonSite
from climate_indicators.config.models.download import Archives
from climate_indicators.config.models.glacier import Glacier, GlacierSite
from climate_indicators.config.models.ocean import Ocean
from climate_indicators.config.models.ocean_site import OceanSite
from climate_indicators.config.models.snow import Snow
from climate_indicators.config.models.snow_site import SnowSite

SITES = {"glacier": GlacierSite, "snow": SnowSite, "carbon": CarbonSite, "ocean": OceanSite}
RULES = "rules"  # type of the error that holds the problems of all rules


class Config(Group):
    """The configuration of a run."""

    seed: Seed = 1
    """Random seed. The same seed and configuration give the same tables."""
    network_threads: whole(ge=1, le=1024) = 8
    """Processor threads of each training and of Segment Anything, independent of `--cores`. It sets the order of sums,
    so another number gives slightly different results; `--cores` never does."""
    data_dir: Text = "."
    """Folder in which relative paths of input files start."""
    deep_learning_env: Literal["cpu", "gpu"] = "cpu"
    """Build of TensorFlow in the conda environments, with `--use-conda` only. `gpu` is for NVIDIA GPUs on Linux and
    also runs without one. A change reruns the rules that use TensorFlow."""
    offline: bool = False
    """True forbids network access. If a download is missing, the run ends at once and lists it."""
    archives: Archives = group(Archives)
    glacier: Glacier = optional()
    snow: Snow = optional()
    carbon: Carbon = optional()
    ocean: Ocean = optional()

    @model_validator(mode="after")
    def _rules(self) -> "Config":
        """Check the rules that span several keys; each study's are in its own module. All problems are named."""
        studies = {name: getattr(self, name) for name in SITES if getattr(self, name) is not None}
        problems = [problem for name, study in studies.items() for problem in study.problems(name)]
        if not studies:
            found = ", ".join(sorted(self.model_fields_set))
            problems = [
                f"no study: found the keys {found}; expected one or more of {', '.join(SITES)}, with sites. Copy one "
                "of config/examples/."
            ]
        if problems:
            raise PydanticCustomError(RULES, "keys that do not go together", {"problems": problems})
        return self
