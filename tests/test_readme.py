"""What the README says is so."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_numbers_are_the_recorded_ones():
    from claims import CLAIM, fill

    assert len(CLAIM.findall(TEXT)) > 5
    assert fill(TEXT) == TEXT, "run: python book/_ext/claims.py"


def test_a_number_typed_by_hand_is_noticed():
    from claims import fill

    assert fill("<!-- tiny_tokens -->37<!-- / -->") == "<!-- tiny_tokens -->36<!-- / -->"


def test_its_paths_exist():
    for path in re.findall(r"\]\((?!http|#)([^)]+)\)", TEXT) + re.findall(r'(?:src|srcset)="(?!http)([^"]+)"', TEXT):
        assert (ROOT / path).exists(), path


def test_its_make_targets_and_commands_exist():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make (\w+)", TEXT):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    from dsvl_min.cli import parser

    for line in re.findall(r"^ *(?:\.venv/bin/)?dsvl (.+)$", TEXT, re.MULTILINE):
        import shlex

        parser().parse_args(shlex.split(line.split("#")[0]))
