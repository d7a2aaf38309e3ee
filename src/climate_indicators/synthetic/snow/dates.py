"""Scenes of the synthetic snow site: dates, orbits and planted defects; standard library only.

The workflow asks for the years of the scenes before any job runs.
"""

from __future__ import annotations

import datetime
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ORBITS = ("117", "95")
FIRST_RADAR_DAY = {"117": 3, "95": 15}
# A pair of scenes is what a user would pair with the usual limit; the lonely scene stays so with a wider one.
PAIR_DAYS, LONELY_DAYS = 3, 6
# Months with visible snow lines, except those of the melt, which have few good pairs.
DEFECT_MONTHS = (3, 6, 10, 11)
CLOUDED, SHIFTED, WEDGED = 2, 2, 2


@dataclass(frozen=True)
class RadarScene:
    """One radar scene.

    Attributes
    ----------
    date : day of the scene.
    orbit : relative orbit that its tag and its table state.
    pixels_of : relative orbit that it was really taken from; another one in the scene planted as ``orbit_mix``.
    """

    date: datetime.date
    orbit: str
    pixels_of: str

    @property
    def name(self) -> str:
        """``20190612_o95``."""
        return f"{self.date:%Y%m%d}_o{self.orbit}"


@dataclass(frozen=True)
class Defect:
    """A planted defect: radar scene, optical scene (empty if there is none), and the curation's word for it."""

    radar: str
    optical: str
    reason: str


@dataclass
class SceneDates:
    """All scenes of a synthetic site, and which of them are spoilt.

    Attributes
    ----------
    radar, optical : scenes in order of date.
    copies : date of an optical scene that only repeats the pixels of another one, and the date of that one.
    clouded, shifted : dates of optical scenes nearly wholly under cloud, and out of place.
    clear : dates of optical scenes with hardly a cloud, so that their pair's defect is seen.
    wedged : names of radar scenes that miss much of the area.
    defects : one entry for each spoilt pair, and for the radar scene without one.
    """

    radar: list[RadarScene]
    optical: list[datetime.date]
    copies: dict[datetime.date, datetime.date] = field(default_factory=dict)
    clouded: set[datetime.date] = field(default_factory=set)
    shifted: set[datetime.date] = field(default_factory=set)
    clear: set[datetime.date] = field(default_factory=set)
    wedged: set[str] = field(default_factory=set)
    defects: list[Defect] = field(default_factory=list)


def record(settings: Mapping[str, Any]) -> tuple[datetime.date, datetime.date]:
    """First and last day of the record: ``years`` hydrological years from 1 October of ``first_year`` on."""
    first = settings["first_year"]
    return datetime.date(first, 10, 1), datetime.date(first + settings["years"], 9, 30)


def snow_scene_dates(settings: Mapping[str, Any]) -> SceneDates:
    """Scenes of a synthetic site, from its settings alone.

    Parameters
    ----------
    settings : ``first_year``, ``years``, ``radar_every_days`` (in each orbit), ``optical_every_days``, ``seed``.

    Returns
    -------
    SceneDates. A record too short for all defects has fewer of them; where every radar scene has its optical scene,
    none is delivered twice.
    """
    first, last = record(settings)
    scenes = SceneDates(
        radar=sorted(
            (
                RadarScene(date, orbit, orbit)
                for orbit in ORBITS
                for date in _every(first + _days(FIRST_RADAR_DAY[orbit]), last, settings["radar_every_days"])
            ),
            key=lambda scene: scene.name,
        ),
        optical=list(_every(first, last, settings["optical_every_days"])),
    )
    rng = random.Random(f"{settings['seed']} snow defects")
    _plant_copy(scenes, rng)
    _plant_lonely(scenes, rng)
    _plant_in_pairs(scenes, rng)
    _list_defects(scenes)
    return scenes


def scene_pairs(scenes: SceneDates) -> list[tuple[RadarScene, datetime.date]]:
    """Radar scenes with the nearest optical scene, the earlier of two, within ``PAIR_DAYS``."""
    pairs = []
    for scene in scenes.radar:
        nearest = min(scenes.optical, key=lambda date: (abs((date - scene.date).days), date))
        if abs((nearest - scene.date).days) <= PAIR_DAYS:
            pairs.append((scene, nearest))
    return pairs


def _days(number: int) -> datetime.timedelta:
    return datetime.timedelta(days=number)


def _every(first: datetime.date, last: datetime.date, step: int) -> list[datetime.date]:
    return [first + _days(day) for day in range(0, (last - first).days + 1, step)]


def _plant_copy(scenes: SceneDates, rng: random.Random) -> None:
    """Copy one optical scene to the date of a radar scene without an optical scene."""
    paired = {scene.name for scene, _ in scene_pairs(scenes)}
    alone = [s for s in scenes.radar if s.name not in paired and s.date.month in DEFECT_MONTHS]
    if not alone:
        return
    date = rng.choice(alone).date
    original = max(day for day in scenes.optical if day < date)
    scenes.copies[date] = original
    scenes.clear.add(original)
    scenes.optical = sorted([*scenes.optical, date])


def _plant_lonely(scenes: SceneDates, rng: random.Random) -> None:
    """Take away all optical scenes around one radar scene."""
    kept = {*scenes.copies, *scenes.copies.values()}
    pairs = [
        scene
        for scene, _ in scene_pairs(scenes)
        if scene.date.month in DEFECT_MONTHS and not any(_near(scene.date, day) for day in kept)
    ]
    if pairs:
        scene = rng.choice(pairs)
        scenes.optical = [day for day in scenes.optical if not _near(scene.date, day)]
        scenes.defects.append(Defect(scene.name, "", "no_pair"))


def _near(one: datetime.date, other: datetime.date) -> bool:
    return abs((one - other).days) <= LONELY_DAYS


def _plant_in_pairs(scenes: SceneDates, rng: random.Random) -> None:
    """Spoil pairs that share no scene: a wrong orbit, optical scenes out of place or clouded, radar with a wedge."""
    pairs = scene_pairs(scenes)
    uses = Counter(optical for _, optical in pairs)
    taken = {*scenes.copies, *scenes.copies.values()}
    free = [
        pair for pair in pairs if pair[0].date.month in DEFECT_MONTHS and uses[pair[1]] == 1 and pair[1] not in taken
    ]
    rng.shuffle(free)
    # without an orbit, two scenes a few days apart are ambiguous, so the mixed one has no neighbor
    lone = [pair for pair in free if not any(s != pair[0] and _near(s.date, pair[0].date) for s in scenes.radar)]
    if lone:
        free.remove(lone[0])
        scene, optical = lone[0]
        other = ORBITS[1 - ORBITS.index(scene.orbit)]
        scenes.radar = [RadarScene(s.date, other, s.orbit) if s == scene else s for s in scenes.radar]
        scenes.clear.add(optical)
    for _, optical in free[:SHIFTED]:
        scenes.shifted.add(optical)
        scenes.clear.add(optical)
    for _, optical in free[SHIFTED : SHIFTED + CLOUDED]:
        scenes.clouded.add(optical)
    for scene, optical in free[SHIFTED + CLOUDED : SHIFTED + CLOUDED + WEDGED]:
        scenes.wedged.add(scene.name)
        scenes.clear.add(optical)


def _list_defects(scenes: SceneDates) -> None:
    for scene, optical in scene_pairs(scenes):
        reasons = {
            "duplicate": optical in scenes.copies,
            "orbit_mix": scene.orbit != scene.pixels_of,
            "misregistration": optical in scenes.shifted,
            "nodata": scene.name in scenes.wedged,
            "cloud": optical in scenes.clouded,
        }
        scenes.defects += [
            Defect(scene.name, f"{optical:%Y%m%d}", reason) for reason, planted in reasons.items() if planted
        ]
    scenes.defects.sort(key=lambda defect: (defect.radar, defect.reason))
