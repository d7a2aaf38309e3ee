"""The SLURM profile names rules by hand: they are those that the rules ask for."""

import re

import yaml

from runs import ROOT

PROFILE = yaml.safe_load((ROOT / "profiles" / "slurm" / "config.yaml").read_text())
DEFAULT = yaml.safe_load((ROOT / "profiles" / "default" / "config.yaml").read_text())


def rules():
    """Name and text of every rule; one that is made from another has that one's text behind its own."""
    text = "".join(path.read_text() for path in sorted((ROOT / "rules").rglob("*.smk")))
    block = r"\n((?:[ \t]+.*\n|\n)*)"
    found = dict(re.findall(rf"^(?:rule|checkpoint) (\w+):{block}", text, re.M))
    # rules made in a loop, one for each batch of scenes
    found |= dict(re.findall(rf'^    rule:\n\s+name:\n\s+f"(\w+)[^\n]*"{block}', text, re.M))
    copies = re.findall(rf"^use rule (\w+) as (\w+) with:{block}", text, re.M)
    return found | {name: body + found[base] for base, name, body in copies}


def test_rules_with_a_gpu_are_in_its_partition():
    with_gpu = {name for name, body in rules().items() if re.search(r"^\s+gpu=", body, re.M)}
    assert {"train", "carbon_train", "snow_train"} < with_gpu and set(PROFILE["set-resources"]) == with_gpu
    assert {resources["slurm_partition"] for resources in PROFILE["set-resources"].values()} == {"gpu"}


def test_arrays_are_for_rules_with_many_jobs():
    arrays = {name.strip() for name in PROFILE["slurm-array-jobs"].split(",")}
    assert arrays <= set(rules())
    # a job per scene, year or part: a wildcard beside those of the site
    assert all(re.search(r"\{(scene|year|part)\}", rules()[name]) for name in arrays)


def test_no_job_of_an_array_is_held_back():
    # the plugin forgets the jobs of an array that Snakemake does not start all at once
    assert PROFILE["jobs"] >= 10000 and PROFILE["max-jobs-per-timespan"] == f"{PROFILE['jobs']}/1s"
    assert "resources" not in PROFILE


def test_it_restarts_as_the_default_profile_does():
    shared = {name: value for name, value in DEFAULT.items() if name != "resources"}
    assert shared.items() <= PROFILE.items()


def test_every_resource_of_a_rule_grows():
    # rules that name none have those of the profile; those on the login node have no time of their own
    asked = {name: body for name, body in rules().items() if "resources:" in body and "localrule:" not in body}
    assert len(asked) > 40
    for name, body in asked.items():
        assert re.search(r"^ +mem_mb=memory\(", body, re.M) and re.search(r"^ +runtime=minutes\(", body, re.M), name
    assert all(
        text.endswith("* attempt") for text in (PROFILE["default-resources"][key] for key in ("mem_mb", "runtime"))
    )
