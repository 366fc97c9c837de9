"""What a mixture turns out to hold: shares, lengths, images, answer priors, and how much of a batch is padding."""

from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np

from ..config import require
from ..processor import Processor
from .collate import row as as_row
from .packing import buckets, first_fit, padding

MICRO = 16  # rows that run together: the piece of a batch that is filled up to one length


def measure(mixture, processor, count=2000, reads="pages"):
    """Draw about `count` samples (whole batches) and measure them: a table for json.

    reads: how samples become tokens, see `collate.row`.  In the table: shares, of the samples and of the
    tokens; tokens of a sample, image tokens included; images, the share of the samples with 0, 1, 2, … of them;
    priors, each source's most frequent answer, its share of all answers, and how many different ones there are;
    padding, its share where rows run sixteen at a time, as they come or (bucketed) sorted by length within their
    batch, and where a batch is packed into sequences of the decoder's length; too_long, samples longer than that
    (left out of padding).  Raises ConfigError for no samples.
    """
    require(count >= 1, f"at least 1 sample is needed to measure, got {count!r}")
    length = processor.config.decoder.max_positions
    reader = patient(processor)
    samples, tokens, images, answers = Counter(), defaultdict(list), Counter(), defaultdict(Counter)
    plain, sorted_, packed = [], [], [0, 0]
    steps = -(-count // mixture.batch_size)
    for step in range(steps):
        lengths = []
        for row, source, seed, index in mixture.plan(step):
            made = source(seed, index)
            lengths.append(len(as_row(made, reader, reads)[0]))
            samples[row.name] += 1
            tokens[row.name].append(lengths[-1])
            images[len(made.images)] += 1
            answers[source.name].update([answer for _, answer in made.turns] or [made.text])
        fit = [n for n in lengths if n <= length]
        plain += [fit[i : i + MICRO] for i in range(0, len(fit), MICRO)]
        sorted_ += [[fit[i] for i in group] for group in buckets(fit, MICRO)]
        packed[0] += sum(fit)
        packed[1] += len(first_fit(fit, length)[0]) * length
    every = np.concatenate(list(tokens.values()))
    drawn, whole = sum(samples.values()), sum(row.share for row in mixture.rows)
    return {
        "samples": drawn,
        "batches": steps,
        "batches_of_text": sum(mixture.reads_text(step) for step in range(steps)),
        "shares": {
            row.name: {
                "asked": round(row.share / whole, 5),
                "samples": round(samples[row.name] / drawn, 5),
                "tokens": round(sum(tokens[row.name]) / int(every.sum()), 5),
                **_spread(tokens[row.name]),
            }
            for row in mixture.rows
        },
        "tokens": _spread(every),
        "images": {str(n): round(images[n] / drawn, 4) for n in sorted(images)},
        "priors": {name: _prior(answers[name]) for name in sorted(answers)},
        "padding": {
            "as_they_come": round(padding(plain), 4),
            "bucketed": round(padding(sorted_), 4),
            "packed": round(1 - packed[0] / packed[1], 4) if packed[1] else 0.0,
        },
        "length": length,
        "too_long": int((every > length).sum()),
    }


def patient(processor):
    """A processor that doesn't refuse a conversation for its length."""
    config = processor.config
    endless = replace(config, decoder=replace(config.decoder, max_positions=10**9))
    return Processor(processor.tokenizer, endless, processor.system_prompt)


def _spread(tokens):
    """Median, 95th percentile and longest; zeros for none."""
    if not len(tokens):
        return {"median": 0, "95%": 0, "longest": 0}
    median, most = np.percentile(tokens, [50, 95])
    return {"median": round(float(median)), "95%": round(float(most)), "longest": int(max(tokens))}


def _prior(answers):
    """The most frequent answer of a Counter, and its share."""
    (answer, times), *_ = answers.most_common(1)
    return {"answer": answer, "share": round(times / answers.total(), 4), "different": len(answers)}


def as_table(result):
    """What `measure` returned, as text for a terminal."""
    lines = [
        f"{result['samples']:,} samples in {result['batches']} batches, {result['batches_of_text']} of them text alone",
        "",
        f"{'row':12} {'asked':>7} {'samples':>8} {'tokens':>7}   "
        f"{'tokens of a sample: median':>26} {'95 %':>6} {'longest':>8}",
    ]
    for name, row in result["shares"].items():
        lines.append(
            f"{name:12} {row['asked']:7.1%} {row['samples']:8.1%} {row['tokens']:7.1%}   "
            f"{row['median']:26} {row['95%']:6} {row['longest']:8}"
        )
    every = result["tokens"]
    lines += [f"{'all':37}   {every['median']:26} {every['95%']:6} {every['longest']:8}", ""]
    lines += [f"{'source':28} {'answers':>8}   most frequent"]
    for name, prior in result["priors"].items():
        answer = " ".join(prior["answer"].split())
        answer = answer if len(answer) <= 48 else answer[:47] + "…"
        lines.append(f"{name:28} {prior['different']:8,}   {prior['share']:6.1%}  {answer}")
    parts = ", ".join(f"{n} in {share:.1%}" for n, share in result["images"].items())
    padding_ = result["padding"]
    lines += [
        "",
        f"images of a sample: {parts}",
        f"padding: {padding_['as_they_come']:.1%} as they come, {padding_['bucketed']:.1%} in buckets, "
        f"{padding_['packed']:.1%} packed into {result['length']}",
    ]
    if result["too_long"]:
        lines.append(f"longer than {result['length']} tokens: {result['too_long']} samples")
    return "\n".join(lines)
