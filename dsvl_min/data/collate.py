"""Samples to token rows, and rows to batches.

A page is how pretraining reads: the image (or the context in its place), then the text.
A dialogue is how people ask: the conversation of the processor.  Either way only the text is predicted.
"""

import torch

from ..config import IGNORE


def page(sample, processor):
    """begin · image tokens or context · line break · caption · end -> (ids, labels), both lists."""
    config, encode = processor.config, processor.tokenizer.encode
    read = [config.image_token_id] * (config.image_tokens * len(sample.images)) + encode(sample.context)
    if read:
        read += encode("\n")
    told = encode(sample.caption) + [config.eos_token_id]
    ids = [config.bos_token_id, *read, *told]
    return ids, [IGNORE] * (1 + len(read)) + told


def dialogue(sample, processor):
    """The sample's turns as a conversation -> (ids, labels); answers and their end tokens are predicted."""
    return processor.tokens(sample.conversation())


def clip(row, length):
    """Cut a row to the context's length."""
    ids, labels = row
    return ids[:length], labels[:length]


def pad_right(rows, pad):
    """(ids, labels) rows -> input_ids, labels [B, T].

    Padding on the right needs no mask in training: with causal attention no real token sees it.
    """
    T = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([ids + [pad] * (T - len(ids)) for ids, _ in rows])
    labels = torch.tensor([labels + [IGNORE] * (T - len(labels)) for _, labels in rows])
    return ids, labels
