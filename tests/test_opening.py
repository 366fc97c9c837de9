"""Foreign checkpoints: opened bit for bit, or refused with what is wrong by name."""

import json
import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import safetensors.torch
import torch
from reference import shake, worst

import dsvl_min
from dsvl_min.checkpoint import CheckpointError, memory, save_original, to_layout, write_tensors
from dsvl_min.config import ConfigError, ModelConfig
from dsvl_min.export import export_hf, twin
from dsvl_min.layouts import DROPPED
from dsvl_min.model import DeepSeekVL
from dsvl_min.processor import Processor


def made(vision, tokenizer):
    """A shaken model in numbers that survive half precision, and its processor."""
    config = ModelConfig.preset("tiny", vision)
    config = replace(config, decoder=replace(config.decoder, kv_heads=2 if vision == "siglip" else 4))
    return shake(DeepSeekVL(config)).half().float(), Processor(tokenizer, config)


@pytest.fixture(scope="module", params=["hybrid", "siglip"])
def model(request, tiny):
    return made(request.param, tiny[1].tokenizer)


def same(a, b):
    left, right = a.state_dict(), b.state_dict()
    return left.keys() == right.keys() and all(torch.equal(left[k], right[k]) for k in left)


def test_the_original_layout_opens_bit_for_bit(model, tmp_path):
    save_original(*model, tmp_path)
    opened, processor = dsvl_min.load(tmp_path)
    assert same(opened, model[0]) and replace(opened.config, name="x") == replace(model[0].config, name="x")
    assert processor.prompt([{"role": "User", "content": "Hi"}]).endswith("User: Hi\n\nAssistant:")


def test_shards_open_as_one_file_does(model, tmp_path):
    save_original(*model, tmp_path, limit=10**6)
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 2
    assert same(dsvl_min.load(tmp_path)[0], model[0])


def as_bin(folder, groups=2):
    """The folder's safetensors as pickled shards with an index."""
    state = safetensors.torch.load_file(folder / "model.safetensors")
    names, where = sorted(state), {}
    for i in range(groups):
        file = f"pytorch_model-{i + 1:05}-of-{groups:05}.bin"
        torch.save({name: state[name] for name in names[i::groups]}, folder / file)
        where |= dict.fromkeys(names[i::groups], file)
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": where}))
    (folder / "model.safetensors").unlink()


def test_pickled_shards_open_too(model, tmp_path):
    save_original(*model, tmp_path)
    as_bin(tmp_path)
    assert same(dsvl_min.load(tmp_path)[0], model[0])


@pytest.mark.parametrize("writer", ["transformers", "ours"])
def test_the_transformers_layout_opens_from_either_writer(model, tmp_path, writer):
    pytest.importorskip("transformers")
    export_hf(*model, tmp_path)
    if writer == "transformers":
        twin(model[0]).save_pretrained(tmp_path)
        names = safetensors.torch.load_file(tmp_path / "model.safetensors")
        assert any(name.startswith("model.vision_model.embeddings") for name in names)
    opened, _ = dsvl_min.load(tmp_path)
    assert same(opened, model[0])


def test_half_precision_opens_in_the_format_asked_for(model, tmp_path):
    save_original(*model, tmp_path)
    opened, _ = dsvl_min.load(tmp_path, dtype=torch.bfloat16)
    assert {p.dtype for p in opened.parameters()} == {torch.bfloat16}


def test_a_tied_head_is_not_asked_for_twice(tiny, tmp_path):
    config = ModelConfig.preset("tiny", "siglip")
    config = replace(config, decoder=replace(config.decoder, tied=True))
    tied = shake(DeepSeekVL(config)).half().float()
    export_hf(tied, Processor(tiny[1].tokenizer, config), tmp_path)
    assert "lm_head.weight" not in safetensors.torch.load_file(tmp_path / "model.safetensors")
    opened, _ = dsvl_min.load(tmp_path)
    assert opened.decoder.head.weight is opened.decoder.embed.weight and same(opened, tied)


# what is refused


@pytest.fixture
def folder(tiny, tmp_path):
    save_original(*made("hybrid", tiny[1].tokenizer), tmp_path)
    return tmp_path


def change(folder, edit):
    """Rewrite the folder's tensors through `edit(state)`."""
    state = safetensors.torch.load_file(folder / "model.safetensors")
    edit(state)
    safetensors.torch.save_file(state, folder / "model.safetensors")


LOW = "vision_model.vision_tower_low.vision_tower."


def narrower(state):
    state["aligner.high_up_proj.weight"] = state["aligner.high_up_proj.weight"][:, :-1].contiguous()


def whole_numbers(state):
    state["language_model.lm_head.weight"] = state["language_model.lm_head.weight"].to(torch.int32)


def sharded(folder, rename="model-00002-of-00002.safetensors"):
    state = safetensors.torch.load_file(folder / "model.safetensors")
    half = sorted(state)[: len(state) // 2]
    safetensors.torch.save_file({n: state[n] for n in half}, folder / "model-00001-of-00002.safetensors")
    where = {n: "model-00001-of-00002.safetensors" if n in half else rename for n in state}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))


class Evil:
    def __reduce__(self):
        return os.system, ("echo ran > ran.txt",)


def with_code(folder):
    (folder / "model.safetensors").unlink()
    torch.save({"weight": Evil()}, folder / "pytorch_model.bin")


def bare_pickle(folder):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"weight": Evil()}))


def cut(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-5000])


def cut_bin(folder):
    as_bin(folder, 1)
    path = next(folder.glob("*.bin"))
    path.write_bytes(path.read_bytes()[:-5000])


def without_image_token(folder):
    path = folder / "tokenizer.json"
    path.write_text(path.read_text(encoding="utf-8").replace("<image_placeholder>", "<other>"), encoding="utf-8")


def described(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


REFUSED = {
    "no config": (lambda f: (f / "config.json").unlink(), "config.json is missing"),
    "an unknown model_type": (lambda f: described(f, model_type="llava"), "model_type 'llava'"),
    "a truncated file": (cut, "model.safetensors is damaged"),
    "a truncated pickle": (cut_bin, "bin is damaged"),
    "an index that names an absent file": (sharded, "names model-00002-of-00002.safetensors, which is not in"),
    "an index that points out of the folder": (lambda f: sharded(f, "../x.safetensors"), "names x.safetensors"),
    "an index without its table": (
        lambda f: (f / "model.safetensors.index.json").write_text("{}"), "lacks weight_map"),
    "numbers that aren't floats": (lambda f: change(f, whole_numbers), "lm_head.weight is stored as torch.int32"),
    "a pickle with code in it": (with_code, "holds more than tensors, and is not run"),
    "a bare pickle with code in it": (bare_pickle, "holds more than tensors, and is not run"),
    "a vocabulary without the image token": (without_image_token, "lacks the special token <image_placeholder>"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "no tokenizer"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "model.safetensors is missing"),
    "a missing tensor": (lambda f: change(f, lambda s: s.pop(LOW + "norm.bias")), "lacks " + LOW + "norm.bias"),
    "an extra tensor": (
        lambda f: change(f, lambda s: s.update(extra=torch.zeros(1))), "has unknown extra"),
    "a misshapen tensor": (lambda f: change(f, narrower), r"high_up_proj.weight has shape \[64, 191\].*\[64, 192\]"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_opened_is_refused_by_name(folder, case, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    spoil, named = REFUSED[case]
    spoil(folder)
    with pytest.raises((CheckpointError, ConfigError, FileNotFoundError), match=named):
        dsvl_min.load(folder)
    assert not (tmp_path / "ran.txt").exists()


@pytest.mark.parametrize("name", ["attn_pool.latent", "attn_pool.mlp.fc1.weight"])
def test_what_is_never_run_may_be_absent(folder, name):
    assert DROPPED["original"]
    change(folder, lambda state: state.pop(LOW + name))
    dsvl_min.load(folder)


# the hub


def cached(root, name, commit, source, ref=None):
    """A hub cache in `root` that holds one commit of a model, as huggingface_hub lays it out."""
    repo = root / f"models--{name.replace('/', '--')}"
    shutil.copytree(source, repo / "snapshots" / commit)
    (repo / "refs").mkdir(exist_ok=True, parents=True)
    if ref:
        (repo / "refs" / ref).write_text(commit)


def from_hub(root, code):
    """Run code offline with that cache; the process reads the variables when it starts."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True,
        env={**os.environ, "HF_HUB_CACHE": str(root), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def test_a_hub_id_opens_from_the_cache_at_the_revision_asked_for(folder, tmp_path_factory):
    root = tmp_path_factory.mktemp("hub")
    cached(root, "someone/vl", "a" * 40, folder, "main")
    change(folder, lambda s: s["aligner.layers.1.bias"].fill_(7))
    cached(root, "someone/vl", "b" * 40, folder)
    code = "import dsvl_min; print([float(dsvl_min.load('someone/vl', revision=r)[0].adaptor.out.bias[0]) for r in {}])"
    done = from_hub(root, code.format([None, "main", "b" * 40]))
    assert done.returncode == 0, done.stderr
    first, same_one, pinned = json.loads(done.stdout)
    assert first == same_one != pinned == 7.0
    done = from_hub(root, "import dsvl_min; dsvl_min.load('someone/else')")
    assert "someone/else is neither in the cache nor to be reached" in done.stderr


# memory


def test_no_more_than_the_model_and_one_file_is_ever_in_memory(tiny, tmp_path):
    config = ModelConfig.preset("tiny", "siglip")
    config = replace(config, decoder=replace(config.decoder, width=1024, heads=8, kv_heads=8, mlp_width=2816, layers=5))
    torch.manual_seed(0)
    big, limit = DeepSeekVL(config), 30 * 10**6
    save_original(big, Processor(tiny[1].tokenizer, config), tmp_path, torch.float32, limit)
    model_bytes = sum(p.nbytes for p in big.parameters())
    largest = max(path.stat().st_size for path in tmp_path.glob("*.safetensors"))
    del big
    code = (
        "import dsvl_min, sys\n"
        "dsvl_min.load('tiny')\n"  # whatever the first model costs is not counted
        "read = lambda k: int(next(l for l in open('/proc/self/status') if l.startswith(k)).split()[1]) * 1024\n"
        "before = read('VmRSS')\n"
        "dsvl_min.load(sys.argv[1])\n"
        "print(read('VmHWM') - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert model_bytes > 8 * largest
    assert int(done.stdout) < model_bytes + 1.2 * largest, (int(done.stdout), model_bytes, largest)


def test_the_memory_table_is_the_models_own_bytes():
    config = ModelConfig.preset("tiny")
    assert sum(memory(config, torch.float16).values()) == 2 * sum(p.numel() for p in DeepSeekVL(config).parameters())


def test_seven_billion_in_four_bits_fit_a_t4():
    config = ModelConfig.preset("7b")
    gib = {bits: sum(memory(config, torch.float16, bits).values()) / 2**30 for bits in (None, "8bit", "4bit")}
    assert gib[None] > 13.5 and gib["8bit"] < 8.5 and gib["4bit"] < 5.5


@pytest.mark.parametrize("bits,apart", [("8bit", 0.1), ("4bit", 0.35)])
def test_quantised_weights_answer_nearly_the_same_and_are_as_small_as_the_table_says(tiny, bits, apart):
    pytest.importorskip("bitsandbytes")
    model, processor = tiny
    small, _ = dsvl_min.load("tiny", quantize=bits)
    batch = processor([{"role": "User", "content": "Name a colour."}])
    with torch.no_grad():
        a, b = model.decoder(model.embed(batch["input_ids"])), small.decoder(small.embed(batch["input_ids"]))
    assert worst(b, a) < apart
    held = sum(p.nbytes for name, p in small.named_parameters() if name.startswith("decoder.blocks."))
    told = memory(model.config, torch.float32, bits)["decoder blocks"]
    assert 0.9 < held / told <= 1.0  # the scales lie beside the parameters
    with pytest.raises(CheckpointError, match="quantised weights are for running"):
        to_layout(small, "transformers")


def test_an_unknown_quantisation_is_refused():
    with pytest.raises(CheckpointError, match="2bit"):
        dsvl_min.load("tiny", quantize="2bit")


def test_a_write_that_fails_midway_leaves_no_folder_that_opens(tiny, tmp_path, monkeypatch):
    def full(path, *_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dsvl_min.export.write_atomically", full)
    with pytest.raises(OSError):
        export_hf(*tiny, tmp_path)
    with pytest.raises(CheckpointError, match="config.json is missing"):
        dsvl_min.load(tmp_path)


def test_shards_are_numbered_and_indexed(tmp_path):
    state = {f"t{i}": torch.full((1000,), float(i)) for i in range(5)}
    write_tensors(tmp_path, state, limit=8000)
    where = json.loads((tmp_path / "model.safetensors.index.json").read_text())["weight_map"]
    assert sorted(set(where.values())) == [f"model-0000{i}-of-00003.safetensors" for i in (1, 2, 3)]
