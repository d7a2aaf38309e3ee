"""The whole configuration."""

from typing import Literal

from pydantic import create_model, model_validator
from pydantic_core import PydanticCustomError

from climate_indicators.config.models.base import Group, Seed, Text, group, optional, whole
from climate_indicators.config.models.download import Archives
from climate_indicators.config.studies import STUDIES

RULES = "rules"  # type of the error that holds the problems of all rules


class _Shared(Group):
    """Keys that all studies share, and the check of all keys."""

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

    @model_validator(mode="after")
    def _rules(self) -> "_Shared":
        """Check the rules that span several keys; each study's are in its own module. All problems are named."""
        studies = {name: getattr(self, name) for name in STUDIES if getattr(self, name) is not None}
        problems = [problem for name, study in studies.items() for problem in study.problems(name)]
        if not studies:
            found = ", ".join(sorted(self.model_fields_set))
            problems = [
                f"no study: found the keys {found}; expected one or more of {', '.join(STUDIES)}, with sites. Copy one "
                "of config/examples/."
            ]
        if problems:
            raise PydanticCustomError(RULES, "keys that do not go together", {"problems": problems})
        return self


Config = create_model(
    "Config",
    __base__=_Shared,
    __module__=__name__,
    __doc__="The configuration of a run.",
    **{name: (study.config, optional()) for name, study in STUDIES.items()},
)
