import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, decoders, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as Bpe

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


def test_every_byte_has_a_token_so_that_any_sequence_of_bytes_can_be_written(tokenizer):
    signs = pre_tokenizers.ByteLevel.alphabet()
    assert len(signs) == 256
    numbers = {tokenizer.bpe.token_to_id(sign) for sign in signs}
    assert None not in numbers and len(numbers) == 256


@given(st.text(max_size=60))
def test_no_text_makes_a_special_token_but_its_own_spelling(tiny, text):
    tokenizer = tiny[1].tokenizer
    if not any(special in text for special in SPECIALS):
        assert not {tokenizer.bos, tokenizer.eos, tokenizer.image} & set(tokenizer.encode(text))


@given(st.binary(max_size=60))
def test_bytes_that_are_no_text_are_read_with_marks_and_survive_from_there(tiny, data):
    text = data.decode("utf-8", errors="replace")
    assert tiny[1].tokenizer.decode(tiny[1].tokenizer.encode(text)) == text


LETTERS = "øöúÿõ÷û"  # among the released file's added tokens


@pytest.fixture(scope="module")
def as_released(tmp_path_factory):
    """A small tokenizer.json of the released form: rules by kinds of signs, single letters among the added tokens."""
    bpe = Bpe(models.BPE())
    rules = (r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", r"\s+$", "[一-龥ࠀ-一가-퟿]+")
    bpe.pre_tokenizer = pre_tokenizers.Sequence([
        *(pre_tokenizers.Split(Regex(rule), "isolated") for rule in rules),
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip
    bpe.decoder = decoders.ByteLevel()
    alphabet = [sign for sign in pre_tokenizers.ByteLevel.alphabet() if sign not in LETTERS]  # bytes no text holds
    words = ["what is in the image", "图里有什么", "a red circle of 2024"] * 20
    bpe.train_from_iterator(words, trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False))
    bpe.add_special_tokens(list(SPECIALS[:2]))
    bpe.add_tokens([AddedToken(letter, normalized=False, special=False) for letter in LETTERS])
    bpe.add_special_tokens([SPECIALS[2]])
    path = tmp_path_factory.mktemp("released") / "tokenizer.json"
    bpe.save(str(path))
    return Tokenizer.load(path)


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_tokenizer_of_the_released_form_loads_and_loses_nothing(as_released, text):
    if not any(kept in text for kept in (*SPECIALS, *LETTERS)):
        assert as_released.decode(as_released.encode(text)) == text


def test_a_letter_added_in_the_released_way_is_one_token_and_comes_back_as_a_mark(as_released):
    # The byte-level decoder takes "ø" for the sign of byte 0xF8.  So it is in any file of this form.
    assert as_released.encode("ø") == [as_released.eos + 1]
    assert as_released.decode(as_released.encode("ø")) == "\ufffd"


def test_in_a_tokenizer_of_the_released_form_image_comes_after_the_added_letters(as_released):
    assert as_released.image == len(as_released) - 1 == as_released.eos + 8
    assert as_released.pieces(as_released.encode("17")) == ["1", "7"]
