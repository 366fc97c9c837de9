"""Samples to token rows, and rows to batches.

A page is how pretraining reads: images (or the context in their place) among text.
A dialogue is how people ask: the conversation of the processor.  Either way only text is predicted.
"""

from dataclasses import replace

import torch
from torch.nn import functional as F

from ..config import IGNORE, IMAGE_PLACEHOLDER
from .packing import fan


def page(sample, processor):
    """A page as (ids, labels), both lists: begin · image tokens or context · line break · text · end.

    Where the text holds placeholders, the images stand there instead of in front.
    """
    config, encode = processor.config, processor.tokenizer.encode
    image = [config.image_token_id] * config.image_tokens
    before, *after = sample.text.split(IMAGE_PLACEHOLDER)
    read = encode(sample.context) + ([] if after else image * len(sample.images))
    if read:
        read += encode("\n")
    ids, labels = [config.bos_token_id, *read], [IGNORE] * (1 + len(read))
    for i, piece in enumerate((before, *after)):
        told = encode(piece)
        ids += (image if i else []) + told
        labels += [IGNORE] * (len(image) if i else 0) + told
    return [*ids, config.eos_token_id], [*labels, config.eos_token_id]


def dialogue(sample, processor):
    """The sample's turns as a conversation -> (ids, labels); answers and their end tokens are predicted."""
    return processor.tokens(sample.conversation())


def everything(row, processor):
    """A row with a label on every token but images and the first: the question is learnt like the answer."""
    config, (ids, _) = processor.config, row
    unread = (config.bos_token_id, config.image_token_id)
    return ids, [IGNORE if token in unread else token for token in ids]


def clip(row, length):
    """Cut a row's columns to the context's length."""
    return tuple(column[:length] for column in row)


def root_weights(labels):
    """How much each label [B, T] counts so that an answer of n tokens counts √n times as much as one of a single token.

    An answer is a run of labels; weights are 1/√n in it and 0 where nothing is predicted.  Where all tokens count
    alike, a full page counts twenty times as much as a digit.  Source: InternVL 2.5 (arXiv 2412.05271), which calls
    it square averaging.
    """
    told = F.pad(labels != IGNORE, (1, 0)).flatten()  # a column in front parts the rows
    begins = told & ~F.pad(told, (1, 0))[:-1]
    answer = begins.cumsum(0)
    tokens = torch.bincount(answer[told], minlength=int(answer[-1]) + 1)
    weights = told / tokens[answer].clamp(min=1).sqrt()
    return weights.view(len(labels), -1)[:, 1:]


def pad_right(rows, pad):
    """(ids, labels) rows -> input_ids, labels [B, T]; of (ids, labels, segments) rows, segments [B, T] too.

    Padding on the right needs no mask in training: with causal attention no real token sees it.
    """
    T = max(len(ids) for ids, *_ in rows)
    columns = zip(zip(*rows, strict=True), (pad, IGNORE, 0), strict=False)
    return tuple(torch.tensor([list(one) + [fill] * (T - len(one)) for one in column]) for column, fill in columns)


def questions(sample, processor, reads="questions"):
    """What a sample asks, each turn as if it were the only one: (ids, labels, segments), see `fan` and `asked`.

    A sample without turns is a row alone.  Its images stand before each question.
    """
    alone = [dialogue(replace(sample, turns=(turn,)), processor) for turn in asked(sample, reads)]
    return fan(alone or [row(sample, processor)])


def asked(sample, reads="questions"):
    """All turns of a sample ("turns"), or those that ask for something in particular ("questions"): "Describe this
    image." is then left out, if there is another."""
    particular = [turn for turn in sample.turns if turn[0] != "Describe this image."]
    return particular if particular and reads == "questions" else list(sample.turns)


def row(sample, processor, reads="pages"):
    """A sample as (ids, labels), both lists: read as a page or as a dialogue, or the one way it can be read.

    reads: "pages" (what pretraining prefers) or "dialogues" (what instruction tuning does).
    """
    as_page = sample.text and (reads == "pages" or not sample.turns)
    return page(sample, processor) if as_page else dialogue(sample, processor)
