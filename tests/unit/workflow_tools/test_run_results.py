"""The end of a run names results and the command for the report."""

import shlex

import pandas as pd

from climate_indicators.workflow_tools.results import MAX_STATEMENTS, results_text


def overview(path, n):
    rows = [("glacier", f"site_{number}", False, f"Area, {number} km².") for number in range(n)]
    pd.DataFrame(rows, columns=["study", "site", "simulated", "statement"]).to_csv(path, index=False)
    return path


def test_statements_of_the_first_sites_and_the_number_of_the_others(tmp_path):
    text = results_text(overview(tmp_path / "overview.csv", MAX_STATEMENTS + 3), "report/style.css", [])
    assert "glacier site_0: Area, 0 km²." in text
    assert text.count("glacier site_") == MAX_STATEMENTS and "and 3 more" in text


def test_the_command_of_an_own_study_names_its_configuration_also_with_spaces(tmp_path):
    text = results_text(overview(tmp_path / "overview.csv", 1), "report/style.css", ["my study.yaml"])
    command = shlex.split(text.strip().splitlines()[-1])
    assert command[:3] == ["snakemake", "--report", "results/report.html"]
    assert command[command.index("--configfile") + 1 :] == ["my study.yaml"]
    assert "--configfile" not in results_text(tmp_path / "overview.csv", "report/style.css", [])


def test_the_command_of_a_folder_outside_the_repository_names_the_snakefile(tmp_path):
    text = results_text(overview(tmp_path / "overview.csv", 1), "../ci/report/style.css", ["a.yaml"], "../ci/Snakefile")
    command = shlex.split(text.strip().splitlines()[-1])
    assert command[1:3] == ["--snakefile", "../ci/Snakefile"] and command[-1] == "a.yaml"
