import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsvl_min.data.world import ALPHABET
from dsvl_min.tokenizer import SPECIALS, Tokenizer


@pytest.fixture(scope="module")
def tokenizer(tiny):
    return tiny[1].tokenizer


@given(st.text())
def test_any_text_survives(tiny, text):
    tokenizer = tiny[1].tokenizer
    if not any(special in text for special in SPECIALS):
        assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("text", ["图里有三个红色的圆形。", "emoji 🦊 and ünïcode\tand\n\n  spaces", "", " ", "\r\n"])
def test_chinese_emoji_and_white_space_survive(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_special_tokens_are_one_id_each_and_last(tokenizer):
    size = len(tokenizer)
    assert [tokenizer.encode(s) for s in SPECIALS] == [[size - 3], [size - 2], [size - 1]]
    assert (tokenizer.bos, tokenizer.eos, tokenizer.image, tokenizer.pad) == (size - 3, size - 2, size - 1, size - 2)


def test_capitals_and_digits_are_spelled_one_by_one(tokenizer):
    assert len(tokenizer.encode(ALPHABET)) == len(ALPHABET)
    assert tokenizer.pieces(tokenizer.encode(" KX7Q\n2B")) == [" ", "K", "X", "7", "Q", "\n", "2", "B"]


def test_the_worlds_words_are_one_token(tokenizer):
    for word in (" circle", " red", " square", " triangles", " purple", "Assistant"):
        assert len(tokenizer.encode(word)) == 1, word


def test_a_file_that_is_no_tokenizer_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no tokenizer at"):
        Tokenizer.load(tmp_path / "tokenizer.json")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ValueError, match="is not a tokenizer.json"):
        Tokenizer.load(tmp_path / "tokenizer.json")


def test_too_few_texts_for_the_vocabulary_is_said():
    with pytest.raises(ValueError, match="only"):
        Tokenizer.train(["a b c"], 5000)
