"""In Colab the chooser and the Drive; anywhere else the plain local thing."""

import io
import sys
import types

import pytest
from PIL import Image

from dsvl_min import InputError, colab


def png(color):
    file = io.BytesIO()
    Image.new("RGB", (4, 4), color).save(file, "png")
    return file.getvalue()


@pytest.fixture
def in_colab(monkeypatch, tmp_path):
    """A stand-in for google.colab, whose chooser gives `in_colab.chosen`."""
    google, module = types.ModuleType("google"), types.ModuleType("google.colab")
    module.chosen, module.mounted = {}, []
    module.files = types.SimpleNamespace(upload=lambda: module.chosen)
    module.drive = types.SimpleNamespace(
        mount=lambda path: (module.mounted.append(path), (tmp_path / "MyDrive").mkdir())
    )
    google.colab = module
    monkeypatch.setitem(sys.modules, "google", google)
    monkeypatch.setitem(sys.modules, "google.colab", module)
    monkeypatch.setattr(colab, "DRIVE", tmp_path)
    return module


def test_elsewhere_the_default_picture_is_taken_and_runs_lie_here():
    picture = Image.new("RGB", (4, 4), "blue")
    assert colab.your_image(picture, ask=True).getpixel((0, 0)) == (0, 0, 255)
    assert colab.your_image(io.BytesIO(png("red"))).getpixel((0, 0)) == (255, 0, 0)
    assert str(colab.runs_folder()) == "runs"


def test_in_colab_the_chosen_picture_is_taken_and_a_cancelled_choice_is_the_default(in_colab):
    in_colab.chosen = {"mine.png": png("lime")}
    assert colab.your_image(png("red"), ask=True).getpixel((0, 0)) == (0, 255, 0)
    assert colab.your_image(png("red"), ask=False).getpixel((0, 0)) == (255, 0, 0)
    in_colab.chosen = {}
    assert colab.your_image(png("red"), ask=True).getpixel((0, 0)) == (255, 0, 0)
    in_colab.chosen = {"notes.txt": b"hello"}
    with pytest.raises(InputError, match="notes.txt"):
        colab.your_image(png("red"), ask=True)


def test_in_colab_runs_lie_on_the_drive(in_colab, tmp_path):
    folder = colab.runs_folder()
    assert folder == tmp_path / "MyDrive" / "DeepSeek-VL-runs" and folder.is_dir()
    assert in_colab.mounted == [str(tmp_path)]
    assert str(colab.runs_folder(drive=False)) == "runs"
