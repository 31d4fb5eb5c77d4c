"""`edgebert models`: a table that fits, and JSON with everything."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgebert.bert.catalogue import CATALOGUE, NAMES, find
from edgebert.bert.embedders import EMBEDDERS
from edgebert.bert.relatives import RELATIVES
from edgebert.bert.sizes import RECIPE_SIZES, file_bytes
from edgebert.cli.main import app
from edgebert.model_file.packaged import PACKAGED


def run(*arguments, columns="100") -> str:
    result = CliRunner().invoke(app, ["models", *arguments], env={"COLUMNS": columns})
    assert result.exit_code == 0
    return result.stdout


def test_the_table_fits_in_100_columns_with_nothing_cut():
    packaged, empty, *lines = run().splitlines()
    assert packaged.startswith("intents  comes with edgebert: classify, 77 labels, ")
    assert not empty
    assert max(map(len, (packaged, *lines))) <= 100
    assert "…" not in "".join(lines[: 2 + len(CATALOGUE)])
    rows = {line.split()[0]: line.split() for line in lines[2 : 2 + len(CATALOGUE)]}
    assert list(rows) == [model.name for model in CATALOGUE]
    tiny = ["2/128", "tiny", "2", "128", "4,385,920", "17.5", "4.7", "64.2", find("tiny").hub_id]
    assert rows["2/128"] == tiny
    base = ["12/768", "base", "12", "768", "109,482,240", "437.9", "110.5", find("base").hub_id]
    assert rows["12/768"] == base


def test_footnotes_say_where_the_figures_come_from():
    text = " ".join(run().split())
    assert "GLUE: test server score, from the README of github.com/google-research/bert" in text
    assert "archive of each" in text


@pytest.mark.parametrize("columns", ["140", ""])
def test_a_wide_table_or_a_pipe_has_the_archives_too(columns):
    text = run(columns=columns)
    assert all(model.archive in text for model in CATALOGUE)


def test_json_has_everything():
    models = json.loads(run("--json"))
    names = [*PACKAGED, *(model.name for model in (*CATALOGUE, *RELATIVES, *EMBEDDERS))]
    assert [model["name"] for model in models] == names
    assert Path(models[0]["path"]).stat().st_size == models[0]["bytes"]
    assert {m["alias"] for m in models if m.get("alias")} == {n for n in NAMES if "/" not in n}
    small = next(model for model in models if model.get("alias") == "small")
    assert small == {
        "name": "4/512",
        "family": "BERT",
        "alias": "small",
        "layers": 4,
        "hidden_size": 512,
        "heads": 8,
        "parameters": 28_763_648,
        "float32_bytes": 115_054_592,
        "int8_bytes_estimate": find("small").int8_bytes,
        "bytes_estimates": {
            recipe: file_bytes(find("small").config, recipe=recipe) for recipe in RECIPE_SIZES
        },
        "glue": {
            "score": 71.2,
            "cola": 27.8,
            "sst2": 89.7,
            "mrpc": [83.4, 76.2],
            "stsb": [78.8, 77.0],
            "qqp": [68.1, 87.0],
            "mnli": [77.6, 77.0],
            "qnli": 86.4,
            "rte": 61.8,
            "wnli": 62.3,
            "ax": 28.6,
        },
        "archive": "uncased_L-4_H-512_A-8.zip",
        "hub_id": "google/bert_uncased_L-4_H-512_A-8",
    }


def test_other_families_follow_with_their_hub_ids_and_sizes():
    lines = run().splitlines()
    rows = {line.split()[0]: line.split() for line in lines if line.strip()}
    for model in RELATIVES:
        assert rows[model.name][:2] == [model.name, model.family]
        assert f"{model.parameters:,}" in rows[model.name]
        assert rows[model.name][-1] == model.hub_id


@pytest.mark.parametrize("name", ["2/128", "TINY", "google/bert_uncased_L-2_H-128_A-2"])
def test_a_name_gives_the_parts_of_that_model_in_every_form(name):
    sizes = json.loads(run(name, "--json"))["sizes"]
    assert list(sizes) == list(RECIPE_SIZES)
    for recipe, told in sizes.items():
        assert abs(sum(told["parts"].values()) - told["bytes"]) < 5
        fewer = file_bytes(find("2/128").config, recipe=recipe, pieces=2_000)
        assert told["bytes_with_pieces"]["2000"] == fewer
    rows = {
        line.split("  ")[0]: line.split()[-len(RECIPE_SIZES) :] for line in run(name).splitlines()
    }
    assert rows["whole file"] == [f"{told['bytes'] / 1e6:.2f}" for told in sizes.values()]


def test_a_name_that_is_not_listed_is_one_line():
    result = CliRunner().invoke(app, ["models", "3/99"])
    assert result.exit_code == 2
    assert "'3/99' is none of the checkpoints that edgebert models lists" in result.stderr
