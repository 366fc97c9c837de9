"""What can be wrong with a record or a sample.  Every problem is found and none is raised: a policy decides later.

Three looks, each worth taking only when the one before it found nothing: the record's form (`of_record`), its words
(`of_sample`), its images and length (`decoded`, `of_length`).
"""

import difflib
import re
import reprlib
from dataclasses import replace
from typing import NamedTuple

from ..config import BEGIN_OF_SENTENCE, END_OF_SENTENCE, IMAGE_PLACEHOLDER
from ..processor import ROLES, InputError, load_image
from .collate import dialogue, page
from .world import Scene

# What a record may hold.  None stands for a field that was left out.
FIELDS = {
    "images": list, "messages": list, "text": str, "context": str, "source": str, "leaf": str, "truth": dict,
    "difficulty": (int, float),
}  # fmt: skip
LONGEST = 300  # characters of a reason: names of files and fields may have any length
_JSON = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number",
         type(None): "null"}  # fmt: skip
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_HALF_PAIR = re.compile("[\ud800-\udfff]")


class Problem(NamedTuple):
    """One thing that is wrong.  kind: a word to count by; field: where; message: what.  str() is one printable line."""

    kind: str
    field: str
    message: str

    def __str__(self):
        line = _UNPRINTABLE.sub(lambda c: repr(c[0])[1:-1], f"{self.field}: {self.message}")
        return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def of_record(record):
    """The problems of a record's form: fields, types, roles.  Yields Problems.

    record: what a line of JSON holds; its images are names of files, or bytes.
    """
    if not isinstance(record, dict):
        yield Problem("form", "record", f"is {_name(record)}, not an object with fields")
        return
    for field in record:
        if field not in FIELDS:
            near = difflib.get_close_matches(field, FIELDS, 1)
            hint = f"did you mean {near[0]}?" if near else f"the fields are {', '.join(FIELDS)}"
            yield Problem("form", field if field.isidentifier() else _short(field), f"is no field of a record; {hint}")
    for field, kind in FIELDS.items():
        value = record.get(field)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            yield Problem("form", field, f"is {_name(value)}, must be {_JSON[kind if kind in _JSON else float]}")
    if record.get("messages") is None and record.get("text") is None:
        yield Problem("form", "record", "has neither messages nor text")
    if isinstance(record.get("images"), list):
        yield from _image_names(record["images"])
    if isinstance(record.get("messages"), list):
        yield from _messages(record["messages"])
    if isinstance(record.get("difficulty"), (int, float)) and not 0 <= record["difficulty"] <= 1:
        yield Problem("form", "difficulty", "is not between 0 and 1")


def _image_names(images):
    for i, image in enumerate(images):
        if not isinstance(image, (str, bytes)):
            yield Problem("form", f"images[{i}]", f"is {_name(image)}, must be the name of a file")
        elif not image:
            yield Problem("form", f"images[{i}]", "is empty")


def _messages(messages):
    if not messages:
        yield Problem("roles", "messages", "is empty; leave it out for a page of text")
    for i, message in enumerate(messages):
        at = f"messages[{i}]"
        if not isinstance(message, dict):
            yield Problem("form", at, f"is {_name(message)}, must be an object with role and content")
            continue
        for field in ("role", "content"):
            if field not in message:
                yield Problem("form", at, f"lacks {field}")
        for field in message:
            if field not in ("role", "content"):
                yield Problem("form", at, f"has the field {_short(field)}; a message has role and content")
        role, content = message.get("role"), message.get("content")
        if "role" in message and role not in ROLES:
            yield Problem("roles", f"{at}.role", f"is {_short(role)}; the roles are {' and '.join(ROLES)}")
        elif "role" in message and role != ROLES[i % 2]:
            yield Problem("roles", f"{at}.role", f"is {role}; {ROLES[i % 2]} speaks there (User first, then by turns)")
        if "content" in message and not isinstance(content, str):
            yield Problem("form", f"{at}.content", f"is {_name(content)}, must be text")
    if len(messages) % 2:
        yield Problem("roles", f"messages[{len(messages) - 1}]", "is the last, and a question without its answer")


def of_sample(sample, leaves=None):
    """The problems of a sample's words: empty ones, special tokens, half characters, placeholders, its leaf.

    leaves: the names a leaf may have, or a function that says whether a name is one; None lets any pass.
    Yields Problems.
    """
    turns = [words for turn in sample.turns for words in turn]
    said = [(f"messages[{i}].content", words, i % 2 == 0) for i, words in enumerate(turns)]
    for field, words, with_images in (*said, ("text", sample.text, True), ("context", sample.context, False)):
        yield from _words(field, words, with_images)
    if not all(isinstance(words, str) for words in (*turns, sample.text)):
        return
    images, questions = len(sample.images), turns[::2]
    placed = sum(question.count(IMAGE_PLACEHOLDER) for question in questions)
    for i, words in enumerate(turns):
        if not words.strip() and i % 2:
            yield Problem("empty", f"messages[{i}].content", "is an empty answer")
        elif not words.strip() and not (i == 0 and images and not placed):
            yield Problem("empty", f"messages[{i}].content", "is an empty question, and no image stands in it")
    if not turns and not sample.text.replace(IMAGE_PLACEHOLDER, "").strip():
        yield Problem("empty", "text", "has no words to learn from")
    for field, count in (("messages", placed), ("text", sample.text.count(IMAGE_PLACEHOLDER))):
        if count and count != images:
            yield Problem(
                "placeholders", field,
                f"{count} of {IMAGE_PLACEHOLDER} for {images} image{'' if images == 1 else 's'}: one for each, "
                "or none at all, and the images come first",
            )  # fmt: skip
    if sample.leaf and leaves is not None and not (leaves if callable(leaves) else leaves.__contains__)(sample.leaf):
        yield Problem("leaf", "leaf", f"{_short(sample.leaf)} is no leaf of the taxonomy")


def _words(field, words, with_images):
    if not isinstance(words, str):
        yield Problem("form", field, f"is {_name(words)}, must be text")
        return
    for token in (BEGIN_OF_SENTENCE, END_OF_SENTENCE) + (() if with_images else (IMAGE_PLACEHOLDER,)):
        if token in words:
            yield Problem("special token", field, f"contains the special token {token}")
    if half := _HALF_PAIR.search(words):
        yield Problem("characters", field, f"has half of a surrogate pair at character {half.start()}")


def undrawn(image):
    """Is it plain data that is yet to be drawn: a Scene, or anything that has a `draw`?"""
    return isinstance(image, Scene) or hasattr(image, "draw")


def decoded(sample):
    """(the sample with its images read: upright, RGB; a list of Problems).  Scenes and the like stay what they are."""
    images, problems = [], []
    for i, image in enumerate(sample.images):
        try:
            images.append(image if undrawn(image) else load_image(image, f"images[{i}]"))
        except InputError as error:
            message = str(error).removeprefix(f"images[{i}]").lstrip(": ")
            problems.append(Problem("image", f"images[{i}]", message))
    return (sample if problems else replace(sample, images=tuple(images))), problems


def of_length(sample, processor, rows=None):
    """Does it fit the context of the processor's model?  Images need not be read for that.

    rows: which forms it must fit in, of `collate`: dialogue, page; by default those it has words for.
    Yields Problems.
    """
    context = processor.config.decoder.max_positions
    each = f"({processor.config.image_tokens} for each image)"
    for row in rows or (dialogue,) * bool(sample.turns) + (page,) * bool(sample.text):
        field = "text" if row is page else "messages"
        if row is page and not sample.text or row is dialogue and not sample.turns:
            yield Problem("empty", field, "is needed here, and missing")
            continue
        try:
            length = len(row(sample, processor)[0])
        except InputError as error:  # the processor refuses what is too long itself
            yield Problem("length" if "tokens" in str(error) else "form", field, str(error))
            continue
        if length > context:
            yield Problem("length", field, f"{length} tokens {each}; the model takes {context}")


def _name(value):
    return _JSON.get(type(value), type(value).__name__)


def _short(value):
    return reprlib.repr(value)
