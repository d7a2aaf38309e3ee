"""Tables of many sites: how the plan grows, and fifty sites run to their end."""

import time

import pandas as pd
import pytest

from runs import STUDY, job_counts, run

pytestmark = pytest.mark.lab
# a world that is made in seconds, and a network that learns in seconds
WORLD = {"size_px": 128, "resolution_m": 60, "first_year": 2020, "last_year": 2023, "cloudy_year": None}
BATCHED = {"scenes_per_job": 10, "figures": {"each_site": False}}
OVER_SITES = 4  # two summaries, the overview and the manifest


def many_sites(folder, number, **settings):
    """A study of simulated sites, each a line of a table."""
    lines = [f"site_{seed:04d},{seed}\n" for seed in range(number)]
    (folder / "sites.csv").write_text("site,simulate.seed\n" + "".join(lines))
    defaults = {"source": "simulate", "reference_year": 2020, "simulate": WORLD}
    study = {key: value for key, value in STUDY.items() if key != "sites"}
    return {"glacier": {**study, "site_table": "sites.csv", "site_defaults": defaults, **settings}}


@pytest.mark.parametrize(("settings", "each"), [({}, 41), (BATCHED, 22)], ids=["as it comes", "batched"])
def test_jobs_grow_as_sites_do(tmp_path, settings, each):
    for number in (20, 100):
        text, passed = run(tmp_path, many_sites(tmp_path, number, **settings), "--dry-run", "--quiet", "rules")
        assert passed, text[-2000:]
        assert sum(job_counts(text).values()) == each * number + OVER_SITES


def test_fifty_sites_end_to_end(tmp_path):
    number = 50
    config = many_sites(tmp_path, number, **BATCHED)
    begin = time.monotonic()
    text, passed = run(tmp_path, config, "--quiet", "rules", "--verbose")
    assert passed, text[-3000:]
    # Snakemake looks at the waiting jobs when one has ended, not all the time
    assert 0 < text.count("Ready jobs: ") <= 2 * sum(job_counts(text).values())
    print(f"{number} sites in {time.monotonic() - begin:.0f} s")
    names = [f"site_{seed:04d}" for seed in range(number)]
    summary = pd.read_csv(tmp_path / "results/glacier/glacier_summary.csv")
    assert summary.site.tolist() == names and (summary.first_km2 > 0).all()
    skill = pd.read_csv(tmp_path / "results/glacier/skill_summary.csv")
    assert (skill.n_sites == number).all() and "unet" in set(skill.model)
    manifest = pd.read_csv(tmp_path / "results/manifest.csv")
    found = manifest.path.str.extract(r"glacier/(site_\d+)/")[0].value_counts()
    assert sorted(found.index) == names and found.nunique() == 1
    assert not manifest.path.str.endswith((".gif", ".html", "blocks.png")).any()
    text, passed = run(tmp_path, config, "--quiet", "rules")
    assert passed and "Nothing to be done" in text, text[-3000:]
