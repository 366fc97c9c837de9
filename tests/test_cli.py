"""The commands as a newcomer types them."""

import json

import pytest
from PIL import Image

from dsvl_min.cli import main
from dsvl_min.data.world import Scene, Thing, render


@pytest.fixture(scope="module")
def heart(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "heart.png"
    render(Scene("grey", (Thing("heart", "red", 0.5, 0.5, 0.68),)), 128).save(path)
    return str(path)


def test_a_question_gets_its_answer(heart, capsys):
    assert main(["chat", "--model", "tiny", "--image", heart, "What is in the image?"]) == 0
    assert capsys.readouterr().out.strip() == "a red heart"


def test_a_conversation_goes_on_over_turns_and_images(heart, capsys, monkeypatch, tmp_path):
    star = tmp_path / "star.png"
    render(Scene("grey", (Thing("star", "blue", 0.5, 0.5, 0.68),)), 128).save(star)
    lines = iter([
        f"/image {heart}", "What colour is the object?", "What shape is the object?", "/new",
        f"/image {star}", "What colour is the object?", "/image nowhere.png", "What is it?", "/quit",
    ])  # fmt: skip
    monkeypatch.setattr("builtins.input", lambda prompt: next(lines))
    assert main(["chat"]) == 0
    said = [line for line in capsys.readouterr().out.splitlines()[1:] if line]
    assert said[:3] == ["Assistant: red", "Assistant: heart", "Assistant: blue"]
    assert "nowhere.png" in said[3]


def test_a_conversation_that_grows_too_long_says_so_and_may_start_over(capsys, monkeypatch):
    lines = iter(["a b " * 120, "c d " * 120, "/new", "Hello", "/quit"])
    monkeypatch.setattr("builtins.input", lambda _: next(lines))
    assert main(["chat"]) == 0
    said = capsys.readouterr().out
    assert "the model takes 512" in said and said.rstrip().splitlines()[-1].startswith("Assistant:")


def test_two_images_may_be_asked_about_at_once(heart, capsys):
    assert main(["chat", "--image", heart, "--image", heart, "What is in the image?"]) == 0
    assert capsys.readouterr().out.strip()


def test_a_real_photograph_is_answered_too(tmp_path, capsys):
    datasets = pytest.importorskip("sklearn.datasets")
    path = tmp_path / "flower.jpg"
    Image.fromarray(datasets.load_sample_image("flower.jpg")).save(path)
    assert main(["chat", "--image", str(path), "What colour is the object?"]) == 0
    assert capsys.readouterr().out.strip()


def test_the_evaluation_prints_its_table_and_writes_it(tmp_path, capsys):
    path = tmp_path / "new" / "table.json"
    assert (
        main(
            [
                "eval",
                "--model",
                "tiny",
                "--seed",
                "5",
                "--count",
                "4",
                "--tasks",
                "naming",
                "--json",
                str(path),
                "--quiet",
            ]
        )
        == 0
    )
    printed, written = capsys.readouterr().out, json.loads(path.read_text())
    assert "shuffled" in printed and "naming" in printed
    assert written["seed"] == 5 and written["count"] == 4 and set(written["tasks"]) == {"naming"}


def test_the_probe_prints_each_family(tmp_path, capsys):
    assert main(["probe", "--count", "20", "--json", str(tmp_path / "probe.json")]) == 0
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("nuisance", "direction", "SigLIP pooled"))


def test_an_explanation_is_drawn(heart, tmp_path, capsys):
    pytest.importorskip("captum")
    out = tmp_path / "why.png"
    assert main(["explain", "--image", heart, "What is in the image?", "--out", str(out)]) == 0
    assert "a red heart" in capsys.readouterr().out
    assert Image.open(out).width > 600


MISTAKES = {
    "a model that does not exist": (["chat", "--model", "huge", "Hi"], "huge"),
    "an image that does not exist": (["chat", "--image", "nowhere.png", "Hi"], "nowhere.png"),
    "a size that does not exist": (["train", "--size", "huge"], "no size 'huge'"),
    "stages that are no numbers": (["train", "--stages", "one"], "such as 1,2,3"),
    "a task that does not exist": (["eval", "--tasks", "flying"], "no task flying"),
    "too few pairs": (["probe", "--count", "0"], "at least 2"),
    "too few samples": (["eval", "--count", "1"], "at least 2"),
    "no time at all": (["train", "--times", "0", "--out", "nowhere"], "times"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_ends_in_one_line_that_names_it(what, capsys):
    arguments, named = MISTAKES[what]
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip()
    assert named in error and "\n" not in error
