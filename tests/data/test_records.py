"""Samples to disk and back: the same pixels and words, and nothing half written."""

import json
import os
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dsvl_min.data.records import from_dict, read, to_dict, write_jsonl, write_parquet
from dsvl_min.data.sample import Sample
from dsvl_min.data.sources import SOURCES, sample
from dsvl_min.data.world import Scene, Thing
from dsvl_min.processor import InputError, load_image

SIDE, TAG = 32, "<image_placeholder>"


def picture(color="red", size=(7, 5)):
    return Image.new("RGB", size, color)


def pixels(image):
    image = load_image(Sample("", (image,)).pictures(SIDE)[0])
    return image.size, image.tobytes()


def seen(samples):
    """What must survive: everything, images as pixels; JSON knows no tuples inside truth."""
    for s in samples:
        words = {k: v for k, v in asdict(s).items() if k != "images"}
        yield json.loads(json.dumps(words)), [pixels(image) for image in s.images]


MIXED = (
    Sample(
        "a", (picture(), picture("blue")), (("<image_placeholder> or <image_placeholder>?", "red"),), leaf="Counting"
    ),
    Sample(
        "b", (picture(),), text="One <image_placeholder>\nat a time\n", truth={"boxes": [[0.5, 1, None]], "名": "é"}
    ),
    Sample("c", turns=(("Hello", "Hi"), ("And?", "  so \n"))),
    Sample("d", (Scene("grey", (Thing("star", "red", 0.5, 0.5, 0.6),)),), text="a star", difficulty=0.25),
    Sample("grid", text="AB", context="A B \n"),
)


def written(samples, folder, form):
    if form == "jsonl":
        assert write_jsonl(samples, folder / "out", SIDE) == len(samples)
        return folder / "out"
    pytest.importorskip("pyarrow")
    assert write_parquet(samples, folder / "out.parquet", SIDE) == len(samples)
    return folder / "out.parquet"


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_what_was_written_is_read_again(form, tmp_path):
    assert list(seen(read(written(MIXED, tmp_path, form)))) == list(seen(MIXED))


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_every_source_of_the_world_survives(form, tmp_path):
    made = [sample(source, 3, i) for source in SOURCES for i in range(7)]  # more than Parquet's batch of 64
    assert list(seen(read(written(made, tmp_path, form)))) == list(seen(made))


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(words, words), min_size=1, max_size=3), words, st.dictionaries(words, st.integers() | words))
def test_any_words_survive(turns, text, truth):
    made = Sample("own", turns=tuple(turns), text=text, truth=truth)
    assert from_dict(json.loads(json.dumps(to_dict(made)))) == made


def test_what_is_left_out_takes_its_default():
    assert from_dict({"text": "a"}) == Sample("own", text="a")
    assert from_dict({"text": "a", "images": None, "truth": None, "messages": None}) == Sample("own", text="a")
    assert to_dict(Sample("own", text="a")) == {"text": "a", "source": "own"}


def test_images_are_beside_the_file(tmp_path):
    picture().save(tmp_path / "a.png")
    (tmp_path / "records.jsonl").write_text('{"images": ["a.png"], "text": "red"}\n')
    (one,) = read(tmp_path)
    assert pixels(one.images[0]) == pixels(picture())


def test_a_table_of_questions_is_enough(tmp_path):
    table = 'image,question,answer,source\na.png,"What, then?",A cat,mine\n,Hello?,Hi,\n'
    (tmp_path / "photos.csv").write_text(table, encoding="utf-8-sig")  # as spreadsheets write it
    cat, talk = read(tmp_path / "photos.csv")
    assert cat == Sample("mine", (tmp_path / "a.png",), (("What, then?", "A cat"),))
    assert talk == Sample("own", turns=(("Hello?", "Hi"),))


def test_reading_is_lazy(tmp_path):
    (tmp_path / "r.jsonl").write_text('{"text": "a"}\nnonsense\n')
    rows = read(tmp_path / "r.jsonl")
    assert next(rows).text == "a"
    with pytest.raises(InputError, match=r"r\.jsonl, line 2: record: is not JSON"):
        next(rows)


@pytest.mark.parametrize("name", ["nowhere.jsonl", ".", "notes.txt"])
def test_no_file_of_records_is_named(name, tmp_path):
    (tmp_path / "notes.txt").write_text("a")
    with pytest.raises(InputError, match="records"):
        read(tmp_path / name)


def test_each_picture_is_stored_once_and_files_are_kept_as_they_are(tmp_path):
    picture().save(tmp_path / "photo.jpg")
    samples = [
        Sample("a", (picture(), picture()), text="x"),
        Sample("a", (tmp_path / "photo.jpg", picture()), text="y"),
    ]
    write_jsonl(samples, tmp_path / "out")
    stored = sorted((tmp_path / "out" / "images").iterdir())
    assert sorted(path.suffix for path in stored) == [".jpeg", ".png"]
    assert (tmp_path / "photo.jpg").read_bytes() in [path.read_bytes() for path in stored]


def broken(count):
    yield from (Sample("a", (picture(),), text="x") for _ in range(count))
    raise RuntimeError("the power is gone")


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_nothing_half_written_is_left(form, tmp_path):
    pytest.importorskip("pyarrow")
    write = {"jsonl": write_jsonl, "parquet": write_parquet}[form]
    with pytest.raises(RuntimeError):
        write(broken(70), tmp_path / "out")
    assert not list(tmp_path.iterdir())
    assert write([], tmp_path / "out") == 0
    before = os.listdir(tmp_path)
    with pytest.raises(InputError, match="there already"):
        write(MIXED, tmp_path / "out", SIDE)
    assert os.listdir(tmp_path) == before


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (Sample("a", (Scene("grey"),), text="x"), r"sample 2, images\[0\] is a scene"),
        (Sample("a", (b"not a picture",), text="x"), r"sample 2, images\[0\] is not an image"),
        (Sample("a", text="x", truth={"n": float("nan")}), "sample 2 can't be written as JSON"),
        (Sample("a", text="x", truth={"n": np.arange(3)}), "sample 2 can't be written as JSON"),
        (Sample("a", text="\ud800"), "sample 2 can't be written as JSON"),
    ],
    ids=["undrawn", "undecodable", "not a number", "no JSON", "half a character"],
)
def test_what_cannot_be_written_is_named(bad, said, tmp_path):
    with pytest.raises(InputError, match=said):
        write_jsonl([Sample("a", text="fine"), bad], tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_the_datasets_library_shows_the_pictures(tmp_path):
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    write_parquet(MIXED, tmp_path / "out.parquet", SIDE)
    rows = datasets.load_dataset(
        "parquet", data_files=str(tmp_path / "out.parquet"), split="train", cache_dir=str(tmp_path / "cache")
    )
    first = rows[0]
    assert [(im.size, im.tobytes()) for im in first["images"]] == [pixels(im) for im in MIXED[0].images]
    assert first["messages"][1] == {"role": "Assistant", "content": "red"}


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_without_pyarrow_only_tables_are_out_of_reach(form, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    if form == "jsonl":
        assert write_jsonl(MIXED, tmp_path / "out", SIDE) == len(list(read(tmp_path / "out")))
        return
    (tmp_path / "a.parquet").write_bytes(b"")
    for attempt in (lambda: write_parquet(MIXED, tmp_path / "out"), lambda: next(read(tmp_path / "a.parquet"))):
        with pytest.raises(InputError, match=r"pip install \"dsvl-min\[data\]\""):
            attempt()
