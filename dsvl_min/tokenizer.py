"""Byte-level BPE: text to token ids and back, losslessly.

The `tokenizers` library does the work.  The shipped vocabulary follows what is known of
DeepSeek-LLM's: words carry their leading space, digits stand alone, line breaks stand alone, the
special tokens are spelled as in the released files.  One rule is ours: a run of capitals is
split letter by letter, so that reading a sign means spelling it.
"""

from pathlib import Path

from tokenizers import Regex, decoders, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as Bpe

from .config import BEGIN_OF_SENTENCE, END_OF_SENTENCE, IMAGE_PLACEHOLDER

SPECIALS = (BEGIN_OF_SENTENCE, END_OF_SENTENCE, IMAGE_PLACEHOLDER)


class Tokenizer:
    """Encodes and decodes.  `bos`, `eos`, `image` and `pad` are the special tokens' numbers.

    specials: how begin, end and image are spelled; by default as DeepSeek-VL does.
    """

    def __init__(self, bpe, specials=SPECIALS):
        self.bpe, self.specials = bpe, tuple(specials)
        self.bos, self.eos, self.image = (self._special(token) for token in self.specials)
        self.pad = self.eos  # as released

    def _special(self, token):
        number = self.bpe.token_to_id(token)
        if number is None:
            raise ValueError(f"the vocabulary lacks the special token {token}")
        return number

    def __len__(self):
        return self.bpe.get_vocab_size()

    def encode(self, text):
        """Text, special tokens included, to a list of ids; nothing is added."""
        return self.bpe.encode(text, add_special_tokens=False).ids

    def decode(self, ids, skip_special=True):
        """Ids to text; special tokens are left out unless asked for."""
        return self.bpe.decode([int(i) for i in ids], skip_special_tokens=skip_special)

    def pieces(self, ids):
        """Each id's own text, for pictures and tables; a fragment of a character reads as �."""
        return [self.bpe.decode([int(i)], skip_special_tokens=False) for i in ids]

    @classmethod
    def load(cls, path, specials=SPECIALS, add_image=False):
        """From a tokenizer.json.  add_image: give the image token the next free number if the vocabulary lacks it.

        FileNotFoundError or ValueError name the file.
        """
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"no tokenizer at {path}")
        try:
            bpe = Bpe.from_str(path.read_text(encoding="utf-8"))
        except Exception as error:  # the library raises a bare Exception
            raise ValueError(f"{path} is not a tokenizer.json: {error}") from None
        bpe.no_padding()  # a file may ask for either; our processor pads, and refuses what is too long
        bpe.no_truncation()
        if add_image and bpe.token_to_id(specials[2]) is None:
            bpe.add_special_tokens([specials[2]])
        try:
            return cls(bpe, specials)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def to_json(self):
        """The whole of a tokenizer.json, as bytes."""
        return self.bpe.to_str(pretty=True).encode()

    @classmethod
    def train(cls, texts, size):
        """Learn `size` tokens (the special ones included, last) from an iterable of texts."""
        bpe = Bpe(models.BPE())
        bpe.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(r"[\r\n]"), "isolated"),
                # deviation: capitals-apart
                pre_tokenizers.Split(Regex(r"\p{Lu}(?=[\p{Lu}\d])|(?<=[\p{Lu}\d])\p{Lu}"), "isolated"),
                pre_tokenizers.Split(Regex(r"\s?\p{L}+|\s?\p{P}+"), "isolated"),
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        bpe.decoder = decoders.ByteLevel()
        bpe.train_from_iterator(
            texts,
            trainers.BpeTrainer(
                vocab_size=size - len(SPECIALS),
                initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                show_progress=False,
            ),
        )
        if bpe.get_vocab_size() != size - len(SPECIALS):
            raise ValueError(f"the texts give only {bpe.get_vocab_size()} tokens; {size} were asked for")
        bpe.add_special_tokens(list(SPECIALS))
        return cls(bpe)
