"""Mistakes planted into the package's own code: each by its name in FAULTS, the check that must find it, the change.

A new chapter adds its mistakes here and to dsvl_min/checks/faults.py; test_faults.py proves that both agree.
"""

import functools
import inspect
import math
import sys
import textwrap
from dataclasses import dataclass

from torch.nn import functional as F

from dsvl_min import adaptor, attention, decoder, model, processor, sam, siglip
from dsvl_min.checks import (
    bpe,
    decoder_parts,
    hybrid,
    image_tokens,
    matching,
    parts,
    patches,
    reading,
    release,
    segmenting,
    training,
    whole_model,
    windows,
    world,
)
from dsvl_min.data.world import Scene, Text, Thing
from dsvl_min.probes import image_tokens as image_token_probe
from dsvl_min.training.stages import part_of


@dataclass(frozen=True)
class Planted:
    """In the source of `symbol`, of module or class `owner`, `old` becomes `new`; `check` is then given `broken()`."""

    fault: str
    check: object
    owner: object
    symbol: str
    old: str
    new: str

    def __str__(self):
        return f"{self.fault} → {self.check.__module__.rpartition('.')[2]}.{self.check.__name__}"

    def broken(self):
        """The planted function or class, with the module's names around it."""
        module = self.owner if inspect.ismodule(self.owner) else sys.modules[self.owner.__module__]
        source = textwrap.dedent(inspect.getsource(getattr(self.owner, self.symbol)))
        assert source.count(self.old) == 1, f"{self.symbol} no longer holds {self.old!r} once"
        names = dict(vars(module))
        exec(source.replace(self.old, self.new), names)
        return names[self.symbol]


def in_place(embeddings, placeholder, image_tokens):
    return embeddings.masked_scatter_(placeholder[..., None], image_tokens)


def double(embeddings, placeholder, image_tokens):
    return model.place(embeddings, placeholder, image_tokens).double()


def inserted(embeddings, placeholder, image_tokens):
    import torch

    return torch.cat([image_tokens[:1].expand(len(embeddings), -1, -1), embeddings], dim=1)


def one_colour(scene):
    import dataclasses

    first, second = scene.things
    fresh = next(c for c in ("red", "blue", "green") if c not in (first.color, second.color))
    return dataclasses.replace(scene, things=(dataclasses.replace(first, color=fresh), second))


def and_moved(scene):
    import dataclasses

    swapped = whole_model.swap_colors(scene)
    first, second = swapped.things
    return dataclasses.replace(swapped, things=(dataclasses.replace(first, y=0.5), second))


def in_another_order():
    """The same two things, told in another order."""
    things = Thing("star", "red", 0.25, 0.5, 0.2), Thing("heart", "blue", 0.75, 0.5, 0.2)
    return Scene("sky", things), Scene("sky", things[::-1])


def an_empty_word():
    """A text of which nothing can be seen."""
    return Scene("paper"), Scene("paper", texts=(Text(" ", 0.5, 0.5, 0.1),))


def a_whole_turn():
    return tuple(Scene("grey", (Thing("arrow", "red", 0.5, 0.5, 0.4, angle),)) for angle in (0.0, 360.0))


def a_quarter_turn():
    return tuple(Scene("grey", (Thing("arrow", "red", 0.5, 0.5, 0.4, angle),)) for angle in (0.0, 90.0))


def through_zero(inputs, outputs):
    import torch

    made = torch.nn.Linear(inputs.shape[1], outputs.shape[1], bias=False)
    made.weight.data = torch.linalg.lstsq(inputs, outputs).solution.T
    return made


def half_centred(inputs, outputs):
    import torch

    made = torch.nn.Linear(inputs.shape[1], outputs.shape[1])
    made.weight.data = torch.linalg.lstsq(inputs - inputs.mean(0), outputs - outputs.mean(0)).solution.T
    made.bias.data = outputs.mean(0)
    return made


def in_two_steps(logits, positive):
    fits = logits.sigmoid()
    return -fits.where(positive, 1 - fits).log().sum(dim=1).mean()


def dice_of(times, added=1):
    def dice(p, target):
        shared, held = (p * target).sum(dim=(-2, -1)), (p + target).sum(dim=(-2, -1))
        return 1 - (times * shared + added) / (held + added)

    return dice


def by_coin(step, share):
    import random

    return random.random() < share


class Counting:
    """Takes a step for text whenever too few of those asked so far were."""

    def __init__(self):
        self.asked = self.told = 0

    def __call__(self, step, share):
        if step == 0:
            self.asked = self.told = 0
        self.asked += 1
        text = self.told + 0.5 <= self.asked * share
        self.told += text
        return text

    def __deepcopy__(self, memo):
        return self


def each_question_once(pairs):
    shares = [reading.blind_of([(q, a) for q, a in pairs if q == asked]) for asked in {q for q, _ in pairs}]
    return sum(shares) / len(shares)


def guessed(pairs):
    return sum(1 / len({a for q, a in pairs if q == asked}) for asked, _ in pairs) / len(pairs)


def merged_once(ids, pair, new):
    at = next((i for i in range(len(ids) - 1) if tuple(ids[i : i + 2]) == pair), None)
    return list(ids) if at is None else [*ids[:at], new, *ids[at + 2 :]]


def moves_on(cache, layer, key, value):
    out = decoder.KVCache.extend(cache, layer, key, value)
    cache.filled += key.shape[2]
    return out


def everything(cache, layer, key, value):
    decoder.KVCache.extend(cache, layer, key, value)
    return cache.keys[layer], cache.values[layer]


def only_new(cache, layer, key, value):
    decoder.KVCache.extend(cache, layer, key, value)
    return key, value


def over_the_beginning(cache, layer, key, value):
    at = cache.filled
    cache.filled = 0
    decoder.KVCache.extend(cache, layer, key, value)
    cache.filled = at
    end = at + key.shape[2]
    return cache.keys[layer][:, :, :end], cache.values[layer][:, :, :end]


def neighbours(x, positions, theta):
    import torch

    half = x.shape[-1] // 2
    angle = positions[:, None].float() / theta ** (torch.arange(half) / half)
    cos, sin = angle.cos(), angle.sin()
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, b * cos + a * sin], dim=-1).flatten(-2)


OWN_MASK = (  # the fused kernel makes its own causal mask; here it is handed one that is off by one
    "square = query.shape[2] == key.shape[2]→ones = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool); "
    "bias = ones.tril({}) if causal else None; causal = False; square = True"
)
CODE = (
    Planted("mask off by one: the future is seen", parts.attend, attention, "attend", *OWN_MASK.format(1).split("→")),
    Planted("mask off by one: blind to itself", parts.attend, attention, "attend", *OWN_MASK.format(-1).split("→")),
    Planted("forgotten 1/√d", parts.attend, attention, "attend", "is_causal=causal, scale=scale",
            "is_causal=causal, scale=1.0"),
    Planted("divided by d", parts.attend, attention, "attend", "is_causal=causal, scale=scale",
            "is_causal=causal, scale=1 / query.shape[-1]"),
    Planted("softmax over the queries", parts.attend, attention, "attend", "if not _listening:",
            "if not causal:\n        scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5\n"
            "        return scores.softmax(-2) @ value\n    if not _listening:"),
    Planted("positions added at each step", parts.cached_decoder, decoder, "Decoder",
            "positions = torch.arange(past, past + T", "positions = torch.arange(0, T"),
    Planted("mean over all pairs", matching.loss, siglip, "sigmoid_loss", ".sum(dim=1).mean()", ".mean()"),
    Planted("signs exchanged", matching.loss, siglip, "sigmoid_loss", "* 2 - 1", "* -2 + 1"),
    Planted("only the class token kept", parts.siglip_encoder, siglip, "SiglipEncoder",
            "return self.norm(x)", "return self.norm(x)[:, :1]"),
    Planted("positions missing", parts.siglip_encoder, siglip, "SiglipEncoder",
            "transpose(1, 2) + self.positions", "transpose(1, 2)"),
    Planted("tanh GELU", parts.mlp, siglip, "Mlp", "F.gelu(self.up(x))", 'F.gelu(self.up(x), approximate="tanh")'),
    Planted("alpha branch missing", parts.sam_encoder, sam, "SamEncoder",
            " + self.alpha * self.downsample(self.early_neck(early))", ""),
    Planted("wrong mean", parts.normalise, processor, "normalise", "(encoder.mean, encoder.std)",
            "((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))"),
    Planted("mean forgotten", parts.normalise, processor, "normalise", "return (pixels - mean)", "return pixels"),
    Planted("pixels from 0 to 255", parts.normalise, processor, "normalise", "return (pixels", "return (255 * pixels"),
    Planted("labels unmasked on the prompt", parts.labels, processor.Processor, "_tokens",
            "answered[at : at + len(piece)] = answer", "answered[at : at + len(piece)] = True"),
    Planted("labels unmasked on the image", parts.labels, processor.Processor, "_tokens",
            "[token if answered[start] else IGNORE]",
            "[token if answered[start] or token == self.config.image_token_id else IGNORE]"),
    Planted("end token not supervised", parts.labels, processor.Processor, "_tokens",
            "[token if answered[start] else IGNORE]",
            "[token if answered[start] and token != self.config.eos_token_id else IGNORE]"),
    Planted("right padding", parts.pad, processor.Processor, "pad",
            "[self.config.pad_token_id] * (T - len(ids)) + ids for",
            "ids + [self.config.pad_token_id] * (T - len(ids)) for"),
    Planted("padding attended", parts.pad, processor.Processor, "pad", "[[0] * (T", "[[1] * (T"),
    Planted("labels not shifted", parts.loss, model, "next_token_loss",
            "logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten()",
            "logits.flatten(0, 1).float(), labels.flatten()"),
    Planted("mean over every position", parts.loss, model, "next_token_loss",
            "(labels[:, 1:] != IGNORE).sum().clamp(min=1)", "labels[:, 1:].numel()"),
    Planted("images in reverse", whole_model.place, model, "place", "None], image_tokens)",
            "None], image_tokens.flip(0))"),
    Planted("each conversation starts over", whole_model.place, model, "place",
            "return embeddings.masked_scatter(placeholder[..., None], image_tokens)",
            "return torch.stack([e.masked_scatter(p[:, None], image_tokens) "
            "for e, p in zip(embeddings, placeholder, strict=True)])"),
    Planted("columns before rows", whole_model.place, model, "place", "None], image_tokens)",
            "None], image_tokens.unflatten(1, (3, 3)).transpose(1, 2).flatten(1, 2))"),
    # chapter 7
    Planted("padding at the top left", windows.windows, sam, "into_windows", "(0, 0, 0, missing, 0, missing)",
            "(0, 0, missing, 0, missing, 0)"),
    Planted("padding all round", windows.windows, sam, "into_windows", "(0, 0, 0, missing, 0, missing)",
            "(0, 0, missing // 2, missing - missing // 2, missing // 2, missing - missing // 2)"),
    Planted("padding left out", windows.windows, sam, "into_windows", "n = -(-g // window)",
            "n = g // window; x = x[:, : n * window, : n * window]; g = n * window"),
    Planted("windows as strips", windows.windows, sam, "into_windows", ".transpose(2, 3)", ""),
    Planted("windows on their side", windows.windows, sam, "into_windows", "n = -(-g // window)",
            "n = -(-g // window); x = x.transpose(1, 2)"),
    Planted("windows column by column", windows.windows, sam, "into_windows", "transpose(2, 3)",
            "permute(0, 3, 1, 2, 4, 5)"),
    Planted("un-padding forgotten", windows.back, sam, "from_windows", "[:, :g, :g]", ""),
    Planted("cut from the wrong corner", windows.back, sam, "from_windows", "[:, :g, :g]", "[:, -g:, -g:]"),
    Planted("offset's sign flipped", windows.scores, windows, "own_scores",
            "torch.arange(s)[:, None] - torch.arange(s) + s - 1", "torch.arange(s) - torch.arange(s)[:, None] + s - 1"),
    Planted("rows for columns", windows.scores, windows, "own_scores", "s, E =",
            "rows, columns = columns, rows; s, E ="),
    Planted("gain divided too", windows.scores, windows, "own_scores", "s, E = query.shape[-3], query.shape[-1]",
            "s, E = query.shape[-3], query.shape[-1]; rows, columns = rows / E**0.5, columns / E**0.5"),
    Planted("gain from the key", windows.scores, windows, "own_scores", "return scores.flatten(4).flatten(2, 3)",
            "scores = torch.einsum('bhijc,bhklc->bhijkl', query, key) / E**0.5\n"
            "    scores = scores + torch.einsum('bhklc,ikc->bhikl', key, rows[offset])[:, :, :, None]\n"
            "    scores = scores + torch.einsum('bhklc,jlc->bhjkl', key, columns[offset])[:, :, None]\n"
            "    return scores.flatten(4).flatten(2, 3)"),
    Planted("no relative positions", windows.scores, windows, "own_scores", "s, E =",
            "rows, columns = 0 * rows, 0 * columns; s, E ="),
    # chapter 9
    Planted("columns before rows", hybrid.downsample, hybrid, "own_downsample", "flatten(2)",
            "transpose(2, 3).flatten(2)"),
    Planted("corners aligned", hybrid.downsample, hybrid, "own_downsample", "align_corners=False",
            "align_corners=True"),
    Planted("activation between the convolutions", hybrid.downsample, hybrid, "own_downsample",
            "F.conv2d(halved,", "F.conv2d(F.gelu(halved),"),
    Planted("resize left out", hybrid.downsample, hybrid, "own_downsample", "F.conv2d(resized,", "F.conv2d(features,"),
    Planted("border not padded", hybrid.downsample, hybrid, "own_downsample",
            "F.conv2d(resized, first, stride=2, padding=1)\n    halved = F.conv2d(halved, second, stride=2, padding=1)",
            "F.conv2d(F.conv2d(resized, first, stride=2), second, stride=2)"),
    # chapter 21
    Planted("rows interleaved by head", release.unstack, release, "own_unstack",
            "return qkv.split([heads * head, kv_heads * head, kv_heads * head])",
            "return [qkv.view(-1, head, qkv.shape[1])[i::3].flatten(0, 1) for i in range(3)]"),
    Planted("thirds where heads are grouped", release.unstack, release, "own_unstack",
            "qkv.split([heads * head, kv_heads * head, kv_heads * head])", "qkv.chunk(3)"),
    Planted("keys and values exchanged", release.unstack, release, "own_unstack",
            "return qkv.split([heads * head, kv_heads * head, kv_heads * head])",
            "q, k, v = qkv.split([heads * head, kv_heads * head, kv_heads * head])\n    return q, v, k"),
    # chapter 10
    Planted("concat order swapped", image_tokens.adaptor, adaptor, "VisionLanguageAdaptor", "torch.cat(halves, dim=-1)",
            "torch.cat(halves[::-1], dim=-1)"),
    Planted("tanh GELU", image_tokens.adaptor, adaptor, "VisionLanguageAdaptor", "F.gelu(torch.cat(halves, dim=-1))",
            'F.gelu(torch.cat(halves, dim=-1), approximate="tanh")'),
    Planted("GELU forgotten", image_tokens.adaptor, adaptor, "VisionLanguageAdaptor",
            "F.gelu(torch.cat(halves, dim=-1))", "torch.cat(halves, dim=-1)"),
    Planted("GELU on one half", image_tokens.adaptor, adaptor, "VisionLanguageAdaptor",
            "F.gelu(torch.cat(halves, dim=-1))", "torch.cat([F.gelu(halves[0]), *halves[1:]], dim=-1)"),
    Planted("GELU on one half", image_tokens.adaptor, adaptor, "VisionLanguageAdaptor",
            "F.gelu(torch.cat(halves, dim=-1))", "torch.cat([*halves[:-1], F.gelu(halves[-1])], dim=-1)"),
    Planted("GELU after the last layer", image_tokens.adaptor, adaptor, "VisionLanguageAdaptor",
            "self.out(F.gelu(torch.cat(halves, dim=-1)))", "F.gelu(self.out(torch.cat(halves, dim=-1)))"),
    Planted("half the width for a single encoder", image_tokens.adaptor, adaptor, "VisionLanguageAdaptor",
            'width // 2 if config.vision == "hybrid" else width', "width // 2"),
    Planted("weight not turned", image_tokens.straight, image_token_probe, "straight", "solved[:-1].T", "solved[:-1]"),
    Planted("each conversation starts over", image_tokens.which_image, image_tokens, "which_image_of",
            "placeholder.flatten().cumsum(0).view(placeholder.shape) - 1", "placeholder.cumsum(1) - 1"),
    Planted("every token an image", image_tokens.which_image, image_tokens, "which_image_of",
            "order // per_image", "order"),
    Planted("text numbered too", image_tokens.which_image, image_tokens, "which_image_of",
            "torch.where(placeholder, order // per_image, -1)", "order // per_image"),
    # chapter 11
    Planted("turned the other way", decoder_parts.turn, decoder_parts, "turn_of",
            "first * cos - second * sin, second * cos + first * sin",
            "first * cos + second * sin, second * cos - first * sin"),
    Planted("no rotation", decoder_parts.turn, decoder_parts, "turn_of", "second * cos + first",
            "second * cos - first"),
    Planted("pairs counted as values", decoder_parts.turn, decoder_parts, "turn_of", "(half) / half",
            "(half) / half / 2"),
    Planted("groups tiled, not repeated", decoder_parts.spread, decoder_parts, "spread_of",
            "key.repeat_interleave(heads // key.shape[1], dim=1)", "key.repeat(1, heads // key.shape[1], 1, 1)"),
    Planted("packing that leaks", reading.segments, decoder, "own_segment", "same & causal_mask(",
            "same.logical_or(same.new_ones(())) & causal_mask("),
    Planted("one of the pair left over", bpe.merge, bpe, "merge_of", "i += 2", "i += 1"),
    Planted("values forgotten", decoder_parts.cache_bytes, decoder_parts, "cache_bytes_of", "layers * 2", "layers"),
    Planted("layers forgotten", decoder_parts.cache_bytes, decoder_parts, "cache_bytes_of", "config.layers * 2", "2"),
    Planted("query heads counted", decoder_parts.cache_bytes, decoder_parts, "cache_bytes_of", "kv_heads", "heads"),
)  # fmt: skip


def cut_in_order(*order):
    """A way to cut patches that ends with the axes (picture, channel, row, y, column, x) in this order."""

    def cut(pixels, side):
        B, C, S, _ = pixels.shape
        g = S // side
        return pixels.view(B, C, g, side, g, side).permute(0, *order).reshape(B, g * g, -1)

    return cut


def by_module(model, trained):
    """Freezing by the module's name: SAM's module holds its blocks and its necks."""
    modules = {"necks": "vision.sam.", "siglip": "vision.siglip.", "adaptor": "adaptor.", "decoder": "decoder."}
    for name, p in model.named_parameters():
        p.requires_grad_(any(name.startswith(modules[part]) for part in trained))
    return [p for p in model.parameters() if p.requires_grad]


def only_thawing(model, trained):
    """Thaws what trains and never freezes what trained before."""
    return [p for name, p in model.named_parameters() if part_of(name) in trained or name.endswith("norm2.weight")]


def all_of_them(model, trained):
    """The right ones frozen, and every parameter in the list."""
    training.freeze_to(model, trained)
    return list(model.parameters())


def only_chosen(model, trained):
    """The right list, and gradients for everybody."""
    model.requires_grad_(True)
    return [p for name, p in model.named_parameters() if part_of(name) in trained]


def rising(at, steps, warmup, step, least=0.1, after=None):
    """A schedule by hand: `at` is what the warm-up counts, `after` where the cosine begins."""
    if at + 1 < warmup or at < warmup and step < warmup:
        return (at + 1) / warmup
    begun = warmup if after is None else after
    done = max(0.0, (step - begun) / max(1, steps - begun))
    return least + (1 - least) * (1 + math.cos(math.pi * done)) / 2


class Lora(training.OwnLora):
    """LoRA by a reader; what is wrong is said by the keyword."""

    def __init__(self, linear, rank, alpha, begins=False, ends=False, trains=False, scale=None):
        super().__init__(linear, rank, alpha)
        if begins:
            self.b.data.normal_()
        if ends:
            self.a.data.zero_()
        if trains:
            linear.requires_grad_(True)
        if scale:
            self.scale = scale(rank, alpha)


def answer_loss(at=slice(None, -1), told=slice(1, None), mask=slice(1, None), spare=None, mean="mean"):
    """The loss of answers by a reader, with slices of his own."""

    def loss(logits, ids, answered):
        counts = answered[mask] if spare is None else answered[mask] & (ids[mask] != spare)
        return F.cross_entropy(logits[at][counts], ids[told][counts], reduction=mean)

    return loss


WRITTEN = (  # mistakes of a reader's own hand rather than in the package's code
    ("changes its input", whole_model.place, in_place),
    ("changes the number format", whole_model.place, double),
    ("tokens inserted, not placed", whole_model.place, inserted),
    ("nothing to tell", whole_model.control, lambda scene: scene),
    ("another colour comes in", whole_model.control, one_colour),
    ("more than the answer changes", whole_model.control, and_moved),
    ("no fact differs", world.twins, a_whole_turn),
    ("no fact differs", world.twins, in_another_order),
    ("no fact differs", world.twins, an_empty_word),
    ("the pictures differ", world.twins, a_quarter_turn),
    ("patches column by column", patches.cut, cut_in_order(4, 2, 1, 3, 5)),
    ("channels last", patches.cut, cut_in_order(2, 4, 3, 5, 1)),
    ("patch on its side", patches.cut, cut_in_order(2, 4, 1, 5, 3)),
    ("reshaped without moving", patches.cut, lambda p, side: p.reshape(len(p), (p.shape[-1] // side) ** 2, -1)),
    ("a second thing differs", hybrid.contrasts, {**hybrid.own_contrasts(), "objective": ("A", "B")}),
    ("something else differs", hybrid.contrasts, {**hybrid.own_contrasts(), "pixels": ("C", "D")}),
    ("neighbours turned", decoder_parts.turn, neighbours),
    ("filled moved in a layer", decoder_parts.extend, moves_on),
    ("empty places returned", decoder_parts.extend, everything),
    ("only the new ones returned", decoder_parts.extend, only_new),
    ("keys kept as values", decoder_parts.extend, lambda *given: (decoder.KVCache.extend(*given)[0],) * 2),
    ("written over the beginning", decoder_parts.extend, over_the_beginning),
    ("a coin for each step", reading.reads_text, by_coin),
    ("what was asked before counts", reading.reads_text, Counting()),
    ("rounded at each step", reading.reads_text, lambda step, share: share > 0.5),
    ("in blocks", reading.reads_text, lambda step, share: step % 20 < round(20 * share)),
    ("text and pictures exchanged", reading.reads_text, lambda step, share: reading.reads_text_of(step, 1 - share)),
    ("a segment without order", reading.segments, lambda s: s[:, None, :, None] == s[:, None, None, :]),
    ("rows that look at nothing", reading.segments, lambda s: decoder.own_segment(s) & (s != 0)[:, None, :, None]),
    ("one answer for every question", reading.blind, lambda pairs: reading.blind_of([("", a) for _, a in pairs])),
    ("every question weighs the same", reading.blind, each_question_once),
    ("guessed, not commonest", reading.blind, guessed),
    ("only the first pair", bpe.merge, merged_once),
    ("merged from the right", bpe.merge, lambda ids, pair, new: bpe.merge_of(ids[::-1], pair[::-1], new)[::-1]),
    ("nothing merged", bpe.merge, lambda ids, pair, new: list(ids)),
    ("words counted once", bpe.likeliest, lambda words: bpe.likeliest_of(dict.fromkeys(words, 1))),
    ("rarest pair", bpe.likeliest, lambda words: min(bpe.pairs_in(words), key=bpe.pairs_in(words).get)),
    (
        "pair across words",
        bpe.likeliest,
        lambda words: bpe.likeliest_of({tuple(i for w, n in words.items() for i in w * n): 1}),
    ),
    ("mean over all pairs", matching.loss, lambda x, fits: siglip.sigmoid_loss(x, fits) / len(x)),
    ("a sum for a mean", matching.loss, lambda x, fits: siglip.sigmoid_loss(x, fits) * len(x)),
    ("the same for fit and misfit", matching.loss, lambda x, fits: siglip.sigmoid_loss(x, fits | True)),
    ("signs exchanged", matching.loss, lambda x, fits: siglip.sigmoid_loss(x, ~fits)),
    ("only the pairs that fit", matching.loss, lambda x, fits: -F.logsigmoid(x).mul(fits).sum(dim=1).mean()),
    ("one winner for each picture", matching.loss, matching.info_nce),
    ("log of a sigmoid that is nought", matching.loss, in_two_steps),
    ("odds upside down", matching.bias, lambda share: -matching.start(share)),
    ("log of the share", matching.bias, math.log),
    ("odds without a log", matching.bias, lambda share: share / (1 - share)),
    ("a likeness for a loss", segmenting.dice, lambda p, t: 1 - segmenting.own_dice(p, t)),
    ("overlap counted once", segmenting.dice, dice_of(1)),
    ("masks thrown together", segmenting.dice, lambda p, t: segmenting.own_dice(p, t).mean()),
    ("nothing against nothing", segmenting.dice, dice_of(2, added=0)),
    ("every mask must answer", segmenting.best, lambda losses: losses.mean()),
    ("one mask for everything", segmenting.best, lambda losses: losses.mean(dim=(0, 1)).min()),
    ("the worst for the best", segmenting.best, lambda losses: -segmenting.own_best(-losses)),
    ("a sum for a mean", segmenting.best, lambda losses: segmenting.own_best(losses) * losses[..., 0].numel()),
    ("constant forgotten", image_tokens.straight, through_zero),
    ("inputs' mean forgotten", image_tokens.straight, half_centred),
    ("fitted the wrong way round", image_tokens.straight, lambda x, y: image_token_probe.straight(y, x)),
    ("a frozen part that moves", training.freeze, by_module),
    ("a frozen part that moves", training.freeze, only_thawing),
    ("a part left behind", training.freeze, lambda model, trained: training.freeze_to(model, trained - {"necks"})),
    ("a part left behind", training.freeze, lambda model, trained: []),
    ("a part left behind", training.freeze, lambda model, trained: list(model.requires_grad_(False).parameters())),
    ("frozen, and paid for", training.freeze, only_chosen),
    ("more than asked for", training.freeze, all_of_them),
    ("labels not shifted", training.answer_loss, answer_loss(slice(None), slice(None), slice(None))),
    ("labels off by one", training.answer_loss, answer_loss(mask=slice(None, -1))),
    ("labels off by one", training.answer_loss, answer_loss(slice(None, -2), slice(2, None), slice(2, None))),
    (
        "labels unmasked on the prompt",
        training.answer_loss,
        lambda x, ids, _: F.cross_entropy(x[:-1], ids[1:]),
    ),
    ("end token not supervised", training.answer_loss, answer_loss(spare=2)),
    ("mean over every position", training.answer_loss, lambda *a: answer_loss(mean="sum")(*a) / len(a[1])),
    ("a sum for a mean", training.answer_loss, answer_loss(mean="sum")),
    ("LoRA that begins with a change", training.lora, functools.partial(Lora, begins=True)),
    ("LoRA that can't begin", training.lora, functools.partial(Lora, ends=True)),
    ("LoRA beside a matrix that trains too", training.lora, functools.partial(Lora, trains=True)),
    ("LoRA's scale forgotten", training.lora, functools.partial(Lora, scale=lambda rank, alpha: 1.0)),
    ("LoRA's scale forgotten", training.lora, functools.partial(Lora, scale=lambda rank, alpha: alpha)),
    ("warm-up in the wrong unit", training.rate, lambda step, steps, n: rising(48 * step, steps, n, step)),
    ("warm-up in the wrong unit", training.rate, lambda step, steps, n: rising(step, steps, n * steps, step)),
    ("a first step of nothing", training.rate, lambda step, steps, n: rising(step - 1, steps, n, step)),
    ("a rate that falls to nothing", training.rate, lambda step, steps, n: rising(step, steps, n, step, least=0.0)),
    ("a fall that began before the rise", training.rate, lambda step, steps, n: rising(step, steps, n, step, after=0)),
)


@functools.cache
def pairs():
    """Every planted mistake as (fault, check, attempt)."""
    return [(p.fault, p.check, p.broken()) for p in CODE] + list(WRITTEN)
