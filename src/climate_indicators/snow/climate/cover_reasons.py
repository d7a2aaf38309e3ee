"""Why a scene is not in the series of snow cover, and which scenes are sound all the same."""

import pandas as pd

DRY_RADAR = "dry snow, to which radar is hardly sensitive"
OTHER_SHOWS_MORE = "another scene of the date shows more"
OTHER_SOURCE = "the series is "


def shown_scenes(cover: pd.DataFrame) -> pd.DataFrame:
    """Rows of `cover.cover_table` of sound scenes that show enough, in the series or not."""
    why = cover["why"].fillna("")
    return cover[why.isin(["", DRY_RADAR, OTHER_SHOWS_MORE]) | why.str.startswith(OTHER_SOURCE)]
