from collections import Counter

import pytest

from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.config import ModelConfig
from dsvl_min.data.sources import PARAGRAPHS, sample
from dsvl_min.evaluation.parts import continuation, mask_iou, measure_parts, retrieval
from dsvl_min.init import initialise
from dsvl_min.tokenizer import Tokenizer
from dsvl_min.training.parts import pretrained

CONFIG, PARTS = ModelConfig.preset("tiny"), WEIGHTS / "tiny-parts"


def test_retrieval_tells_a_trained_siglip_from_an_untrained_one_and_the_grounds_add_up():
    siglip, tokenizer = pretrained(CONFIG, PARTS, "siglip"), Tokenizer.load(PARTS / "tokenizer.json")
    found = retrieval(siglip, tokenizer, CONFIG, "naming", 3, 60)
    made = Counter(sample("naming", 3, index, "held-out").images[0].background for index in range(60))
    assert found["grounds"].keys() == made.keys()
    assert sum(found["grounds"][g] * n for g, n in made.items()) / 60 == pytest.approx(found["found"], abs=1e-3)
    assert found["found"] > 0.7 and "grounds" not in retrieval(siglip, tokenizer, CONFIG, "digits", 3, 20)
    assert retrieval(initialise(siglip), tokenizer, CONFIG, "naming", 3, 60)["found"] < 0.2


def test_mask_iou_tells_a_trained_sam_from_an_untrained_one():
    sam = pretrained(CONFIG, PARTS, "sam")
    assert mask_iou(sam, CONFIG, "naming", seed=3, count=10) > 0.9
    assert mask_iou(sam, CONFIG, "naming", seed=3, count=10, box=True) > 0.9
    assert mask_iou(initialise(sam), CONFIG, "naming", seed=3, count=10) < 0.5


def test_a_decoder_that_has_read_chooses_the_words_that_go_on_and_one_that_has_not_guesses():
    decoder, tokenizer = pretrained(CONFIG, PARTS, "decoder"), Tokenizer.load(PARTS / "tokenizer.json")
    paragraphs = PARAGRAPHS["english"]("held-out")[:200]
    found = continuation(decoder, tokenizer, CONFIG, paragraphs)
    with pytest.raises(ValueError, match="0 of 1 paragraphs have 48 tokens; 4 are needed"):
        continuation(decoder, tokenizer, CONFIG, ["Too short."])
    luck = 2 * (0.25 * 0.75 / found["count"]) ** 0.5  # two standard deviations of guessing among four
    assert found["chance"] == 0.25 and 100 < found["count"] <= 200
    assert found["right"] > 0.25 + luck > continuation(initialise(decoder), tokenizer, CONFIG, paragraphs)["right"]


def test_every_part_has_its_measure():
    quality = measure_parts(CONFIG, PARTS, count=10)
    assert set(quality["retrieval"]) == {"naming", "digits", "counting", "relations"}
    assert set(quality["mask_iou"]) == {"naming", "counting", "documents", "signs", "several-digits"}
    assert all(set(row) == {"point", "box", "kind"} for row in quality["mask_iou"].values())
    assert 1 < quality["bits_per_byte"] < 3
