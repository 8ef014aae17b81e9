"""The manifest of a study: commands that work, and what each recipe differs from."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from small import SMALL, YARDSTICK

from ntm_lib.cli.commands import COMMANDS
from ntm_lib.study import arms, fields, manifest
from ntm_lib.study.manifest import note_commands
from ntm_lib.training import recipes

STUDIES = Path(__file__).parents[2] / "data" / "studies"


@pytest.fixture
def noted(tmp_path):
    """Note recipes, and read what was noted."""

    def note(made, seeds, options=()):
        note_commands(tmp_path, made, seeds, options)
        return json.loads((tmp_path / "manifest.json").read_text())

    return note


def changes_in(command):
    """The recipe that a command names, with its changes."""
    words = shlex.split(command)
    assert words[:2] == ["ntm", "study"] and words[1] in COMMANDS
    known, given = fields.described(), dict(zip(words[3::2], words[4::2], strict=True))
    changes = {name[2:]: known[name[2:]].kind for name in given if name[2:] in known}
    converted = {
        name: given[f"--{name}"] if kind not in (int, float) else kind(given[f"--{name}"])
        for name, kind in changes.items()
    }
    return fields.changed(recipes.by_name(words[2]), converted)


def test_every_arm_is_noted_as_a_command_that_makes_it(noted):
    made = [arm for question in arms.questions_in(STUDIES).values() for arm in question.arms]
    content = noted(made, [0, 1, 2])
    assert len(content["commands"]) == len(made)
    assert [changes_in(command) for command in content["commands"]] == made


def test_a_recipe_is_noted_once_with_its_changes(noted, tmp_path):
    recipe = fields.changed(recipes.paper_2014, {"name": "mine", "updates": 7, "machine.read_heads": 2})
    for _ in range(2):
        content = noted([recipe], [3, 4, 7], ["--findings"])
    assert content["recipes"]["mine"] == {
        "is": "paper_2014",
        "but": {"name": "mine", "updates": 7, "machine.read_heads": 2},
    }
    place = shlex.quote(str(tmp_path))
    start = f"ntm study paper_2014 --seeds 3-4,7 --out {place} --findings "
    (command,) = content["commands"]
    assert command.startswith(start) and changes_in(command.replace("--findings ", "")) == recipe
    assert set(content["versions"]) == {"python", "torch", "ntm_lib"}


def test_a_machine_of_a_kind_that_no_named_recipe_has_is_noted_without_a_command(noted):
    content = noted([YARDSTICK, replace(SMALL, name="other")], [0])
    assert content["recipes"]["yardstick"]["but"]["machine"] == "LSTMConfig"
    assert len(content["commands"]) == 1 and "--name other" in content["commands"][0]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"commands": 3, "recipes": {}}', '{"commands": [], "recipes": {"a": 3}}']
)
def test_a_file_that_is_no_manifest_is_refused(noted, tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(
        ValueError, match=r"manifest.json is not what a study wrote \(.+\): remove it or choose another"
    ):
        noted([recipes.reliable], [0])
    assert manifest.versions()["ntm_lib"]
