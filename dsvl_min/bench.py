"""This project and `transformers` side by side: the same weights, the same inputs, by turns in one process.

    dsvl bench                      # tiny
    dsvl bench --size 100m
    dsvl bench --compile            # and with both sides compiled: needs a C++ compiler

Times are medians with the middle half's spread.  Beside them the share of what the machine could do: for decoding the
weights' bytes over the measured bandwidth, for the rest the operations over the measured rate of matrix products.
"""

import gc
import json
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch.utils.flop_counter import FlopCounterMode

from .config import SIZES, ConfigError, DecoderConfig, ModelConfig, SamConfig, SiglipConfig
from .decoder import LAST, KVCache
from .export import twin
from .hardware import hardware
from .init import initialise
from .model import DeepSeekVL

# About 100 million numbers, a hybrid, made only to be timed.
HUNDRED_MILLION = ModelConfig(
    name="100m",
    siglip=SiglipConfig(image_size=192, patch_size=16, width=384, layers=8, heads=6, mlp_width=1536),
    sam=SamConfig(
        image_size=512, patch_size=16, width=256, layers=6, heads=4, mlp_width=1024, window=7, global_layers=(2, 5),
        neck_width=128, token_grid=12,
    ),
    decoder=DecoderConfig(
        vocab_size=16384, width=640, layers=12, heads=10, kv_heads=10, mlp_width=1728, max_positions=1024
    ),
    bos_token_id=16381, eos_token_id=16382, pad_token_id=16382, image_token_id=16383,
)  # fmt: skip
NEW_TOKENS = 32
ROWS = {
    "encode": "image encoding, 2 images", "prefill": "prefill, 1 prompt", "decode 1": "decoding, batch 1",
    "decode 8": "decoding, batch 8", "train": "training step, batch 4", "memory": "peak memory over the weights' own",
}  # fmt: skip
COMPILED = {name: f"{name} compiled" for name in ("encode", "train")}
TITLES = ROWS | {compiled: f"{ROWS[name]}, compiled" for name, compiled in COMPILED.items()}


def size(name):
    """A ModelConfig to time: "100m", or one of the named sizes.  Raises ConfigError for another name."""
    if str(name).lower() == "100m":
        return HUNDRED_MILLION
    if str(name).lower() not in SIZES:
        raise ConfigError(f"no size {name!r}; the sizes are 100m, {', '.join(SIZES)}")
    return ModelConfig.preset(name)


def inputs(config, batch, device, dtype, text=48, seed=0):
    """A batch as a processor would make it, of noise: one image a row, then `text` tokens, all of them labelled."""
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, config.decoder.vocab_size - 4, (batch, config.image_tokens + text), generator=draw)
    ids[:, 1 : 1 + config.image_tokens] = config.image_token_id
    out = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    for name, part in (("pixel_values", config.siglip), ("high_res_pixel_values", config.sam)):
        if part:
            out[name] = torch.randn(batch, 3, part.image_size, part.image_size, generator=draw)
    return {k: v.to(device, dtype if v.is_floating_point() else None) for k, v in out.items()}


def jobs(model, theirs, device, dtype):
    """{row: (ours, theirs)}: functions without arguments that do the same work.

    A decoding row has a second pair, the same with a single new token, whose time is taken off.
    """
    config = model.config
    one, two, four, eight = (inputs(config, n, device, dtype) for n in (1, 2, 4, 8))
    pixels = {k: v for k, v in two.items() if "pixel" in k}

    @torch.inference_mode()  # as `generate` runs it
    def encode():
        return model.image_embeddings(**pixels)

    @torch.no_grad()
    def their_encode():
        return theirs.model.get_image_features(**pixels).pooler_output

    with torch.no_grad():
        prompt = model.embed(one["input_ids"], model.image_embeddings(**{k: v for k, v in one.items() if "pixel" in k}))

    @torch.inference_mode()  # as `generate` runs it
    def prefill():
        cache = KVCache(config.decoder, 1, prompt.shape[1] + NEW_TOKENS, prompt.device, prompt.dtype)
        return model.decoder.head(model.decoder(prompt, cache=cache, wanted=LAST))

    @torch.no_grad()
    def their_prefill():
        return theirs.lm_head(
            theirs.model.language_model(inputs_embeds=prompt, use_cache=True).last_hidden_state[:, -1]
        )

    def decode(batch):
        def new(tokens):
            return (lambda: model.generate(**batch, max_new_tokens=tokens),
                    lambda: theirs.generate(**batch, max_new_tokens=tokens, do_sample=False))  # fmt: skip

        return (*new(1 + NEW_TOKENS), *new(1))

    ours_step, their_step = training(model), training(theirs)
    labels = four["input_ids"].masked_fill(four["input_ids"] == config.image_token_id, -100)

    return {
        "encode": (encode, their_encode),
        "prefill": (prefill, their_prefill),
        "decode 1": decode(one),
        "decode 8": decode(eight),
        "train": (lambda: ours_step(four, labels), lambda: their_step(four, labels)),
    }


def training(model):
    """One step of AdamW on every parameter, as a function of (batch, labels).

    Ours asks for the loss alone; transformers' loss comes with the logits of every position.
    """
    loss_of = model.loss if isinstance(model, DeepSeekVL) else lambda **batch: model(**batch).loss
    optimizer = None

    def step(batch, labels):
        nonlocal optimizer
        optimizer = optimizer or torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
        loss = loss_of(**batch, labels=labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return step


def compile_both(model, theirs):
    """Put both through torch.compile, in place: theirs whole; of ours the encoders and the decoder's blocks.

    Each shape has code of its own (dynamic=False): code for any shape fails to compile at 100m with PyTorch 2.13.
    """
    model.vision.compile(dynamic=False)
    for block in model.decoder.blocks:
        block.compile(dynamic=False)
    theirs.compile(dynamic=False)
    theirs.model.get_image_features = torch.compile(theirs.model.get_image_features, dynamic=False)


def seconds(job, device):
    """How long one call takes."""
    if device == "cuda":
        torch.cuda.synchronize()
    began = time.perf_counter()
    job()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def by_turns(pair, device, budget, least=5):
    """(our seconds, their seconds): by turns after a warm-up, for about `budget` seconds, `least` turns at least."""
    for job in pair:
        job()
    times = ([], [])
    began = time.perf_counter()
    while len(times[0]) < least or time.perf_counter() - began < budget:
        for i, kept in enumerate(times):
            spent = seconds(pair[i], device)
            kept.append(spent - seconds(pair[2 + i], device) if pair[2:] else spent)
    return times


def summary(times):
    """{median, low, high}: the middle half of the times."""
    quarters = statistics.quantiles(times, n=4)
    return {"median": statistics.median(times), "low": quarters[0], "high": quarters[2], "turns": len(times)}


def machine(device, dtype):
    """What the machine can do: bytes a second (a matrix read for one vector), operations a second (a large product)."""
    n = 8192 if device == "cuda" else 2048
    a, b = (torch.randn(n, n, device=device, dtype=dtype) for _ in range(2))
    rate = 2 * n**3 / min(seconds(lambda: a @ b, device) for _ in range(5))
    tall = torch.randn(4 * n, 2 * n, device=device, dtype=dtype)
    x = torch.randn(2 * n, device=device, dtype=dtype)
    bandwidth = tall.nbytes / min(seconds(lambda: tall @ x, device) for _ in range(10))
    return {"bandwidth": bandwidth, "rate": rate}


def operations(job):
    """Floating-point operations of one call, counted by PyTorch."""
    with FlopCounterMode(display=False) as counter:
        job()
    return counter.get_total_flops()


def peak(side, name, device, dtype):
    """Bytes beyond the weights at the worst moment of a training step and of an answer, in a process of its own."""
    command = [sys.executable, "-m", "dsvl_min.bench", side, name, device, str(dtype).removeprefix("torch.")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the memory of {side} could not be measured:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _peak(side, name, device, dtype):
    """The body of `peak`'s process."""
    dtype, config, small = getattr(torch, dtype), size(name), size("tiny")
    warm = twin(
        DeepSeekVL(small).to(device, dtype)
    )  # whatever code either side loads is loaded before the count begins
    training(warm)(inputs(small, 1, device, dtype), inputs(small, 1, device, dtype)["input_ids"])
    model = initialise(DeepSeekVL(config)).to(device, dtype).eval()
    if side == "theirs":
        model = twin(model)
    del warm
    gc.collect()
    batch = inputs(config, 4, device, dtype)
    before = _resident(device)
    model.generate(**inputs(config, 1, device, dtype), max_new_tokens=NEW_TOKENS)
    step = training(model)
    for _ in range(3):
        step(batch, batch["input_ids"])
    print(json.dumps(_resident(device, highest=True) - before))


def _resident(device, highest=False):
    """Bytes this process holds now, or has held at most."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() if highest else torch.cuda.memory_allocated()
    with open("/proc/self/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["VmHWM" if highest else "VmRSS"].split()[0]) * 1024


def bench(name="tiny", device=None, dtype=None, budget=6.0, quiet=False, rows=tuple(ROWS), compiled=False):
    """Measure every row: {row: {ours, theirs, ratio, share}}, with the machine's limits, as a table for json.

    budget: seconds a row.  ratio: theirs over ours (above 1: ours is faster, or smaller); share: of the limit, of each.
    compiled: encoding and training are measured again with both sides compiled.
    """
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = dtype or torch.float32
    config = size(name)
    config = replace(config, eos_token_id=config.decoder.vocab_size - 4)  # so seldom drawn that no answer ends early
    torch.manual_seed(0)
    model = initialise(DeepSeekVL(config)).to(device, dtype).eval()
    with torch.no_grad():
        model.decoder.head.weight[config.eos_token_id] = 0  # never the likeliest
    with _quietly():
        theirs = twin(model)
    limit = machine(device, dtype)
    weights = sum(p.nbytes for n, p in model.decoder.named_parameters() if not n.startswith("embed."))
    out = {"size": config.name, "parameters": sum(p.numel() for p in model.parameters()), "hardware": hardware(),
           "machine": limit, "rows": {}}  # fmt: skip
    pairs = jobs(model, theirs, device, dtype)
    plain = [row for row in pairs if row in rows]
    again = {COMPILED[row]: row for row in plain if compiled and row in COMPILED}
    # theirs are counted: of our products PyTorch doesn't count all
    work = {row: operations(pairs[row][1]) for row in plain if not row.startswith("decode")}
    for row in (*plain, *again):
        if not quiet:
            print(f"{TITLES[row]} …", file=sys.stderr, flush=True)
        if row in list(again)[:1]:
            compile_both(model, theirs)
        job = again.get(row, row)
        ours, their = (summary(times) for times in by_turns(pairs[job], device, budget))
        if job in work:
            ideal = work[job] / limit["rate"]
        else:
            ideal = NEW_TOKENS * weights / limit["bandwidth"]
        out["rows"][row] = {
            "ours": ours, "theirs": their, "ratio": their["median"] / ours["median"],
            "share": {"ours": ideal / ours["median"], "theirs": ideal / their["median"]},
        }  # fmt: skip
        if row.startswith("decode"):
            made = NEW_TOKENS * int(row.split()[1])
            out["rows"][row]["tokens_per_second"] = {
                "ours": made / ours["median"], "theirs": made / their["median"]
            }  # fmt: skip
    if "memory" in rows:
        ours, their = (peak(side, name, device, dtype) for side in ("ours", "theirs"))
        out["rows"]["memory"] = {"ours": ours, "theirs": their, "ratio": their / ours}
    return out


@contextmanager
def _quietly():
    import transformers

    was = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers.logging.set_verbosity(was)


def as_table(result):
    """The result as text."""
    limit = result["machine"]
    lines = [
        f"{result['size']}, {result['parameters'] / 1e6:.1f} million parameters, on {result['hardware']['device']}: "
        f"{limit['bandwidth'] / 1e9:.0f} GB/s, {limit['rate'] / 1e9:.0f} GFLOP/s",
        f"{'':36}{'ours':>24}{'transformers':>26}{'ratio':>8}{'of the limit':>16}",
    ]
    for row, found in result["rows"].items():
        if row == "memory":
            ours, theirs = f"{found['ours'] / 1e6:.0f} MB", f"{found['theirs'] / 1e6:.0f} MB"
            share = ""
        else:
            ours, theirs = (_time(found[side]) for side in ("ours", "theirs"))
            share = f"{found['share']['ours']:.0%} / {found['share']['theirs']:.0%}"
        lines.append(f"{TITLES[row]:36}{ours:>24}{theirs:>26}{found['ratio']:>8.2f}{share:>16}")
    return "\n".join(lines)


def _time(found):
    return f"{1e3 * found['median']:.1f} ({1e3 * found['low']:.1f}–{1e3 * found['high']:.1f}) ms"


if __name__ == "__main__":
    _peak(*sys.argv[1:])
