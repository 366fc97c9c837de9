"""The command line: dsvl train | tune | chat | eval | probe | explain | data | export | convert | compare | bench."""

import argparse
import sys
from pathlib import Path

from .checkpoint import CheckpointError
from .config import ADAPTOR_FORMS, SIZES, ConfigError, TrainingStopped
from .processor import InputError


def parser():
    """The argument parser of all verbs."""
    top = argparse.ArgumentParser(prog="dsvl", description="DeepSeek-VL, from scratch.")
    verbs = top.add_subparsers(
        dest="verb",
        required=True,
        metavar="train | tune | chat | eval | probe | explain | data | export | convert | compare | bench",
    )

    p = verbs.add_parser("train", help="train a size through its stages")
    p.add_argument("--size", default="tiny", help=f"one of {', '.join(SIZES)} (default: tiny)")
    p.add_argument("--vision", choices=("siglip", "sam", "hybrid"), help="default: what the size was released with")
    p.add_argument(
        "--stages",
        default="1,2,3",
        help="which, with commas (default: 1,2,3); 0 makes the pretrained parts anew, 4,5,6 are practice (tiny, mini); "
        "one left out is skipped",
    )
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--times", type=int, default=1, help="this many times the steps (default: 1)")
    p.add_argument("--out", type=Path, help="folder for the run (default: runs/SIZE)")
    p.add_argument("--adaptor", choices=ADAPTOR_FORMS, default="hybrid", help="its form (default: hybrid, as released)")
    p.add_argument("--set", action="append", default=[], metavar="STAGE.FIELD=VALUE",
                   help="a field of a stage, such as stage2.text_share=0.7; repeat for several")  # fmt: skip
    p.add_argument(
        "--config", type=Path, metavar="FILE", help="a TOML file of these arguments; what is typed goes first"
    )
    p.add_argument("--sweep", type=Path, metavar="FILE", help="many runs, from a TOML file (see training/sweep.py)")
    p.add_argument("--dry-run", action="store_true", help="say what it would do, how long and in how much memory")
    p.add_argument("--every", type=int, default=100, help="steps between two checkpoints (default: 100)")
    p.add_argument("--restart", action="store_true", help="begin anew; without it, a run that was cut off goes on")
    p.add_argument("--shard", action="store_true", help="under torchrun: divide the model among the ranks (FSDP2)")
    p.add_argument("--device", help="cpu or cuda (default: cuda if there is one)")
    _means(p)
    p.add_argument("--resume", action="store_true", help=argparse.SUPPRESS)  # once needed to go on
    p.add_argument("--quiet", action="store_true", help="no progress bars")
    p.set_defaults(run=train)

    p = verbs.add_parser("tune", help="teach a trained model on records of your own")
    p.add_argument("model", help='"tiny", a folder or a hub id')
    p.add_argument("data", type=Path, help="a .jsonl, .csv or .parquet file, or a folder that holds records.jsonl")
    p.add_argument("--rank", type=int, default=16, help="of LoRA (default: 16); 0 trains the decoder itself")
    p.add_argument("--quantize", choices=("8bit", "4bit"), help="the decoder's matrices, with bitsandbytes")
    p.add_argument("--revision", help="of a hub id: branch, tag or commit")
    p.add_argument("--epochs", type=int, default=3, help="times over the records (default: 3)")
    p.add_argument("--batch", type=int, default=16, help="records a step (default: 16)")
    p.add_argument("--held-out", type=float, default=0.1, help="share of records kept aside (default: 0.1)")
    p.add_argument("--skip", action="store_true", help="leave bad records out, and count them")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--out", type=Path, default=Path("runs/tuned"), help="folder (default: runs/tuned)")
    p.add_argument("--set", action="append", default=[], metavar="tune.FIELD=VALUE", help="a field of the stage")
    p.add_argument("--every", type=int, default=100, help="steps between two checkpoints (default: 100)")
    p.add_argument("--restart", action="store_true", help="begin anew; without it, a run that was cut off goes on")
    p.add_argument("--device", help="cpu or cuda (default: cuda if there is one)")
    _means(p)
    p.add_argument("--quiet", action="store_true", help="no progress bars")
    p.set_defaults(run=tune)

    p = verbs.add_parser("chat", help="ask about images; without a question, a conversation")
    p.add_argument("question", nargs="?", help="asked once; leave out to talk")
    p.add_argument("--image", action="append", default=[], help="an image file; repeat for several")
    _model(p)
    p.add_argument("--temperature", type=float, default=0.0, help="0 (default) always takes the likeliest token")
    p.add_argument("--max-new-tokens", type=int, default=96)
    p.set_defaults(run=chat)

    p = verbs.add_parser("eval", help="the tasks, each with its three controls")
    _model(p)
    p.add_argument("--seed", type=int, default=0, help="which held-out samples")
    p.add_argument("--count", type=int, default=500, help="samples a task (default: 500)")
    p.add_argument("--tasks", help="only these, with commas")
    p.add_argument("--json", type=Path, help="write the table there too")
    p.add_argument("--quiet", action="store_true", help="no progress bar")
    p.set_defaults(run=evaluate)

    p = verbs.add_parser("probe", help="CLIP-blind pairs: what each encoder can tell apart")
    p.add_argument("--size", default="tiny")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--count", type=int, default=200, help="pairs a family (default: 200)")
    p.add_argument("--json", type=Path, help="write the numbers there too")
    p.set_defaults(run=probe)

    p = verbs.add_parser("explain", help="which pixels an answer rests on, as a picture")
    p.add_argument("question")
    p.add_argument("--image", required=True)
    _model(p)
    p.add_argument("--out", type=Path, default=Path("explained.png"))
    p.set_defaults(run=explain)

    parts = verbs.add_parser("data", help="look at what the model reads, check data of your own").add_subparsers(
        dest="part", required=True, metavar="check | show | stats"
    )
    p = parts.add_parser("check", help="every bad record of a file, with its line and reason")
    p.add_argument("path", help="a .jsonl, .csv or .parquet file, or a folder that holds records.jsonl")
    p.add_argument("--size", help="measure records against the context of tiny, mini, a model's folder or a hub id")
    p.add_argument("--quiet", action="store_true", help="no progress bar")
    p.set_defaults(run=data_check)
    p = parts.add_parser("show", help="samples of a source with questions and answers, as one picture")
    p.add_argument("--source", required=True, help="its name")
    p.add_argument("--n", type=int, default=16, help="how many samples (default: 16)")
    p.add_argument("--size", type=int, default=128, help="side of a picture in pixels (default: 128)")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--out", type=Path, default=Path("sheet.png"))
    p.set_defaults(run=data_show)
    p = parts.add_parser("stats", help="shares, lengths, images, answer priors and padding of a mixture")
    p.add_argument("--table", default="pretraining", help="pretraining (default) or instructions, Table 1 or 2")
    p.add_argument("--n", type=int, default=2000, help="how many samples, about (default: 2000)")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--json", type=Path, help="write the numbers there too")
    p.set_defaults(run=data_stats)

    p = verbs.add_parser("export", help="write a folder that transformers opens")
    p.add_argument("model", help='"tiny", a folder or a hub id')
    p.add_argument("folder", type=Path)
    _stored(p)
    p.add_argument("--license", help="for the model card")
    p.set_defaults(run=export)

    p = verbs.add_parser("convert", help="open any layout, write our own (or the original one)")
    p.add_argument("model", help="a folder or a hub id, in any layout")
    p.add_argument("folder", type=Path)
    p.add_argument("--to", choices=("own", "original"), default="own", help="default: own")
    _stored(p)
    p.set_defaults(run=convert)

    p = verbs.add_parser("compare", help="two models on the same input, component by component")
    p.add_argument("a", help='"tiny", a folder or a hub id; "transformers:FOLDER" is opened by transformers\' own code')
    p.add_argument("b")
    p.add_argument("--image", help="an image file (default: a picture of noise)")
    p.add_argument("--question", default="What is in the image?")
    p.add_argument("--tolerance", type=float, help="share of a component's largest value that still counts as equal")
    p.set_defaults(run=compare)

    p = verbs.add_parser("bench", help="speed and memory beside transformers, same weights, by turns")
    p.add_argument("--size", default="tiny", help="100m, or a named size (default: tiny)")
    p.add_argument("--device", help="cpu or cuda (default: cuda if there is one)")
    p.add_argument("--dtype", choices=("float32", "float16", "bfloat16"), default="float32")
    p.add_argument("--seconds", type=float, default=6.0, help="for each row (default: 6)")
    p.add_argument("--compile", action="store_true", help="encoding and training compiled as well, on both sides")
    p.add_argument("--json", type=Path, help="write the numbers there too")
    p.add_argument("--quiet", action="store_true", help="no progress")
    p.set_defaults(run=bench)
    return top


def _model(p):
    p.add_argument("--model", default="tiny", help='"tiny", a folder or a hub id (default: tiny)')
    p.add_argument("--revision", help="of a hub id: branch, tag or commit")
    p.add_argument("--quantize", choices=("8bit", "4bit"), help="the decoder's matrices, with bitsandbytes")
    p.add_argument("--device", help="cpu or cuda (default: cuda if there is one)")


def _means(p):
    p.add_argument("--rows", type=int, default=0, help="rows at once, at most, for a small memory (default: a third)")
    p.add_argument("--recompute", action="store_true", help="keep less for the backward pass, and compute it again")
    p.add_argument("--compile", action="store_true", help="put the blocks through torch.compile")
    p.add_argument("--tensorboard", action="store_true", help="write losses for TensorBoard too, to OUT/tensorboard")


def _stored(p):
    p.add_argument("--revision", help="of a hub id: branch, tag or commit")
    p.add_argument("--dtype", choices=("float32", "float16", "bfloat16"), default="float16", help="default: float16")
    p.add_argument("--quiet", action="store_true", help="no progress bars")


def _open(args):
    """(model, processor) of the arguments that `_model` adds."""
    import torch

    from . import load

    device = args.device or ("cuda" if torch.cuda.is_available() else "cpu")
    return load(args.model, device=device, revision=args.revision, quantize=args.quantize, progress="/" in args.model)


def train(args):
    """`dsvl train`: run the stages and say where the model was saved."""
    if args.sweep:
        from .training.sweep import as_table, sweep

        rows = sweep(args.sweep, args.restart)
        print(as_table(rows))
        return int(any("failed" in row for row in rows))
    from .training.run import dry_run
    from .training.run import train as run
    from .training.trainer import Means

    try:
        stages = tuple(int(n) for n in args.stages.split(","))
    except ValueError:
        raise ConfigError(f"--stages takes numbers with commas, such as 1,2,3; got {args.stages!r}") from None
    changes = _changes(args)
    if args.dry_run:
        plain = args.size, args.vision, stages, args.seed, args.times, changes, args.adaptor
        print(dry_run(*plain, args.recompute))
        return
    _, _, record = run(
        args.size, args.vision, stages, args.out, args.seed, args.quiet, args.times, resume=not args.restart,
        every=args.every, changes=changes, shard=args.shard, device=args.device, adaptor=args.adaptor,
        means=Means(args.rows, args.recompute, args.compile), tensorboard=args.tensorboard,
    )  # fmt: skip
    if record is None:  # another rank tells
        return
    out = args.out or Path("runs") / record["size"]
    spent = ", ".join(f"{name} {minutes:.1f}" for name, minutes in record["minutes"].items())
    print(f"saved to {out}  (minutes: {spent})")


def _changes(args):
    """--set as a dictionary."""
    wrong = [text for text in args.set if "=" not in text]
    if wrong:
        raise ConfigError(f"--set takes STAGE.FIELD=VALUE, such as stage2.text_share=0.7; got {wrong[0]!r}")
    return dict(text.split("=", 1) for text in args.set)


def tune(args):
    """`dsvl tune`: teach, and say how many held-out records are answered right."""
    from .training.trainer import Means
    from .training.tune import as_table
    from .training.tune import tune as run

    _, _, record = run(
        args.model, args.data, args.out, args.rank, args.quantize, args.revision, args.epochs, args.batch, args.seed,
        args.held_out, "skip" if args.skip else "raise", args.quiet, args.every, not args.restart, _changes(args),
        args.device, Means(args.rows, args.recompute, args.compile), args.tensorboard,
    )  # fmt: skip
    if record is None:  # another rank tells
        return
    print(as_table(record))
    small = f", quantize={args.quantize!r}" if args.quantize else ""
    print(f"{args.out}: open it with dsvl_min.load({str(args.out)!r}{small})  ({record['minutes']:.1f} minutes)")


def chat(args):
    """`dsvl chat`: answer one question, or hold a conversation at the terminal."""
    model, processor = _open(args)
    say = Speaker(model, processor, args.temperature, args.max_new_tokens)
    if args.question is not None:
        print(say(args.question, args.image))
        return
    print('Ask away. "/image PATH" adds an image to your next question, "/new" starts over, "/quit" ends.')
    waiting = list(args.image)
    while True:
        try:
            line = input("You: ").strip()
        except (EOFError, KeyboardInterrupt):
            print()
            return
        if line in ("/quit", "/exit"):
            return
        if line == "/new":
            say.messages.clear()
            waiting.clear()
        elif line.startswith("/image"):
            waiting += [line.removeprefix("/image").strip()]
        elif line:
            try:
                print("Assistant:", say(line, waiting))
            except ValueError as error:  # InputError, or a prompt that leaves no room for an answer
                print(error)
            waiting.clear()


class Speaker:
    """A conversation in progress: call it with a question and its images, get the answer."""

    def __init__(self, model, processor, temperature=0.0, max_new_tokens=96):
        self.model, self.processor, self.messages = model, processor, []
        self.settings = {"temperature": temperature, "max_new_tokens": max_new_tokens}

    def __call__(self, question, images=()):
        tag = self.processor.config.image_tag
        missing = max(0, len(images) - question.count(tag))
        message = {"role": "User", "content": (tag + "\n") * missing + question, "images": list(images)}
        batch = self.processor([*self.messages, message]).to(self.model.device, self.model.dtype)
        answer = self.processor.decode(self.model.generate(**batch, **self.settings)[0])
        self.messages += [message, {"role": "Assistant", "content": answer or "…"}]
        return answer


def _opened(args):
    """(model, processor, dtype) of the arguments that `_stored` adds: on the CPU, in the format to be written."""
    import torch

    from . import load

    dtype = getattr(torch, args.dtype)
    model, processor = load(args.model, dtype, revision=args.revision, progress=not args.quiet)
    return model, processor, dtype


def export(args):
    """`dsvl export`: the transformers layout."""
    from .export import export_hf

    model, processor, dtype = _opened(args)
    export_hf(model, processor, args.folder, dtype, args.license, progress=not args.quiet)
    print(f'{args.folder}: open it with transformers.pipeline("image-text-to-text", {str(args.folder)!r})')


def convert(args):
    """`dsvl convert`: our own layout, or the original one."""
    from .checkpoint import save, save_original

    model, processor, dtype = _opened(args)
    if args.to == "own":
        save(model, processor, args.folder, dtype, progress=not args.quiet)
    else:
        save_original(model, processor, args.folder, dtype)
    print(f"{args.folder}: open it with dsvl_min.load({str(args.folder)!r})")


def compare(args):
    """`dsvl compare`: print the ladder; each model reads the input through its own processor."""
    from PIL import Image

    from .compare import TOLERANCE, as_table, ladder, open_model

    (a, first), (b, second) = open_model(args.a), open_model(args.b)
    picture = args.image or Image.effect_noise((200, 150), 80).convert("RGB")
    tag = first.config.image_tag
    asked = [{"role": "User", "content": f"{tag}\n{args.question}", "images": [picture]}]
    print(as_table(ladder(a, b, first(asked), second(asked), args.tolerance or TOLERANCE)))


def bench(args):
    """`dsvl bench`: print the table, each row as it is measured."""
    import torch

    from .bench import as_table
    from .bench import bench as run
    from .evaluation.tasks import write_json

    result = run(args.size, args.device, getattr(torch, args.dtype), args.seconds, args.quiet, compiled=args.compile)
    print(as_table(result))
    if args.json:
        write_json(result, args.json)


def evaluate(args):
    """`dsvl eval`: print every task with its controls."""
    from .checkpoint import check_world, find
    from .data.sources import world_hash
    from .evaluation.tasks import TASKS, as_table, named, write_json
    from .evaluation.tasks import evaluate as run

    tasks = named([name.strip() for name in args.tasks.split(",")]) if args.tasks else TASKS
    check_world(find(args.model, args.revision), world_hash())
    model, processor = _open(args)
    result = {"model": args.model, **run(model, processor, args.seed, args.count, tasks, quiet=args.quiet)}
    print(as_table(result))
    if args.json:
        write_json(result, args.json)


def probe(args):
    """`dsvl probe`: print what each encoder can tell apart."""
    from .evaluation.tasks import write_json
    from .probes.blind_pairs import as_table, measure, pretrained_encoders

    result = measure(pretrained_encoders(args.size), seed=args.seed, count=args.count)
    print(as_table(result))
    if args.json:
        write_json(result, args.json)


def explain(args):
    """`dsvl explain`: draw which pixels an answer rests on."""
    from .explain.picture import explain as draw

    model, processor = _open(args)
    print(draw(model, processor, args.image, args.question, args.out))


def data_check(args):
    """`dsvl data check`: print what is wrong line by line, then the sums; 1 if anything is."""
    from tqdm import tqdm

    from .data.check import check, size_of
    from .data.quarantine import Report
    from .data.taxonomy import LEAVES

    processor = _processor(args.size) if args.size else None
    report = Report(examples=0)
    records = check(args.path, processor, LEAVES)
    for line, problems in tqdm(records, total=size_of(args.path), unit=" records", disable=args.quiet or None):
        for problem in problems:
            tqdm.write(f"line {line}: {problem}")
        if problems:
            report.reject(f"line {line}", problems)
        else:
            report.accepted += 1
    print(report)
    return 1 if report.rejected else 0


def _processor(size):
    """The Processor of a size or model, its weights unread."""
    from .checkpoint import describe, find
    from .config import ModelConfig
    from .processor import Processor

    if size != "mini":
        return describe(find(size))[1]
    return Processor(_processor("tiny").tokenizer, ModelConfig.preset(size))  # one recipe makes both tokenizers


def data_show(args):
    """`dsvl data show`: a contact sheet."""
    from .data.show import draws, lacks_font, sheet

    samples = draws(args.source, args.n, args.seed)
    sheet(samples, args.size).save(args.out)
    print(f"{args.out}: {args.n} samples of {args.source}")
    if lacks_font(samples):
        print("No font with Chinese characters was found: they show as boxes.")


def data_stats(args):
    """`dsvl data stats`: print what a table's mixture turns out to hold."""
    from . import load
    from .data.mixture import Mixture
    from .data.stats import as_table, measure
    from .data.tables import TABLES, rows
    from .evaluation.tasks import write_json

    if args.table not in TABLES:
        raise ConfigError(f"no table {args.table!r}; the tables are {' and '.join(TABLES)}")
    table = TABLES[args.table]
    mixture = Mixture(rows(table), batch_size=64, seed=args.seed)
    reads = "pages" if args.table == "pretraining" else "dialogues"
    result = measure(mixture, load("tiny")[1], args.n, reads)
    print(as_table(result))
    if args.json:
        write_json(result, args.json)


def main(argv=None):
    """Entry point.  A mistake in what was asked ends in one line on standard error and exit code 2."""
    words = sys.argv[1:] if argv is None else argv
    args = parser().parse_args(words)
    try:
        if getattr(args, "config", None):  # the file's arguments come before what was typed, which so has the last word
            from .training.sweep import arguments, settings

            args = parser().parse_args([args.verb, *arguments(settings(args.config)), *words[1:]])
        return args.run(args) or 0
    except (ConfigError, CheckpointError, InputError, ValueError) as error:
        print(f"dsvl {args.verb}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"dsvl {args.verb}: {error}", file=sys.stderr)
        return 2
    except TrainingStopped as error:
        print(f"dsvl {args.verb}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"dsvl {args.verb}: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
