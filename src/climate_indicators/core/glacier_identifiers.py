"""Identifiers of glaciers in inventories, and the files of regions they are in; standard library only."""

from __future__ import annotations

import re
from collections.abc import Sequence

from climate_indicators.core.errors import InputError

# names of the regional files, region 1 first
RGI6_FILES = (
    "01_rgi60_Alaska", "02_rgi60_WesternCanadaUS", "03_rgi60_ArcticCanadaNorth", "04_rgi60_ArcticCanadaSouth",
    "05_rgi60_GreenlandPeriphery", "06_rgi60_Iceland", "07_rgi60_Svalbard", "08_rgi60_Scandinavia",
    "09_rgi60_RussianArctic", "10_rgi60_NorthAsia", "11_rgi60_CentralEurope", "12_rgi60_CaucasusMiddleEast",
    "13_rgi60_CentralAsia", "14_rgi60_SouthAsiaWest", "15_rgi60_SouthAsiaEast", "16_rgi60_LowLatitudes",
    "17_rgi60_SouthernAndes", "18_rgi60_NewZealand", "19_rgi60_AntarcticSubantarctic",
)  # fmt: skip
RGI7_FILES = tuple(
    f"RGI2000-v7.0-G-{name}"
    for name in (
        "01_alaska", "02_western_canada_usa", "03_arctic_canada_north", "04_arctic_canada_south",
        "05_greenland_periphery", "06_iceland", "07_svalbard_jan_mayen", "08_scandinavia", "09_russian_arctic",
        "10_north_asia", "11_central_europe", "12_caucasus_middle_east", "13_central_asia", "14_south_asia_west",
        "15_south_asia_east", "16_low_latitudes", "17_southern_andes", "18_new_zealand",
        "19_subantarctic_antarctic_islands",
    )
)  # fmt: skip
RGI_FILES = {"rgi6": RGI6_FILES, "rgi7": RGI7_FILES}
# form of an identifier with its region, and the column that holds it
RGI_IDS = {
    "rgi6": (re.compile(r"RGI60-(\d{2})\.\d{5}"), "RGIId", "RGI60-15.02578"),
    "rgi7": (re.compile(r"RGI2000-v7\.0-G-(\d{2})-\d{5}"), "rgi_id", "RGI2000-v7.0-G-15-02578"),
}
GLIMS_ID = re.compile(r"G\d{6}[EW]\d{5}[NS]")


def region_of(inventory: str, ids: Sequence[str]) -> int:
    """Region of the RGI that identifiers name, 1 to 19.

    Raises
    ------
    InputError
        If an identifier is none of this inventory, or they are of several regions.
    """
    form, _, example = RGI_IDS[inventory]
    found = [form.fullmatch(one) for one in ids]
    for one, match in zip(ids, found, strict=True):
        if match is None or not 1 <= int(match[1]) <= len(RGI_FILES[inventory]):
            raise InputError(f"'{one}' is no identifier of {inventory}; they are such as {example}.")
    regions = sorted({int(match[1]) for match in found})
    if len(regions) > 1:
        names = " and ".join(map(str, regions))
        raise InputError(f"the identifiers are of the regions {names}; expected is one. Make a site for each region.")
    return regions[0]


def region_file(inventory: str, region: int) -> str:
    """Name of the archive's file of a region."""
    return f"{RGI_FILES[inventory][region - 1]}.zip"
