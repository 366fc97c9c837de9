"""Which check kills which mistake, by which name; and what every check lets pass."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from planted import CODE, WRITTEN  # noqa: E402

from dsvl_min import adaptor, attention, decoder, model, processor, sam, siglip  # noqa: E402
from dsvl_min.checks import (  # noqa: E402
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
from dsvl_min.checks.faults import FAULTS  # noqa: E402
from dsvl_min.checks.judge import Wrong  # noqa: E402
from dsvl_min.config import ModelConfig  # noqa: E402
from dsvl_min.training.loop import schedule  # noqa: E402
from dsvl_min.training.stage0 import RECIPES  # noqa: E402

OWN = {
    parts.attend: attention.attend, parts.mlp: siglip.Mlp, parts.siglip_encoder: siglip.SiglipEncoder,
    parts.sam_encoder: sam.SamEncoder,
    parts.normalise: processor.normalise,
    parts.labels: processor.Processor.tokens, parts.pad: processor.Processor.pad, parts.loss: model.next_token_loss,
    parts.cached_decoder: decoder.Decoder, whole_model.place: model.place, whole_model.control: whole_model.swap_colors,
    patches.cut: patches.own_cut,
    windows.windows: sam.into_windows, windows.back: sam.from_windows, windows.scores: windows.own_scores,
    world.twins: world.own_twins, hybrid.downsample: hybrid.own_downsample, release.unstack: release.own_unstack,
    image_tokens.adaptor: adaptor.VisionLanguageAdaptor, image_tokens.straight: image_tokens.own_straight,
    image_tokens.which_image: image_tokens.which_image_of,
    reading.reads_text: reading.reads_text_of, reading.segments: decoder.own_segment, reading.blind: reading.blind_of,
    segmenting.dice: segmenting.own_dice, segmenting.best: segmenting.own_best,
    matching.loss: siglip.sigmoid_loss, matching.bias: matching.start,
    bpe.merge: bpe.merge_of, bpe.likeliest: bpe.likeliest_of,
    decoder_parts.turn: decoder_parts.turn_of, decoder_parts.spread: decoder_parts.spread_of,
    training.freeze: training.freeze_to, training.rate: schedule, training.answer_loss: training.answer_loss_of,
    training.lora: training.OwnLora, decoder_parts.extend: decoder.KVCache.extend,
    decoder_parts.cache_bytes: decoder_parts.cache_bytes_of,
}  # fmt: skip


@pytest.mark.parametrize("planted", CODE, ids=str)
def test_a_mistake_in_the_packages_code_is_found_and_called_by_its_name(planted, monkeypatch):
    attempt = planted.broken()
    if planted.owner is processor.Processor and planted.symbol == "_tokens":
        monkeypatch.setattr(processor.Processor, "_tokens", attempt)
        want = processor.Processor.tokens
        own = parts._processor
        monkeypatch.setattr(parts, "_processor", lambda: Healthy(own()))
        attempt = lambda made, conversation: want(made.sick, conversation)  # noqa: E731
    with pytest.raises(Wrong) as found:
        planted.check(attempt)
    assert found.value.fault == planted.fault
    assert FAULTS[planted.fault] in str(found.value)


class Healthy:
    """A processor whose own labels come from the unbroken code, with the broken one at hand."""

    tokens_of = processor.Processor._tokens

    def __init__(self, sick):
        self.sick, self.config = sick, sick.config

    def tokens(self, conversation):
        messages = processor.check_conversation(conversation, "", self.config.image_tag)
        return Healthy.tokens_of(self.sick, messages)


@pytest.mark.parametrize(("fault", "check", "attempt"), WRITTEN, ids=lambda v: v if isinstance(v, str) else "")
def test_a_readers_mistake_is_called_by_its_name(fault, check, attempt):
    with pytest.raises(Wrong) as found:
        check(attempt)
    assert found.value.fault == fault


def test_every_mistake_of_the_catalogue_is_planted_and_none_is_planted_that_is_not_there():
    assert {p.fault for p in CODE} | {fault for fault, _, _ in WRITTEN} == set(FAULTS)


@pytest.mark.parametrize(("check", "own"), OWN.items(), ids=lambda v: getattr(v, "__name__", ""))
def test_the_packages_own_passes_and_is_returned(check, own, capsys):
    assert check(own) is own
    assert capsys.readouterr().out.startswith("✓")


@pytest.mark.parametrize(("check", "own"), OWN.items(), ids=lambda v: getattr(v, "__name__", ""))
def test_what_was_not_attempted_is_said_kindly_and_the_packages_own_goes_on(check, own, capsys):
    def stub(*args):
        raise NotImplementedError("your turn")

    assert check(None) is own
    if not isinstance(own, type) and check not in (parts.labels, parts.pad):
        assert check(stub) is own
    assert "not attempted yet" in capsys.readouterr().out


def looped(query, key, value, causal=False):
    out = torch.zeros(*query.shape[:3], value.shape[-1])
    for b in range(query.shape[0]):
        for h in range(query.shape[1]):
            for i in range(query.shape[2]):
                seen = i + 1 if causal else key.shape[2]
                scores = (
                    torch.stack([(query[b, h, i] * key[b, h, j]).sum() for j in range(seen)]) / query.shape[-1] ** 0.5
                )
                out[b, h, i] = (scores.softmax(0)[:, None] * value[b, h, :seen]).sum(0)
    return out


def with_einsum(query, key, value, causal=False):
    scores = torch.einsum("bhqe,bhke->bhqk", query / query.shape[-1] ** 0.5, key)
    if causal:
        scores = scores + torch.full(scores.shape[-2:], -torch.inf).triu(1)
    return torch.einsum("bhqk,bhkc->bhqc", scores.softmax(-1), value)


def fused(query, key, value, causal=False):
    return torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=causal)


def reordered(query, key, value, causal=False):
    weights = (key @ (query * query.shape[-1] ** -0.5).transpose(-2, -1)).transpose(-2, -1)
    if causal:
        weights = weights.masked_fill(~torch.ones(weights.shape[-2:], dtype=torch.bool).tril(), -1e30)
    weights = (weights - weights.amax(-1, keepdim=True)).exp()
    return (weights @ value) / weights.sum(-1, keepdim=True)


@pytest.mark.parametrize("attempt", [looped, with_einsum, fused, reordered])
def test_any_right_attention_passes(attempt):
    assert parts.attend(attempt) is attempt


def place_in_loops(embeddings, placeholder, image_tokens):
    out, waiting = embeddings.clone(), [token for image in image_tokens for token in image]
    for b in range(len(out)):
        for t in range(out.shape[1]):
            if placeholder[b, t]:
                out[b, t] = waiting.pop(0)
    return out


def place_by_index(embeddings, placeholder, image_tokens):
    out = embeddings.clone()
    out[placeholder] = image_tokens.flatten(0, 1)
    return out


def place_by_gather(embeddings, placeholder, image_tokens):
    order = (placeholder.flatten().cumsum(0) - 1).clamp(min=0).view(placeholder.shape)
    return torch.where(placeholder[..., None], image_tokens.flatten(0, 1)[order], embeddings)


@pytest.mark.parametrize("attempt", [place_in_loops, place_by_index, place_by_gather])
def test_any_right_placing_passes(attempt):
    assert whole_model.place(attempt) is attempt


def gelu_before_the_join(config):
    """GELU works value by value, so that before the join it is the same: right, though not as it is written."""

    class Adaptor(adaptor.VisionLanguageAdaptor):
        def forward(self, low=None, high=None):
            gelu = torch.nn.functional.gelu
            low = gelu(self.low(low)) if self.low else None
            high = gelu(self.high(high)) if self.high else None
            return self.out(torch.cat([x for x in (high, low) if x is not None], dim=-1))

    return Adaptor(config)


def with_normal_equations(inputs, outputs):
    x, y = inputs.double(), outputs.double()
    weight = torch.linalg.solve((x - x.mean(0)).T @ (x - x.mean(0)), (x - x.mean(0)).T @ (y - y.mean(0)))
    made = torch.nn.Linear(x.shape[1], y.shape[1])
    made.weight.data, made.bias.data = weight.T.float(), (y.mean(0) - x.mean(0) @ weight).float()
    return made


def which_image_in_a_loop(input_ids, image_token_id, per_image):
    out, met = torch.full_like(input_ids, -1), 0
    for b, row in enumerate(input_ids):
        for t, token in enumerate(row):
            if token == image_token_id:
                out[b, t] = met // per_image
                met += 1
    return out


def rotate_as_complex(x, positions, theta):
    half = x.shape[-1] // 2
    angle = positions[:, None] * theta ** (-torch.arange(half) / half)
    turned = torch.complex(x[..., :half].float(), x[..., half:].float()) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([turned.real, turned.imag], dim=-1).to(x.dtype)


def rotate_as_the_package_does(x, positions, theta):
    return decoder.rotate(x, [a.to(x.dtype) for a in decoder.rotary_angles(positions, x.shape[-1], theta)])


def spread_by_expanding(key, heads):
    B, G, T, E = key.shape
    return key[:, :, None].expand(B, G, heads // G, T, E).reshape(B, heads, T, E)


def extend_by_joining(cache, layer, key, value):
    at, out = cache.filled, []
    for store, new in ((cache.keys[layer], key), (cache.values[layer], value)):
        store[:, :, at : at + new.shape[2]] = new
        out.append(torch.cat([store[:, :, :at], new], dim=2))
    return out


def test_decoder_parts_of_another_make_pass():
    for rotation in (rotate_as_complex, rotate_as_the_package_does):
        assert decoder_parts.turn(rotation) is rotation
    assert decoder_parts.spread(spread_by_expanding) is spread_by_expanding
    assert decoder_parts.extend(extend_by_joining) is extend_by_joining


def test_adaptors_fits_and_numberings_of_another_make_pass():
    assert image_tokens.adaptor(gelu_before_the_join) is gelu_before_the_join
    assert image_tokens.straight(with_normal_equations) is with_normal_equations
    assert image_tokens.which_image(which_image_in_a_loop) is which_image_in_a_loop


def test_any_control_that_changes_only_the_answer_passes():
    import dataclasses

    def swap_shapes(scene):
        a, b = scene.things
        return dataclasses.replace(
            scene, things=(dataclasses.replace(a, shape=b.shape), dataclasses.replace(b, shape=a.shape))
        )

    assert whole_model.control(swap_shapes) is swap_shapes


def test_things_hidden_behind_others_are_twins_too():
    from dsvl_min.data.world import Scene, Thing

    big = Thing("square", "blue", 0.5, 0.5, 0.8)

    def hidden():
        return tuple(Scene("grey", (Thing(shape, "red", 0.5, 0.5, 0.2), big)) for shape in ("star", "heart"))

    assert world.twins(hidden) is hidden


def downsampled_by_the_package(features, first, second, t):
    from dsvl_min import ModelConfig

    convs = sam.Downsample(ModelConfig.preset("tiny").sam)
    convs.first.weight.data, convs.second.weight.data = first, second
    return convs(features).flatten(2).transpose(1, 2)


def downsampled_by_matrices(features, first, second, t):
    x = torch.nn.functional.interpolate(features, (4 * t, 4 * t), mode="bilinear")
    for weight in (first, second):
        patches = torch.nn.functional.unfold(x, 3, stride=2, padding=1)
        x = (weight.flatten(1) @ patches).unflatten(2, 2 * (x.shape[-1] // 2,))
    return x.permute(0, 2, 3, 1).flatten(1, 2)


@pytest.mark.parametrize("attempt", [downsampled_by_the_package, downsampled_by_matrices])
def test_any_right_downsampling_passes(attempt):
    assert hybrid.downsample(attempt) is attempt


def test_every_arrangement_of_tokens_occurs_and_only_its_name_passes():
    kinds = {hybrid._arrangement(n): n for n in range(40)}
    assert set(kinds) == set(hybrid.ARRANGED)
    for true, number in kinds.items():
        for name in hybrid.ARRANGED:
            if name == true:
                assert hybrid.arrangement(name, number) == name
            else:
                with pytest.raises(Wrong):
                    hybrid.arrangement(name, number)


def test_the_catalogue_answers_each_question_with_one_pair():
    assert hybrid.contrasts(hybrid.own_contrasts()) == hybrid.own_contrasts()
    assert set(hybrid.own_contrasts()) == set(hybrid.ASKED)


def test_the_catalogues_shipped_encoders_are_those_of_the_recipes():
    tiny, recipes = ModelConfig.preset("tiny"), RECIPES["tiny"]
    for name, part in (("A", "siglip"), ("B", "sam")):
        config, told = getattr(tiny, part), hybrid.CATALOGUE[name]
        assert (told["pixels"], told["patches"]) == (config.image_size, config.grid**2)
        assert told["pictures"] == recipes[part].images and told["tokens"] == tiny.image_tokens


def unstacked_by_index(qkv, heads, kv_heads):
    rows = qkv.unflatten(0, (heads + 2 * kv_heads, -1))
    parts = rows[:heads], rows[heads : heads + kv_heads], rows[heads + kv_heads :]
    return tuple(part.flatten(0, 1) for part in parts)


def test_any_right_unstacking_passes():
    assert release.unstack(unstacked_by_index) is unstacked_by_index


def test_every_spoilt_conversion_occurs_and_the_ladder_finds_where_it_begins():
    from dsvl_min import load
    from dsvl_min.checks import reference
    from dsvl_min.compare import ladder

    begins = {"gate and up exchanged": "decoder block 0", "queries and keys exchanged": "decoder block 0",
              "the two necks exchanged": "neck", "head taken from the embedding": "logits",
              "adaptor's halves exchanged": "image tokens", "positions left out": "SigLIP positions"}  # fmt: skip
    numbers = {release._kind(n): n for n in range(60)}
    assert set(numbers) == set(release.SPOILT) == set(begins)
    healthy, _ = load("tiny")
    for kind, number in numbers.items():
        rungs = ladder(healthy, release.spoilt(number), reference.inputs())
        assert [rung.name for rung in rungs if rung.first] == [begins[kind]]
        assert release.conversion(kind, number) == kind


def test_the_fates_of_tensors_are_those_of_the_layouts():
    from dsvl_min import ModelConfig
    from dsvl_min.layouts import pieces

    found = {p.name: p for p in pieces(ModelConfig.preset("7b"), "original")}
    for name, fate in release.TENSORS.items():
        how = found[name].how
        kind = {"dropped": "dropped", "rows": "stacked", "without": "reshaped"}.get(how.split()[0].strip(":"), how)
        assert kind == fate, name


def told_by(samples, fact):
    """How often a colour is guessed from one fact alone, learnt from the other half."""
    from collections import Counter

    half, seen = len(samples) // 2, {}
    for scene, color in samples[:half]:
        seen.setdefault(fact(scene), Counter())[color] += 1
    best = {key: counts.most_common(1)[0][0] for key, counts in seen.items()}
    return sum(best.get(fact(scene)) == color for scene, color in samples[half:]) / (len(samples) - half)


def test_each_leak_is_there_and_is_the_only_one():
    facts = {"background": lambda s: s.background, "shape": lambda s: s.things[0].shape,
             "size": lambda s: s.things[0].size, "place": lambda s: s.things[0].x, "prior": lambda s: 0}  # fmt: skip
    numbers = {world._leak(number): number for number in range(80)}
    assert set(numbers) == set(world.LEAKS)
    for leak, number in numbers.items():
        samples = world.leaky(number)
        shares = {name: told_by(samples, fact) for name, fact in facts.items()}
        honest = {name: share for name, share in shares.items() if name != leak}
        if leak == "prior":  # then every fact inherits the prior, and none adds to it
            assert shares["prior"] > 0.6 and max(shares.values()) < shares["prior"] + 0.05
        else:
            assert leak == "none" or shares[leak] > 0.5
            assert max(honest.values()) < 0.35
        assert world.leak(leak, number) == leak
    for said, how in (("prior", "no fact at all"), ("none", "each fact in turn"), ("shape", "that fact alone")):
        with pytest.raises(Wrong, match=how):
            world.leak(said, numbers["size"])


def test_a_shift_nobody_would_ask_about_is_no_fact():
    from dsvl_min.data.world import Scene, Thing

    with pytest.raises(Wrong) as found:
        world.twins(lambda: tuple(Scene("grey", (Thing("star", "red", x, 0.5, 0.4),)) for x in (0.5, 0.5 + 1e-9)))
    assert found.value.fault == "no fact differs"


def cut_in_loops(pixels, side):
    g = pixels.shape[-1] // side
    rows = [pixels[:, :, side * i : side * (i + 1), side * j : side * (j + 1)] for i in range(g) for j in range(g)]
    return torch.stack([patch.flatten(1) for patch in rows], dim=1)


def cut_by_unfold(pixels, side):
    return torch.nn.functional.unfold(pixels, side, stride=side).transpose(1, 2)


@pytest.mark.parametrize("attempt", [cut_in_loops, cut_by_unfold])
def test_any_right_cutting_passes(attempt):
    assert patches.cut(attempt) is attempt


def test_a_broken_siglip_differs_at_the_depth_its_hint_names_and_its_fault_can_be_named():
    from dsvl_min import load
    from dsvl_min.checks import reference
    from dsvl_min.probes.readable import depths

    pixels, healthy = reference.inputs()["pixel_values"], load("tiny")[0].vision.siglip
    want, kinds = depths(healthy, pixels), {patches._kind(number): number for number in range(40)}
    assert set(kinds) == set(patches.SUSPECTS) == set(patches.HINTS)
    first = {"positions added twice": 0, "patches column by column": 0, "tanh GELU": 1, "forgotten 1/√d": 1,
             "no norm at the end": 5}  # fmt: skip
    for kind, number in kinds.items():
        apart = (depths(patches.broken(number), pixels) - want).abs().amax((1, 2, 3)) / want.abs().amax((1, 2, 3))
        assert (apart > 1e-6).nonzero()[0].item() == first[kind], kind
        assert patches.fault(kind, number) == kind
    with pytest.raises(Wrong, match="part first"):
        patches.fault(next(k for k in kinds if k != kind), number)
    with pytest.raises(Wrong, match="name one of"):
        patches.fault("a bug", number)


def test_guesses_about_tokens_pass_if_honest():
    assert patches.own_share(0.9, 0.2) == 0.9 and patches.own_share(None, 0.2) is None
    assert patches.untrained({"shape": 0.2, "colour": 0.2}, {"shape": 0.27, "colour": 0.9})
    for nonsense in (0.5, {"shape": 2, "colour": 0}, {"shape": 0.5}):
        with pytest.raises(Wrong):
            patches.untrained(nonsense, {"shape": 0.27, "colour": 0.9})


def windows_in_loops(x, window):
    B, g, _, D = x.shape
    out = []
    for image in x:
        for i in range(0, g, window):
            for j in range(0, g, window):
                piece = torch.zeros(window, window, D)
                part = image[i : i + window, j : j + window]
                piece[: part.shape[0], : part.shape[1]] = part
                out.append(piece)
    return torch.stack(out)


def scores_in_loops(query, key, rows, columns):
    B, H, s, _, E = query.shape
    out = torch.zeros(B, H, s, s, s, s)
    for i in range(s):
        for j in range(s):
            for k in range(s):
                for m in range(s):
                    gain = rows[i - k + s - 1] + columns[j - m + s - 1]
                    out[:, :, i, j, k, m] = (query[:, :, i, j] * (key[:, :, k, m] / E**0.5 + gain)).sum(-1)
    return out.reshape(B, H, s * s, s * s)


def test_any_right_windows_and_scores_pass():
    assert windows.windows(windows_in_loops) is windows_in_loops
    assert windows.scores(scores_in_loops) is scores_in_loops


def test_the_side_at_which_windows_save_half_is_judged_with_some_room():
    want = windows.half_at()
    assert windows.half(want) == want and windows.half(None) is None
    for side, said in ((want // 16, "in patches"), (1024, "too small"), (3 * want, "too large")):
        with pytest.raises(Wrong, match=said):
            windows.half(side)


def test_a_guess_about_padding_passes_if_honest():
    measured = {"border": 0.12, "inside": 0.01}
    assert windows.padding({"border": 0.9, "inside": 0.0}, measured) and windows.padding(None, measured) is None
    with pytest.raises(Wrong):
        windows.padding(0.9, measured)


def broken_code(*_):
    return torch.zeros(2) @ torch.zeros(3)


@pytest.mark.parametrize(
    ("attempt", "said"),
    [(broken_code, "RuntimeError.*line.*broken_code"), (lambda *_: "text", "should be a tensor"),
     (lambda e, p, t: e[:, :5], "should have the shape"), (lambda e, p, t: e * torch.nan, "NaN"),
     (lambda e, p, t: e + 1, "differs in 100%")],
    ids=["raises", "no tensor", "shape", "NaN", "values"],
)  # fmt: skip
def test_other_mistakes_are_described_by_what_is_seen(attempt, said):
    with pytest.raises(Wrong, match=said):
        whole_model.place(attempt)


def test_a_prediction_is_a_share_and_any_honest_one_passes(capsys):
    measured = {"page": 0.3, "naming": 0.88}
    assert whole_model.shrunk({"page": 0.9, "naming": 0.1}, measured) == {"page": 0.9, "naming": 0.1}
    assert "you said 90%, it is 30%" in capsys.readouterr().out
    assert whole_model.shrunk(None, measured) is None
    for nonsense in (0.5, {"page": 90, "naming": 1}, {"page": "high", "naming": 0.5}, {"page": 0.5}):
        with pytest.raises(Wrong):
            whole_model.shrunk(nonsense, measured)


def test_a_broken_model_differs_from_the_healthy_one_and_its_fault_can_be_named():
    from dsvl_min import load
    from dsvl_min.data.sources import sample

    healthy, processor_ = load("tiny")
    kinds = {whole_model._kind(number): number for number in range(60)}
    assert set(kinds) == set(whole_model.SUSPECTS) - {"images in reverse"}
    batch = processor_(sample("naming", 0, 0).conversation(128)[:1])
    with torch.no_grad():
        want = healthy(**batch).logits
        for kind, number in kinds.items():
            sick, _ = whole_model.broken(number)
            assert (sick(**batch).logits - want).abs().max() > 1e-3, kind
            assert whole_model.fault(kind, number) == kind
    with pytest.raises(Wrong, match="first step"):
        whole_model.fault("images in reverse", number)
    with pytest.raises(Wrong, match="name one of"):
        whole_model.fault("a bug", number)


def test_a_notebook_shows_the_message_and_no_stack():
    assert Wrong("what to hear")._render_traceback_() == ["✗ what to hear"]


def test_a_cache_that_grows_instead_of_being_written_into_is_refused():
    def grown(cache, layer, key, value):
        kept = [torch.cat([old[:, :, : cache.filled], new], dim=2)
                for old, new in ((cache.keys[layer], key), (cache.values[layer], value))]  # fmt: skip
        cache.keys[layer], cache.values[layer] = kept
        return kept

    with pytest.raises(Wrong, match="room for 9 positions"):
        decoder_parts.extend(grown)


def test_an_adaptor_that_cannot_do_without_siglip_is_refused():
    class Needs(adaptor.VisionLanguageAdaptor):
        def __init__(self, config):
            super().__init__(config)
            self.read = config.siglip.width

    with pytest.raises(Wrong, match="AttributeError"):
        image_tokens.adaptor(Needs)


@pytest.mark.parametrize(("guess", "told"), [(14.5, "SAM"), (14.06, "SigLIP"), (13.85, "the head"), (14.7, "near")])
def test_a_guessed_size_says_which_part_was_left_out(guess, told, capsys):
    release.size(guess, 14.688)
    assert told in capsys.readouterr().out.split("✓")[1]
