"""Other tokens stand where the model's own would, and the model is left as it was."""

import pytest
import torch

from dsvl_min import load
from dsvl_min.evaluation.tasks import TASKS, answers, questions
from dsvl_min.probes import image_order, image_tokens


@pytest.fixture(scope="module")
def tiny():
    model, processor = load("tiny")
    return model.requires_grad_(False), processor


@pytest.mark.parametrize("name", image_tokens.ASKED)
def test_given_its_own_tokens_the_model_answers_as_ever(tiny, name):
    model, processor = tiny
    asked, low, high = image_tokens.seen(model, processor, name, 4, seed=3)
    (task,) = (t for t in TASKS if t.name == image_tokens.ASKED[name])
    want = answers(model, processor, questions(task, 3, 4))
    assert image_tokens.say(model, processor, asked, model.adaptor(low, high)) == want
    assert "image_embeddings" not in vars(model)
    order, changed = image_order.changes(model, processor, asked, model.adaptor(low, high))
    assert changed["as it is"]() == want
    assert sorted(order.tolist()) == list(range(model.config.image_tokens))


def test_the_nearest_linear_map_is_found_with_its_constant():
    x, truth = torch.randn(50, 3) + 5, torch.nn.Linear(3, 4)
    made = image_tokens.straight(x, truth(x).detach())
    torch.testing.assert_close(made.weight, truth.weight, atol=1e-4, rtol=0)
    torch.testing.assert_close(made.bias, truth.bias, atol=1e-3, rtol=0)


def test_a_word_is_its_own_nearest_word_whatever_its_length():
    words = torch.randn(20, 8)
    torch.testing.assert_close(image_tokens.nearest_word(7 * words[3:9], words), 7 * words[3:9])


def test_what_stands_in_the_adaptors_place_has_its_shape(tiny):
    model, processor = tiny
    _, low, high = image_tokens.seen(model, processor, "naming", 2)
    for name, adapt in image_tokens.variants(model, processor, count=2).items():
        assert adapt(low, high).shape == (2, 36, model.config.decoder.width), name


def test_a_page_is_marked_by_letters_and_a_name_as_a_whole():
    page, name = [(None, "Read the text.", "AB\nCD")], [(None, "What is in the image?", "a red heart")]
    assert image_tokens.marks(["AB\nCX"], page) == [0.75]
    assert image_tokens.marks(["a red star"], name) == [0.0]
    assert image_order.page_marks(["DC\nBA"], page, torch.tensor([3, 2, 1, 0])) == [1.0]


def test_only_distances_count(tiny):
    model, processor = tiny
    asked, low, high = image_tokens.seen(model, processor, "page", 2)
    x, at, image = image_order.prompts(model, processor, asked, model.adaptor(low, high))
    assert int(image.sum()) == model.config.image_tokens
    here, there = (image_order.continue_at(model, x, at + far, steps=8) for far in (0, 100))
    assert torch.equal(here, there)
