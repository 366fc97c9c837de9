"""Every number that prose states, computed from the configurations and figures/results.

Pages write {{ name }}.  The README writes <!-- name -->value<!-- / -->; `python book/_ext/claims.py` puts the
values in, and a test fails while one is out of date.
"""

import functools
import math
import re
import statistics
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "figures"))
import recorded  # noqa: E402

README = ROOT / "README.md"
CLAIM = re.compile(r"(<!-- (\w+) -->)(.*?)(<!-- / -->)", re.DOTALL)


def _result(name):
    return recorded.read(name)["data"]


def _percent(share):
    """As prose prints it: whole percents, a tenth where rounding would say "all" or "none"."""
    whole = f"{100 * share:.0f}"
    rounded = whole in ("0", "100") and share not in (0, 1)
    number = f"{100 * share:.1f}" if rounded else whole
    return number.replace("-", "\N{MINUS SIGN}") + "\N{NARROW NO-BREAK SPACE}%"


def _word(number):
    """A small number as a word that begins a sentence."""
    return ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")[number]


def _at_most(value):
    """The next power-of-ten step above a small number: 1.4e-6 is at most "2e-6"."""
    power = math.floor(math.log10(value))
    return f"{math.ceil(value / 10**power)}e{power}"


def _size(*folders):
    """Megabytes of the weights in some folders, as they lie on disk."""
    return sum(f.stat().st_size for folder in folders for f in folder.glob("*.safetensors")) / 1e6


@functools.lru_cache(maxsize=1)
def claims():
    """{name: text}."""
    import torch

    from dsvl_min import DeepSeekVL, ModelConfig
    from dsvl_min.checkpoint import WEIGHTS
    from dsvl_min.probes.windows import block_cost, encoder_cost
    from dsvl_min.siglip import AttentionPool

    out = {}
    for size, preset in (("tiny", "tiny"), ("paper", "7b")):
        config = ModelConfig.preset(preset)
        with torch.device("meta"):
            model = DeepSeekVL(config)
        count = sum(p.numel() for p in model.parameters())
        out[f"{size}_parameters"] = f"{count / 1e6:.1f} million" if count < 1e9 else f"{count / 1e9:.1f} billion"
        out[f"{size}_tokens"] = str(config.image_tokens)
        low, high, width = config.siglip.width, config.sam.out_width, config.decoder.width
        out[f"{size}_siglip_width"], out[f"{size}_sam_width"] = f"{low:,}", f"{high:,}"
        out[f"{size}_half"], out[f"{size}_width"] = f"{width // 2:,}", f"{width:,}"
        decoder = config.decoder
        for name in ("heads", "head_width", "kv_heads"):
            out[f"{size}_{name}"] = str(getattr(decoder, name))
        out[f"{size}_vocabulary"], out[f"{size}_context"] = f"{decoder.vocab_size:,}", f"{decoder.max_positions:,}"
        out[f"{size}_mlp"], out[f"{size}_blocks"] = f"{decoder.mlp_width:,}", str(decoder.layers)
        out[f"{size}_sam_patches"], out[f"{size}_sam_patch"] = f"{config.sam.grid**2:,}", str(config.sam.patch_size)
        out[f"{size}_low"], out[f"{size}_high"] = str(config.siglip.image_size), str(config.sam.image_size)
    out["tiny_mb"] = f"{_size(WEIGHTS / 'tiny'):.1f} MB"
    out["parts_mb"] = f"{_size(WEIGHTS / 'tiny-parts'):.1f} MB"
    of_tiny = {"live": "tiny-live", "shipped": "tiny", "charted": "tiny-charts", "objects": "tiny-things",
               "reads": "tiny-letters", "practised": "tiny-practised", "stage_3": "tiny-stage-3"}  # fmt: skip
    for prefix, name in of_tiny.items():
        result = _result(name)
        evaluation = result["evaluation"]
        minutes = result["run"]["minutes"]
        out[f"{prefix}_minutes"] = f"{sum(v for k, v in minutes.items() if k not in ('total', 'stage0')):.0f}"
        out[f"{prefix}_images"] = f"{result['run']['images']:,}"
        out[f"{prefix}_bits"] = f"{evaluation['bits_per_byte']:.2f}"
        before = _result("tiny-parts")["quality"]["bits_per_byte"]
        out[f"{prefix}_bits_more"] = _percent(evaluation["bits_per_byte"] / before - 1)
        out["questions"] = str(evaluation["count"])
        for task, row in evaluation["tasks"].items():
            for control in ("image", "blank", "shuffled", "none"):
                key = f"{prefix}_{task.replace(' ', '_')}"
                out[key if control == "image" else f"{key}_{control}"] = _percent(row[control])
        for name, row in result["manners"].items():
            out[f"{prefix}_{name.replace(' ', '_')}"] = _percent(row["share"])
    seen = [point["loss"] for point in _result("tiny-live")["run"]["curves"]["stage1"]["image"]]
    out["live_stage1_first"] = f"{sum(seen[:5]) / 5:.1f}"
    out["live_stage1_last"] = f"{sum(seen[-20:]) / 20:.1f}"
    parts = _result("tiny-parts")
    out["stage0_minutes"] = f"{sum(parts['run']['minutes'].values()):.0f}"
    out["parts_bits"] = f"{parts['quality']['bits_per_byte']:.2f}"
    for source, row in parts["quality"]["retrieval"].items():
        out[f"siglip_{source}"], out[f"siglip_{source}_captions"] = _percent(row["found"]), str(row["captions"])
    for source, row in parts["quality"]["mask_iou"].items():
        out.update({f"sam_{source.replace('-', '_')}_{how}": f"{value:.2f}" for how, value in row.items()})
    out["parts_continuation"] = _percent(parts["quality"]["continuation"]["right"])
    grounds = dict(parts["quality"]["retrieval"]["naming"]["grounds"])
    out["siglip_naming_slate"] = _percent(grounds.pop("slate"))
    out["siglip_naming_elsewhere"] = _percent(min(grounds.values()))
    maps = _result("maps")
    out["maps_scenes"] = str(maps["scenes"])
    out.update({f"maps_{name}": _percent(share) for name, share in maps["mean"].items()})
    out["swap_pairs"] = str(maps["pairs"])
    out.update({f"swap_{name}": _percent(share) for name, share in maps["swapped"].items()})
    wrong = 1 - maps["swapped"]["right"]
    twice = 1 - 2 * maps["swapped"]["right"] + maps["swapped"]["both"]
    out["swap_wrong"], out["swap_wrong_again"] = _percent(wrong), _percent(twice / wrong)
    carried = _result("carried")
    out["carried_count"] = str(carried["count"])
    for verb in ("carried", "read"):
        for asked, points in carried[verb].items():
            out.update({f"{verb}_{asked}_{side}": _percent(point["share"]) for side, point in points.items()})
    for part, module in (("sam", model.vision.sam), ("decoder", model.decoder)):  # of the paper's
        held = sum(p.numel() for p in module.parameters())
        out[f"paper_{part}_parameters"] = f"{held / 1e6:.0f} million" if held < 1e9 else f"{held / 1e9:.1f} billion"
    with torch.device("meta"):
        pool = AttentionPool(ModelConfig.preset("7b").siglip)
    out["paper_pool_parameters"] = f"{sum(p.numel() for p in pool.parameters()) / 1e6:.1f} million"
    out["tiny_siglip_heads"] = str(ModelConfig.preset("tiny").siglip.heads)
    readable = _result("readable")
    out["readable_learn"] = f"{readable['learn']:,}"
    out["readable_ask"] = str(readable["ask"])
    for encoder in ("trained", "untrained"):
        for what, points in readable[encoder].items():
            out[f"{encoder}_{what}"] = _percent(points[-1]["share"])
            out[f"{encoder}_{what}_cut"] = _percent(points[0]["share"])
    sam, windows = ModelConfig.preset("7b").sam, _result("windows")
    once, everywhere = (sum(block_cost(sam.grid, sam.width, w)) for w in (sam.window, 0))
    timed = {way: windows[way][windows["sides"].index(sam.grid)] for way in ("windowed", "global", "written")}
    longer = {}  # multiplications where relative positions are part of query, key and value: E + 2·side numbers each
    for window in (sam.window, 0):
        linear, attention = block_cost(sam.grid, sam.width, window)
        longer[window] = linear + attention * (1 + 2 * (window or sam.grid) * sam.heads / sam.width)
    out["windows_counted_here"] = f"{longer[0] / longer[sam.window]:.1f}"
    fast, slow = timed["windowed"]["seconds"], timed["global"]["seconds"]
    far = len(sam.global_layers) / sam.layers
    out["sam_patches"] = f"{sam.grid**2:,}"
    out["sam_last"] = str(sam.grid % sam.window)
    out["sam_longer"] = str(sam.width // sam.heads + 2 * sam.grid)
    out["sam_corner"] = str((sam.grid % sam.window) ** 2)
    out["windows_counted"], out["windows_timed"] = f"{everywhere / once:.1f}", f"{slow / fast:.1f}"
    out["windows_saved_counted"] = _percent(1 - encoder_cost(sam) / encoder_cost(sam, everywhere=True))
    out["windows_saved_timed"] = _percent(1 - (far * slow + (1 - far) * fast) / slow)
    out.update({f"windows_memory_{way}": f"{point['memory_gb']:.1f}" for way, point in timed.items()})
    given = _result("image-tokens")
    out["given_count"], out["given_fitted"] = str(given["count"]), str(given["fitted"])
    short = ("adaptor", "bent", "linear", "short", "word", "sam", "siglip", "mean", "letters", "letters_long")
    for name, row in zip(short, given["rows"].values(), strict=True):
        out.update({f"given_{name}_{task}": _percent(point["share"]) for task, point in row.items()})
    for when in ("before", "practised"):
        for name, row in zip(short, given[when].values(), strict=True):
            out.update({f"given_{name}_{task}_{when}": _percent(point["share"]) for task, point in row.items()})
    order = _result("image-order")
    out["order_count"] = str(order["count"])
    short = ("plain", "shuffled", "follow", "one", "alone", "between", "closed", "first")
    for name, row in zip(short, order["rows"].values(), strict=True):
        for task, point in row.items():
            out[f"order_{name}_{'prompt' if 'order' in task else task}"] = _percent(point["share"])
    for when in ("before", "practised"):
        for name, row in zip(short, order[when].values(), strict=True):
            out.update({f"order_{name}_{task}_{when}": _percent(row[task]["share"]) for task in ("naming", "page")})
    stem = _result("stem")
    for name, accuracy in zip(("torch", "adamw", "muon"), stem["accuracy"].values(), strict=True):
        out[f"stem_{name}"] = _percent(accuracy)
    out["stem_steps"] = str(stem["steps"])
    _two_by_two(out)
    _eyes(out)
    _read(out)
    _study(out)
    _matching(out)
    _segmenting(out)
    _lost(out)
    _practice(out)
    _characters(out)
    _reading(out)
    _letters(out)
    _things(out)
    _weighing(out)
    _denormals(out)
    _processes(out)
    _stages(out)
    _released(out)
    equality = _result("equality")["largest_difference"]
    out["equality"] = _at_most(max(equality.values()))
    return out


def _read(out):
    """Chapter 12: the taxonomy, and what the share of text does."""
    from dsvl_min.data.tables import PRETRAINING
    from dsvl_min.data.taxonomy import DRAWN, LEAVES

    out["leaves"], out["leaves_drawn"] = str(len(LEAVES)), str(len(DRAWN))
    out["web_code_share"] = _percent(next(row.share for row in PRETRAINING if row.slug == "web-code") / 100)
    gate, best, first = _result("learnable"), {}, {}
    forged = [run for run in gate["topics"] if "forged" in run["learnt"]]  # a comparison, not a fact: told apart
    (shadow,) = (run for run in gate["topics"] if run["topic"].startswith("shadows"))
    out["gate_forged"] = _percent(max(run["learnt"]["forged"] for run in forged))
    out["gate_forged_chance"] = _percent(forged[0]["commonest"]["forged"])
    out["gate_shadow"] = _percent(shadow["learnt"]["side"])
    for run in (run for run in gate["topics"] if run not in forged):
        if run["times"] == 1 and run["topic"] != "free-documents":  # whose lines have a sentence of their own
            first |= {(run["topic"], fact): share for fact, share in run["learnt"].items()}
        for fact, share in run["learnt"].items():
            name = (run["topic"], fact)
            best[name] = max(best.get(name, 0), share)
    out["gate_facts"], hardest = str(len(best)), min(best, key=best.get)
    out["gate_sources"] = str(len({run["source"] for run in gate["topics"]}))
    out["gate_hardest"] = hardest[0] if " of " in hardest[0] else f"{hardest[1]}, in {hardest[0]}"
    out["gate_again"] = _word(sum(share < gate["gate"] for share in first.values()))
    out["gate_least"], out["gate"] = _percent(best[hardest]), _percent(gate["gate"])
    lines = [run for run in gate["topics"] if run["topic"] == "free-documents"]
    tries = sorted(run["learnt"]["lines"] for run in lines)
    out["gate_stuck"], out["gate_unstuck"] = _percent(tries[0]), _percent(tries[-1])
    from record_text_share import TEXTS

    found = _result("text-share")
    out["text_steps"], out["text_texts"] = str(found["steps"]), f"{TEXTS:,}"
    plain = [run for run in found["runs"] if "fresh" not in run]
    (fresh,) = (run for run in found["runs"] if "fresh" in run)
    out["text_fresh"], out["text_fresh_expected"] = str(fresh["fresh"]), f"{found['fresh_expected']:.2f}"
    out["text_bits_fresh"] = f"{fresh['bits']:.2f}"
    often = {share: sum(run["share"] == share for run in plain) for share in {run["share"] for run in plain}}
    twice = sorted(f"{100 * share:.0f}" for share, times in often.items() if share is not None and times > 1)
    out["text_runs"] = "one seed each" + (f", a second for {', '.join(twice)}" if twice else "")
    for share in often:
        runs = [run for run in plain if run["share"] == share]
        name = "before" if share is None else f"{100 * share:.0f}"
        out[f"text_bits_{name}"] = f"{sum(r['bits'] for r in runs) / len(runs):.2f}"
        for kind in ("things", "pages"):
            out[f"text_{kind}_{name}"] = _percent(sum(r[kind] for r in runs) / len(runs))


def _study(out):
    """Chapter 22: what the trainer's means are worth, what each stage moved."""
    from dsvl_min.hardware import GPUS

    found, parts = _result("training"), {"siglip": "SigLIP", "sam": "SAM's blocks", "necks": "the necks"}
    out["a100"] = f"{GPUS['A100'] / 1e12:.0f}"
    for name, stage in found["stages"].items():
        out[f"used_{name[-1]}"] = _percent(stage["used"])
    for name, kept in found["kept"].items():
        out[f"kept_{name[-1]}"] = f"{kept['faster']:.1f}"
    off = max(max(kept["loss"], kept["weight"]) for kept in found["kept"].values())
    out["kept_off"] = f"within {off:.0e}" if off else "to the last bit"
    for share, grouped in found["grouped"].items():
        out[f"grouped_{round(100 * float(share))}"] = _percent(grouped["saved"])
    moved = {
        (stage, part): row["moved"]
        for stage, told in _result("freezing")["stages"].items()
        for part, row in told["parts"].items()
    }
    stage, part = max(moved, key=moved.get)
    out["freezing_most"] = f"{parts.get(part, f'the {part}')} in stage {stage[-1]}, by {_percent(moved[stage, part])}"


def _seeds(found):
    """How many seeds a record has, in words."""
    number = len({run["seed"] for run in found["runs"]})
    return f"{_word(number).lower()} seed{'s' * (number > 1)}"


def _mean(runs, of, **fixed):
    """The mean of a number over the runs with these fields."""
    values = [of(run) for run in runs if all(run.get(k) == v for k, v in fixed.items())]
    return sum(values) / len(values)


def _matching(out):
    """Chapter 5."""
    from dsvl_min.probes.matching import BATCH
    from dsvl_min.training.stage0 import SiglipRecipe

    out["stage0_images"] = f"{SiglipRecipe().images:,}"
    found = _result("matching")
    out["match_steps"], out["match_seeds"] = str(found["steps"]), _seeds(found)
    out["match_share"], out["match_pairs"] = _percent(found["share"]), f"{BATCH**2:,}"
    for way, guess in found["expected"].items():
        name = way.replace(", ", "_").replace(" ", "_").replace("-", "")
        out[f"match_{name}"] = _percent(_mean(found["runs"], lambda r: r["told"][-1]["name"], way=way))
        out[f"match_{name}_early"] = _percent(_mean(found["runs"], lambda r: r["told"][1]["name"], way=way))
        out[f"match_{name}_loss"] = f"{_mean(found['runs'], lambda r: r['losses'][-1], way=way):.1f}"
        out[f"match_{name}_expected"] = _percent(guess)
    out["match_early"] = str(2 * found["every"])
    out["match_floor"] = f"{found['floors']['sigmoid, untold']['names']:.1f}"


def _segmenting(out):
    """Chapter 8."""
    from dsvl_min.training.stage0 import SamRecipe

    found = _result("same-thing")
    out["same_steps"], out["same_all_steps"] = str(found["steps"]), f"{SamRecipe().steps:,}"
    out["same_count"] = str(found["count"])
    names = {"SAM, masks": "sam", "SAM, untrained": "sam_untrained", "SigLIP, matching": "siglip"}
    names["SigLIP, untrained"] = "siglip_untrained"
    for encoder, name in names.items():
        last = [by_depth[-1] for by_depth in found["encoders"][encoder]]
        out[f"same_{name}"] = _percent(sum(last) / len(last))
        out[f"same_{name}_expected"] = _percent(found["expected"][encoder])
    out["same_siglip_usable"] = str(found["usable"]["SigLIP"])
    for size, every in found["answered"].items():
        for which, name in (("best guess", "trusted"), ("best of three", "best")):
            shares = [answered[which] for answered in every]
            out[f"twins_{size}_{name}"] = _percent(sum(shares) / len(shares))
    last = [by_depth[-1] for by_depth in found["small"]]
    out["same_small"] = _percent(sum(last) / len(last))


def _lost(out):
    """Where the miniature falls short."""
    found = _result("lost")
    out["lost_learn"], out["lost_ask"] = f"{found['learn']:,}", str(found["ask"])
    out["lost_objects"] = f"{found['objects']:,}"
    for fact, ways in found["read"].items():
        for way, stations in ways.items():
            for station, point in stations.items():
                out[f"lost_{fact}_{way}_{station.lower().replace(' ', '_')}"] = _percent(point["share"])
        out[f"lost_{fact}_said"] = _percent(found["said"]["in place"][fact]["share"])
        out[f"lost_{fact}_said_anywhere"] = _percent(found["said"]["in any place"][fact]["share"])
        out[f"lost_{fact}_said_luck"] = _percent(found["said"]["of another picture"][fact]["share"])
        out[f"lost_{fact}_practised"] = _percent(found["practised"]["said"]["in place"][fact]["share"])
        out[f"lost_{fact}_practised_anywhere"] = _percent(found["practised"]["said"]["in any place"][fact]["share"])
    out["lost_length"] = _percent(found["length"])


def _practice(out):
    """What practice brings to telling two objects apart, and takes from the rest."""
    from dsvl_min.training.stages import STAGES

    found = _result("practice")
    looks, stages = found["looks"], {stage["name"]: stage for stage in found["stages"]}
    asked = {name: stage["steps"] * stage["questions_a_step"] for name, stage in stages.items()}
    out.update({f"practice_{name}_asked": f"{round(many, -3):,.0f}" for name, many in asked.items()})
    out["practice_all_asked"] = f"{round(sum(asked.values()), -4):,.0f}"
    last, first = STAGES["tiny"].stages[2], STAGES["tiny"].practice[0]
    share = next(s.weight for s in last.mix if s.source == "relations") / sum(s.weight for s in last.mix)
    rows = last.steps * last.batch * (1 - last.text_share) * share
    each = stages["pairs"]["questions_a_step"] / (1 - first.text_share) / first.batch
    out["practice_live"] = f"{round(rows * each, -2):,.0f}"
    out["practice_shipped"] = f"{round(_result('tiny')['run']['times'] * rows * each, -2):,.0f}"
    out["practice_pairs_times"] = f"{asked['pairs'] / (_result('tiny')['run']['times'] * rows * each):.0f}"
    out["practice_looked"] = str(found["asked"])
    out["practice_minutes"] = f"{sum(stage['minutes'] for stage in stages.values()):.0f}"
    for name, at in (("_0", ("pairs", 0)), ("_pairs", ("counts", 0)), ("_counts", ("mixed", 0)), ("", ("end", 0))):
        (look,) = (look for look in looks if (look["stage"], look["step"]) == at)
        out.update({f"practice_{kind}{name}": _percent(told["share"]) for kind, told in look["kinds"].items()})
        out[f"practice_bits{name}"] = f"{look['bits']:.2f}"
    pairs = [look for look in looks if look["stage"] == "pairs"]
    for kind, guess in found["guesses"].items():
        out[f"practice_{kind}_guess"] = _percent(guess)
    for kind in ("colour", "side"):  # the first look from which on its interval lies above a guess
        late = max(k["step"] for k in pairs if k["kinds"][kind]["interval"][0] <= found["guesses"][kind])
        risen = min(k["step"] for k in pairs if k["step"] > late)
        out[f"practice_{kind}_from"] = f"{round(risen * stages['pairs']['questions_a_step'], -4):,.0f}"
    short = {"Describe": "described", "Where": "where", "What is in": "named", "What colour": "colour"}
    for when, sources in found["forms"].items():
        for source, forms in sources.items():
            for form, point in forms.items():
                for begins, name in short.items():
                    if form.startswith(begins):
                        out[f"practice_{source}_{name}_{when}"] = _percent(point["share"])
                if form.startswith("How many"):
                    kind = next((k for k in ("others", "objects") if k in form), "kind")
                    out[f"practice_{source}_{kind}_{when}"] = _percent(point["share"])
    out["practice_forms"] = str(sum(map(len, found["forms"]["before"].values())))


def _characters(out):
    """Where characters that stand anywhere get lost."""
    found = _result("characters")
    out["characters_learn"], out["characters_ask"] = f"{found['learn']:,}", str(found["ask"])
    for source, stations in found["read"].items():
        for station, point in stations.items():
            name = station.lower().replace("'s", "").replace(" ", "_")
            out[f"characters_{source.replace('-', '_')}_{name}"] = _percent(point["share"])
    last, early = found["taught"][-1], next(told for told in found["taught"] if told["step"] == found["steps"])
    out["characters_taught_steps"], out["characters_steps"] = f"{last['step']:,}", f"{found['steps']:,}"
    for source in ("signs", "free-documents"):
        out[f"characters_{source.replace('-', '_')}_taught"] = _percent(last[source]["share"])
        out[f"characters_{source.replace('-', '_')}_taught_early"] = _percent(early[source]["share"])


def _reading(out):
    """Necks and adaptor taught letters, and what a decoder reads of their tokens."""
    found = _result("reading")
    looks = found["teaching"]["looks"]
    out["reading_steps"] = f"{looks[-1]['step']:,}"
    for source, point in looks[-1]["read"].items():
        out[f"reading_told_{source.replace('-', '_')}"] = _percent(point["share"])
    told = looks[-1]["read"]["signs"]["share"]
    out["reading_signs_apart"] = _percent(sum(told**length for length in (3, 4, 5)) / 3)
    out["reading_asked"], out["reading_held"] = str(found["asked"]), str(found["ask"])
    for run in found["runs"]:
        signs = run["looks"][-1]["said"]["signs"]
        words = (f"`{said}`" + (f" for `{truth}`" if said != truth else "") for truth, said in signs)
        out[f"reading_said_{run['kind']}"] = "; ".join(words)
        for task, point in run["looks"][-1]["right"].items():
            key = f"{task}_{run['kind']}".replace(" ", "_")
            out[f"reading_{key}"] = _percent(point["share"])
            out[f"reading_guess_{key}"] = _percent(found["expected"][run["kind"]][task])
        out["reading_pictures"] = f"{run['looks'][-1]['pictures']:,}"


def _letters(out):
    """The shipped model is taught and practises; keys of rounds from the second on end in what the round is called."""
    run = _result("tiny")["run"]
    for again in ("", " again", " and things", " and charts", " further"):
        taught, practised, end = run[f"letters{again}"], run[f"reading{again}"], again.replace(" ", "_")
        out[f"letters_minutes{end}"], out[f"letters_moved{end}"] = f"{taught['minutes']:.0f}", _percent(taught["moved"])
        out[f"letters_steps{end}"] = f"{taught['looks'][-1]['step']:,}"
        for source, point in taught["looks"][-1]["read"].items():
            out[f"letters_told_{source.replace('-', '_')}{end}"] = _percent(point["share"])
        told = taught["looks"][-1]["read"]["signs"]["share"]
        out[f"letters_signs_apart{end}"] = _percent(sum(told**length for length in (3, 4, 5)) / 3)
        out[f"letters_samples{end}"] = f"{practised['looks'][-1]['step'] * practised['batch']:,}"
        out[f"letters_practice{end}"] = f"{run['minutes'][f'reading{again}']:.0f}"
        out[f"letters_bits{end}"] = f"{practised['looks'][-1]['bits']:.2f}"
        for when, look in (("first", practised["looks"][0]), ("last", practised["looks"][-1])):
            for task, point in look["right"].items():
                out[f"letters_{when}_{task.replace(' ', '_')}{end}"] = _percent(point["share"])
        for task, share in practised["expected"].items():
            out[f"letters_guess_{task.replace(' ', '_')}{end}"] = _percent(share)
    asked, last = practised["asked"], {again: run[f"reading{again}"]["looks"][-1]["right"]["counting"]["share"]
                                       for again in (" and charts", " further")}  # fmt: skip
    table = {" and charts": _result("tiny-charts")["evaluation"], " further": _result("tiny")["evaluation"]}
    counted = [
        (last[again] * asked + one["tasks"]["counting"]["image"] * one["count"]) / (asked + one["count"])
        for again, one in table.items()
    ]
    out["further_counts_gain"] = f"{100 * (counted[1] - counted[0]):.0f}"
    out["letters_bits_before"] = f"{run['reading']['looks'][0]['bits']:.2f}"
    out["letters_held"], out["letters_asked"] = str(taught["asked"]), str(practised["asked"])


def _things(out):
    """What image tokens tell of objects, before and after they were taught things."""
    found = _result("things")
    for kind, row in found["tokens"].items():
        out.update({f"things_{fact}_{kind}": _percent(point["share"]) for fact, point in row.items()})
    out["things_seen"] = f"{found['steps'] * found['batch']:,}"
    out["things_pictures"], out["things_asked"] = f"{found['pictures']:,}", str(found["asked"])


def _weighing(out):
    """What an answer weighs in practice, and counts practised alone."""
    found = _result("weighing")
    for name, ways in found["shares"].items():
        for way, row in ways.items():
            for kind, share in row.items():
                out[f"weighs_{kind.replace(' ', '_')}_{name}_{way}"] = f"{100 * share:.1f} %"
    first, last = found["alone"][0], found["alone"][-1]
    out["weighing_first"], out["weighing_last"] = (_percent(look["right"]["share"]) for look in (first, last))
    for many, word in (("2", "two"), ("5", "five")):
        row = _result("chart-values")["values"][many]
        out[f"of_{word}_asked"] = str(row["asked"])
        out.update({f"of_{word}_{hit}": _percent(row[hit]["share"]) for hit in ("right", "any", "another")})
    out["weighing_asked"], out["weighing_questions"] = str(found["asked"]), f"{found['steps'] * found['batch']:,}"


def _denormals(out):
    """What numbers too small for the processor cost."""
    found = _result("denormals")
    rows = {(row["made"], row["pages"], row["way"]): row for row in found["rows"]}
    out["denormal_images"] = str(found["images"])
    out["denormal_weights"] = _percent(rows["trained", "plain", "kept"]["weights"])
    for way in ("kept", "zero"):
        out[f"denormal_{way}"] = f"{rows['trained', 'plain', way]['fastest']:.2f}"
        out[f"denormal_grain_{way}"] = f"{rows['trained', 'grain', way]['fastest']:.2f}"
        out[f"denormal_fresh_{way}"] = f"{rows['fresh', 'plain', way]['fastest']:.2f}"


def _processes(out):
    """What a training step takes in one process or two."""
    for row in _result("processes")["rows"]:
        key = f"{row['what']}_{row['processes']}_{row['threads']}"
        out[f"processes_{key}"] = f"{statistics.median(row['seconds']):.2f}"


def _stages(out):
    """Chapters 13 to 15, and what chapter 22 says of tuning."""
    from dsvl_min.data.world import OBJECT_COLORS, SHAPES
    from dsvl_min.training.stages import STAGES, part_of

    first = STAGES["tiny"].stages[0]
    out["paper_stage2_steps"] = f"{STAGES['7b'].stages[1].steps:,}"
    out["naming_chance"] = _percent(1 / len(SHAPES) / len(OBJECT_COLORS))
    sizes = {name: math.prod(shape) for name, shape in _tiny_shapes().items()}
    trained = sum(n for name, n in sizes.items() if first.lr.get(part_of(name)))
    out["adaptor_share"] = _percent(trained / sum(sizes.values()))
    found = _result("stage-1")
    out["stage1_steps"], out["stage1_seeds"] = str(found["steps"]), _seeds(found)
    out["stage1_twice"] = str(2 * found["steps"])
    for way, name in (("nothing", "before"), ("decoder", "decoder_twice")):
        last = [run for run in found["runs"] if run["way"] == way and run["steps"] in (0, 2 * found["steps"])]
        out[f"stage1_bits_{name}"] = f"{_mean(last, lambda r: r['bits']):.2f}"
    for kind in ("things", "pages"):
        out[f"stage1_{kind}_before"] = _percent(_mean(found["runs"], lambda r, k=kind: r[k], way="nothing"))
        for way in ("adaptor", "necks", "decoder"):
            for name, times in (("half", 0.5), ("once", 1), ("twice", 2)):
                of = {"way": way, "steps": int(found["steps"] * times)}
                value = _mean(found["runs"], lambda r, k=kind: r[k], **of)
                out[f"stage1_{kind}_{way}_{name}"] = _percent(value)
    found = _result("forgetting")
    out["forget_steps"], out["forget_seeds"] = str(found["steps"]), _seeds(found)
    out["forget_ramp"] = str(max(run["ramp"] for run in found["runs"]))
    out["forget_bits_before"] = f"{_mean(found['runs'], lambda r: r['bits'], scale=None):.2f}"
    for run in found["runs"]:
        if run["scale"] is not None:
            key = f"{'ramp' if run['ramp'] else 'fed' if run['share'] else 'bare'}_{run['scale']:g}".replace(".", "")
            same = {k: run[k] for k in ("scale", "share", "ramp")}
            out[f"forget_bits_{key}"] = f"{_mean(found['runs'], lambda r: r['bits'], **same):.2f}"
            for kind in ("things", "pages"):
                out[f"forget_{kind}_{key}"] = _percent(_mean(found["runs"], lambda r, k=kind: r[k], **same))
    found = _result("answers")
    out["answers_count"], out["answers_seeds"] = str(found["count"]), _seeds(found)
    for run in found["runs"]:
        way = {"way": run["way"]}
        for task in run["tasks"]:
            value = _mean(found["runs"], lambda r, t=task: r["tasks"][t], **way)
            out[f"answers_{run['way']}_{task.replace(' ', '_')}"] = _percent(value)
        out[f"answers_{run['way']}_ends"] = _percent(_mean(found["runs"], lambda r: r["ends"], **way))
        out[f"answers_{run['way']}_bits"] = f"{_mean(found['runs'], lambda r: r['bits'], **way):.2f}"
    found = _result("lora")
    out["lora_question"], out["lora_seeds"] = found["question"], _seeds(found).capitalize()
    out["lora_records"], out["lora_asked"] = str(found["records"]), str(found["asked"])
    short = {"naming": "naming", "handwritten digit": "digit", "grid documents": "pages"}
    for run in found["runs"]:
        same = {k: run[k] for k in ("way", "scale")}
        words = run["way"].replace(",", "").replace(" ", "_")
        key = words if run["way"] == "before" else f"{words}_{run['scale']:g}".replace(".", "")
        out[f"lora_{key}_new"] = _percent(_mean(found["runs"], lambda r: r["new"]["image"], **same))
        for task, name in short.items():
            out[f"lora_{key}_{name}"] = _percent(_mean(found["runs"], lambda r, t=task: r["old"][t], **same))


def _tiny_shapes():
    from dsvl_min import ModelConfig
    from dsvl_min.layouts import shapes

    return shapes(ModelConfig.preset("tiny"))


def _knows_colours(batch, things=2 / 3):
    """The least sigmoid loss of who knows an object's colour and not its shape; `things` of a batch are objects.

    The rest are pages, whose captions are all alike and cost nothing.
    """
    from dsvl_min.data.world import OBJECT_COLORS, SHAPES

    alike = (batch - 1) * things / len(OBJECT_COLORS)  # of the others in the batch, those of the picture's colour
    share = (1 + alike / len(SHAPES)) / (1 + alike)  # of these and its own, those with its caption
    return things * (1 + alike) * -(share * math.log(share) + (1 - share) * math.log(1 - share))


def _two_by_two(out):
    """Chapter 9: the four encoders, and how long the shipped parts were pretrained."""
    found = _result("two-by-two")
    out["two_images"], out["two_steps"] = f"{found['images']:,}", str(found["steps"])
    out["two_seeds"] = str(len({e["seed"] for e in found["encoders"]}))
    minutes = {e["encoder"]: e["minutes"] for e in found["encoders"] if "minutes" in e and e["seed"] == 0}
    out["two_minutes"] = f"{sum(v for k, v in minutes.items() if not k.endswith('longer')):.0f}"
    for fact, chance in found["chance"].items():
        out[f"two_chance_{fact}"] = _percent(chance)
        for encoder, guess in found["expected"][fact].items():
            first, *again = [e["right"][fact] for e in found["encoders"] if e["encoder"] == encoder]
            key = f"{fact}_{encoder.replace(' ', '_')}"
            out[f"two_{key}"], out[f"two_guess_{key}"] = _percent(first), _percent(guess)
            if again:
                out[f"two_again_{key}"] = _percent(again[0])
    longer = {e["encoder"]: e for e in found["encoders"] if e["encoder"].endswith("longer")}
    for encoder, made in longer.items():
        for fact, share in made["right"].items():
            out[f"two_{fact}_{encoder.replace(' ', '_')}"] = _percent(share)
    ends = {e["encoder"]: e["loss"][-1] for e in found["encoders"] if "loss" in e and e["seed"] == 0}
    out["two_loss_48"], out["two_loss_128"] = f"{ends['matching 48']:.1f}", f"{ends['matching 128 longer']:.1f}"
    out["two_loss_colours"] = f"{_knows_colours(found['batch']):.1f}"
    for part in ("siglip", "sam"):
        out[f"{part}_minutes"] = f"{_result('tiny-parts')['run']['minutes'][part]:.0f}"


def _eyes(out):
    """Chapter 9: one decoder with four ways of seeing."""
    found = _result("matched-resolution")
    kinds = Counter(run["kind"] for run in found["runs"])
    out["eyes_count"], out["eyes_runs"] = str(found["count"]), str(len(found["runs"]))
    least, most = min(kinds.values()), max(kinds.values())
    out["eyes_seeds"] = (
        f"{_word(least).lower()} seeds" if least == most else f"{_word(least).lower()} or {_word(most).lower()} seeds"
    )
    out["eyes_steps"] = str(found["encoder"]["steps"])
    for source, row in found["encoder"]["retrieval"].items():
        out[f"eyes_found_{source}"] = _percent(row["found"])
    for task, guesses in found["expected"].items():
        for kind, guess in guesses.items():
            key = f"{task}_{kind}".replace(" ", "_")
            rights = [run["right"][task]["image"] for run in found["runs"] if run["kind"] == kind]
            out[f"eyes_{key}"], out[f"eyes_guess_{key}"] = _percent(statistics.median(rights)), _percent(guess)
            out[f"eyes_{key}_range"] = f"{100 * min(rights):.0f} to {_percent(max(rights))}"


def _released(out):
    """Chapter 21: shares and depths, by configuration; the largest value in the shipped SigLIP, by the reference."""
    from dsvl_min import ModelConfig
    from dsvl_min.checkpoint import memory
    from dsvl_min.layouts import count

    parts = memory(ModelConfig.preset("tiny"))
    out["share_tiny_vision"] = _percent(parts["vision"] / sum(parts.values()))
    paper = ModelConfig.preset("7b")
    for name, size in (("small", "1.3b"), ("paper", "7b")):
        held = count(ModelConfig.preset(size), "original")
        out[f"{name}_gb"] = f"{2 * held / 1e9:.0f}"
        out.setdefault(f"{name}_parameters", f"{held / 1e9:.1f} billion")
    out["paper_depths"] = f"{paper.siglip.layers}, {paper.sam.layers} and {paper.decoder.layers} layers"


def fill(text):
    """The text with every claim's value put in.  KeyError names a claim that does not exist."""
    return CLAIM.sub(lambda m: m[1] + claims()[m[2]] + m[4], text)


if __name__ == "__main__":
    README.write_text(fill(README.read_text(encoding="utf-8")), encoding="utf-8")
