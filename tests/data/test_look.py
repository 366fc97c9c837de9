"""What one looks at before training: the contact sheet, the statistics, and their commands."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from dsvl_min.cli import main
from dsvl_min.config import IMAGE_PLACEHOLDER, ConfigError
from dsvl_min.data.collate import dialogue, page, row
from dsvl_min.data.mixture import Mixture, Row
from dsvl_min.data.packing import first_fit, padding
from dsvl_min.data.sample import Sample
from dsvl_min.data.show import LINES, WORDS, card, draws, is_chinese, lacks_font, measured, sheet, words, wrap
from dsvl_min.data.sources import SOURCES, sample
from dsvl_min.data.stats import MICRO, as_table, measure

RED, BLUE = Image.new("RGB", (64, 64), (255, 0, 0)), Image.new("RGB", (40, 80), (0, 0, 255))


def bluish(picture):
    """How many pixels are blue rather than grey: the ink of answers."""
    red, _, blue = np.moveaxis(np.asarray(picture, dtype=int), -1, 0)
    return int((blue - red > 40).sum())


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_fits_on_a_sheet(source):
    drawn = sheet(draws(source, 3), 64)
    assert drawn.width <= 1320 and len(np.unique(np.asarray(drawn))) > 2


def test_pictures_stand_side_by_side_and_words_beside_them():
    one = card(Sample("own", (RED, BLUE), (("Which is blue?", "the second"),)), 64)
    assert one.getpixel((5, 40)) == (255, 0, 0)
    assert one.getpixel((64 + 10 + 32, 40)) == (0, 0, 255), "in the middle of its square"
    assert one.getpixel((64 + 10 + 3, 40)) == (222, 222, 222), "with its proportions"
    assert bluish(one.crop((2 * 74, 16, one.width, one.height))) > 100, "the answer"
    assert bluish(one.crop((2 * 74, 16, one.width, 32))) == 0, "the question above it"
    alone = card(Sample("own", text="All is text."), 64)
    assert alone.width > WORDS and bluish(alone.crop((0, 16, 200, 40))) > 100


def test_no_line_is_wider_than_its_place_and_no_word_is_lost():
    text = "A word andanotherthatis" + "very" * 30 + "long, then\n    indented code\n\n一二三四五六七八九十" * 3
    lines = wrap(text, 150)
    assert all(measured(line) <= 150 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert "    indented code" in lines and "" in lines


def test_what_does_not_fit_is_counted():
    long = Sample("own", text="\n".join(f"line {i}" for i in range(LINES + 5)))
    assert card(long).height == card(Sample("own", text="\n" * (LINES - 1))).height


def test_a_placeholder_and_a_context_are_said_in_short():
    said = [
        text for text, _ in words(Sample("own", (RED,), ((f"{IMAGE_PLACEHOLDER}\nWhat?", "that"),), context="A\nB"))
    ]
    assert said == ["[A/B]", "[image]\nWhat?", "that"]


def test_a_font_that_lacks_characters_is_noticed(monkeypatch):
    assert is_chinese("图") and not is_chinese("é…→")
    monkeypatch.setattr("dsvl_min.data.show.font", lambda chinese=False: "the same")
    assert lacks_font([Sample("own", text="图")]) and not lacks_font([Sample("own", text="picture")])


@dataclass(frozen=True)
class Counted:
    """A source whose answers are known: two in three say "yes"."""

    name: str
    images: int = 0
    words: int = 1

    def __call__(self, seed, index):
        return Sample(self.name, (RED,) * self.images, (("word " * self.words, "yes" if index % 3 else f"no {index}"),))


def test_the_statistics_are_those_of_the_samples(tiny):
    processor = tiny[1]
    shares = (Row("one", 30, (Counted("a", 1), Counted("b", 2))), Row("text", 70, (Counted("c"),), text=True))
    mixture = Mixture(shares, 32)
    got = measure(mixture, processor, 960, reads="dialogues")
    assert got["samples"] == 960 and got["batches"] == 30 and got["batches_of_text"] == 21
    samples = [s for t in range(30) for s in mixture.batch(t)]
    lengths = [len(dialogue(s, processor)[0]) for s in samples]
    assert got["shares"]["one"]["samples"] == 0.3 and got["tokens"]["longest"] == max(lengths)
    text = sum(n for s, n in zip(samples, lengths, strict=True) if not s.images)
    assert got["shares"]["text"]["tokens"] == pytest.approx(text / sum(lengths), abs=1e-4)
    assert got["images"] == {"0": 0.7, "1": 0.15, "2": 0.15}
    prior = got["priors"]["c"]
    assert prior["answer"] == "yes" and prior["share"] == pytest.approx(2 / 3, abs=0.01) and prior["different"] == 225
    pieces = [lengths[i : i + MICRO] for i in range(0, len(lengths), MICRO)]
    assert got["padding"]["as_they_come"] == round(padding(pieces), 4) >= got["padding"]["bucketed"]
    packed = sum(len(first_fit(lengths[i : i + 32], 512)[0]) for i in range(0, 960, 32))
    assert got["padding"]["packed"] == round(1 - sum(lengths) / (512 * packed), 4)
    assert "yes" in as_table(got) and "66" in as_table(got)


def test_a_sample_longer_than_the_context_is_counted_not_lost(tiny):
    mixture = Mixture((Row("text", 100, (Counted("short"), Counted("long", words=600)), (3, 1), text=True),), 8)
    got = measure(mixture, tiny[1], 16, reads="dialogues")
    assert got["too_long"] == 4 and got["tokens"]["longest"] > 600
    assert "longer than 512 tokens: 4 samples" in as_table(got)
    with pytest.raises(ConfigError, match="at least 1 sample"):
        measure(mixture, tiny[1], 0)


def test_a_sample_is_read_as_asked_or_as_it_can_be(tiny):
    both, asked, told = sample("naming", 0, 0), sample("lists", 0, 0), sample("english", 0, 0)
    assert row(both, tiny[1]) == page(both, tiny[1]) != dialogue(both, tiny[1])
    assert row(both, tiny[1], "dialogues") == dialogue(both, tiny[1])
    assert row(asked, tiny[1]) == dialogue(asked, tiny[1])
    assert row(told, tiny[1], "dialogues") == page(told, tiny[1])


def test_the_commands_write_a_sheet_and_print_the_statistics(tmp_path, capsys):
    out, table = tmp_path / "sheet.png", tmp_path / "stats.json"
    assert main(["data", "show", "--source", "naming", "--n", "4", "--size", "64", "--out", str(out)]) == 0
    assert Image.open(out).width > 300 and "4 samples of naming" in capsys.readouterr().out
    for name in ("pretraining", "instructions"):
        assert main(["data", "stats", "--table", name, "--n", "60", "--json", str(table)]) == 0
        printed = capsys.readouterr().out
        assert "padding:" in printed and "most frequent" in printed and "text" in printed
        assert json.loads(table.read_text())["samples"] == 64


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["show", "--source", "films"], "no source 'films'"),
        (["show", "--source", "naming", "--n", "0"], "at least 1 sample"),
        (["show", "--source", "naming", "--size", "0"], "positive whole number"),
        (["stats", "--table", "chairs"], "no table 'chairs'; the tables are pretraining and instructions"),
        (["stats", "--n", "0"], "at least 1 sample"),
    ],
)
def test_a_mistake_ends_in_one_line(arguments, named, capsys, tmp_path):
    extra = ["--out", str(tmp_path / "x.png")] if arguments[0] == "show" else []
    assert main(["data", *arguments, *extra]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith("dsvl data: ") and named in error and "\n" not in error
