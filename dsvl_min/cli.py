"""The command line: dsvl train | chat | eval | probe | explain."""

import argparse
import sys
from pathlib import Path

from .checkpoint import CheckpointError
from .config import SIZES, ConfigError
from .processor import InputError


def parser():
    """The argument parser of all five verbs."""
    top = argparse.ArgumentParser(prog="dsvl", description="DeepSeek-VL, from scratch.")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="train | chat | eval | probe | explain")

    p = verbs.add_parser("train", help="train a size through its stages")
    p.add_argument("--size", default="tiny", help=f"one of {', '.join(SIZES)} (default: tiny)")
    p.add_argument("--vision", choices=("siglip", "sam", "hybrid"), help="default: what the size was released with")
    p.add_argument(
        "--stages",
        default="1,2,3",
        help="which, with commas (default: 1,2,3); 0 makes the pretrained parts anew, one left out is skipped",
    )
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--times", type=int, default=1, help="this many times the steps (default: 1)")
    p.add_argument("--out", type=Path, help="folder for the run (default: runs/SIZE)")
    p.add_argument("--resume", action="store_true", help="go on after the last stage finished in that folder")
    p.add_argument("--quiet", action="store_true", help="no progress bars")
    p.set_defaults(run=train)

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
    return top


def _model(p):
    p.add_argument("--model", default="tiny", help='"tiny" or a folder (default: tiny)')


def train(args):
    """`dsvl train`: run the stages and say where the model was saved."""
    from .training.run import train as run

    try:
        stages = tuple(int(n) for n in args.stages.split(","))
    except ValueError:
        raise ConfigError(f"--stages takes numbers with commas, such as 1,2,3; got {args.stages!r}") from None
    _, _, record = run(args.size, args.vision, stages, args.out, args.seed, args.quiet, args.times, args.resume)
    out = args.out or Path("runs") / record["size"]
    spent = ", ".join(f"{name} {minutes:.1f}" for name, minutes in record["minutes"].items())
    print(f"saved to {out}  (minutes: {spent})")


def chat(args):
    """`dsvl chat`: answer one question, or hold a conversation at the terminal."""
    from . import load

    model, processor = load(args.model)
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
        batch = self.processor([*self.messages, message])
        answer = self.processor.decode(self.model.generate(**batch, **self.settings)[0])
        self.messages += [message, {"role": "Assistant", "content": answer or "…"}]
        return answer


def evaluate(args):
    """`dsvl eval`: print every task with its controls."""
    from . import load
    from .evaluation.tasks import TASKS, as_table, write_json
    from .evaluation.tasks import evaluate as run

    tasks = TASKS
    if args.tasks:
        wanted = [name.strip() for name in args.tasks.split(",")]
        unknown = sorted(set(wanted) - {t.name for t in TASKS})
        if unknown:
            raise ConfigError(f"no task {', '.join(unknown)}; the tasks are {', '.join(t.name for t in TASKS)}")
        tasks = tuple(t for t in TASKS if t.name in wanted)
    model, processor = load(args.model)
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
    from . import load
    from .explain.picture import explain as draw

    model, processor = load(args.model)
    print(draw(model, processor, args.image, args.question, args.out))


def main(argv=None):
    """Entry point.  A mistake in what was asked ends in one line on standard error and exit code 2."""
    args = parser().parse_args(argv)
    try:
        args.run(args)
    except (ConfigError, CheckpointError, InputError, ValueError) as error:
        print(f"dsvl {args.verb}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"dsvl {args.verb}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"dsvl {args.verb}: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
