"""Keys of the lake study."""

from collections.abc import Iterator

from climate_indicators.config.models.base import Group, Probability, Study, Text, sites_of


class LakeSite(Group):
    """A lake."""

    levels: Text
    """CSV file with the columns `date` and `level_m`."""


class Lake(Study):
    """The lake study. Without this section it is not run."""

    sites: sites_of(LakeSite)
    """Lakes by name."""
    significance: Probability = 0.05
    """A trend is significant if its p-value is below this."""

    def problems(self, path: str) -> Iterator[str]:
        """Problems that span several keys, one line each: none."""
        yield from ()
