"""The taxonomy of instructions (paper Table 3), leaf by leaf: what the world can draw of it, and what it can't.

A leaf's slug is its name in `sources.sample` too.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from .instructions import (
    analysis,
    commonsense,
    conversion,
    evaluation,
    everyday,
    local,
    logic,
    multigraph,
    recognition,
    safety,
    transcription,
)

# Leaves of each main class in the paper's table.
COUNTS = {
    "Recognition": 18, "Conversion": 9, "Analysis": 18, "Commonsense Reasoning": 19, "Logical Reasoning": 8,
    "Evaluation": 5, "Multi-graph": 8, "Safety": 3,
}  # fmt: skip
# A secondary class that the paper gives no leaves.
LEAFLESS = (("Commonsense Reasoning", "Humor Reasoning"),)


@dataclass(frozen=True)
class Leaf:
    """One kind of instruction.

    main, secondary, name: the paper's words (secondary is "" where the paper has none).  make: its generator, or
    None; then reason says why the world can't draw it, and real where data for it lies.
    """

    slug: str
    main: str
    secondary: str
    name: str
    make: Callable | None = None
    reason: str = ""
    real: str = ""


def _leaves():
    photographs = "the world has no photographs"
    knowledge = "knowledge of the real world can't be made up in an invented one"
    rows = {
        ("recognition/global", "Recognition", "Global Description"): (
            ("theme", "Theme Description", recognition.theme),
            ("event", "Event/Behavior Description", recognition.event),
            ("scene", "Location/Scene Description", recognition.scene),
            ("mood", "Emotion/Mood Description", recognition.mood),
            ("style", "Style Recognition", recognition.style),
            ("food", "Food Recognition", photographs + ", and food is told by texture", "Food-101"),
            ("others", "Others", "a remainder: it names no task to draw", "ShareGPT4V"),
        ),
        ("recognition/local", "Recognition", "Local Description"): (
            ("pointing", "Pointing Description", local.pointing),
            ("position", "Position Description", local.position),
            ("person", "Person Recognition", "who someone is needs real faces", "CelebA"),
            ("attribute", "Object Attribute Description", local.attribute),
            ("logo", "Logo Recognition", local.logo),
            ("counting", "Counting", local.counting),
            ("currency", "Currency Recognition", local.currency),
        ),
        ("recognition/transcription", "Recognition", "OCR and Transcription"): (
            ("printed", "Printed Text Transcription", transcription.printed),
            ("handwritten", "Handwritten Text Transcription", transcription.handwritten),
            ("specified-format", "Specified Format Transcription", transcription.specified_format),
            ("specified-language", "Specified Language Transcription", transcription.specified_language),
        ),
        ("conversion/image-to-code", "Conversion", "Image to Code"): (
            ("ui", "UI to Code", conversion.ui),
            ("chart", "Chart to Code", conversion.chart_to_code),
            ("svg", "Photo to SVG/p64 Encoding", conversion.svg),
            ("formula", "Formula to Code", conversion.formula),
            ("flowchart", "Flowchart to Code", conversion.flowchart_to_code),
        ),
        ("conversion/image-to-text", "Conversion", "Image to Text"): (
            ("prompt", "Image to Prompt", conversion.prompt),
            ("summary", "Text Summary", conversion.summary),
            ("creation", "Image-based Creation", "a story has no one right answer to check", "VIST"),
            ("interpretation", "Text Interpretation", conversion.interpretation),
        ),
        ("analysis/data-chart", "Analysis", "Data Chart Analysis"): (
            ("graph", "Graph Interpretation", analysis.graph),
            ("table", "Table Interpretation", analysis.tabular),
        ),
        ("analysis/professional-chart", "Analysis", "Professional Chart Analysis"): (
            ("circuit", "Circuit Diagram", analysis.circuit_diagram),
            ("flowchart", "Flowchart", analysis.flowchart),
            ("map", "Map", analysis.map_of_roads),
            ("music", "Music Score", analysis.music),
            ("financial", "Financial Chart", analysis.financial),
            ("floor-plan", "Floor Plan", analysis.floor_plan),
            ("others", "Others", "a remainder: it names no task to draw", "AI2D"),
        ),
        ("analysis/professional-image", "Analysis", "Professional Image Analysis"): (
            ("sensor", "Sensor Image", analysis.sensor),
            ("medical", "Biological and Medical Image", "needs real tissue and those who can read it", "PathVQA"),
            ("voiceprint", "Voiceprint Image", "needs recorded voices, drawn as spectrograms", "VoxCeleb"),
            ("point-cloud", "Point Cloud Image", "the world is flat: it has no depth to scan", "ModelNet40"),
        ),
        ("analysis/encyclopedia", "Analysis", "Encyclopedia Knowledge Analysis"): (
            ("art", "Art and Culture Knowledge", knowledge, "SemArt"),
            ("nature", "Natural Environment Knowledge", knowledge, "Encyclopedic-VQA"),
            ("daily-life", "Food/Clothing/Housing/Transportation Related Knowledge", knowledge, "OK-VQA"),
            ("entertainment", "Entertainment Related Knowledge", knowledge, "MovieNet"),
            ("history", "Historical Knowledge", knowledge, "InfoSeek"),
        ),
        ("commonsense/relationship", "Commonsense Reasoning", "Relationship Reasoning"): (
            ("interpersonal", "Interpersonal Relationship", "the world has no people", "PISC"),
            ("spatial", "Spatial Relationship", commonsense.spatial),
            ("size", "Size Relationship", commonsense.size),
            ("species", "Species Relationship", "the world has no plants or animals", "iNaturalist"),
        ),
        ("commonsense/function", "Commonsense Reasoning", "Function Reasoning"): (
            ("hardware", "Hardware Function Reasoning", "flat shapes have no use to reason about", "A-OKVQA"),
            ("software", "Software Function Reasoning", commonsense.software),
        ),
        ("commonsense/environment", "Commonsense Reasoning", "Environment Reasoning"): (
            ("state", "Environment State Analysis", commonsense.environment_state),
            ("behaviour", "Environment-based Behavior Reasoning", commonsense.environment_behaviour),
            ("embodied", "Embodied Intelligence", commonsense.embodied),
        ),
        ("commonsense/anomaly", "Commonsense Reasoning", "Anomaly Reasoning"): (
            ("identifying", "Identifying Anomalies in Images", commonsense.anomaly),
            ("defect", "Defect Detection", commonsense.defect),
            ("accident", "Accident Judgment", photographs + ", and blame needs traffic as it is", "DoTA"),
        ),
        ("commonsense/other", "Commonsense Reasoning", "Other Commonsense Reasoning"): (
            ("state", "State Reasoning", everyday.state),
            ("cause", "Cause Reasoning", everyday.cause),
            ("attribute-comparison", "Attribute Comparison", everyday.attribute_comparison),
            ("illusion", "Optical Illusion", everyday.illusion),
            ("games", "Fun Games", everyday.games),
            ("intention", "Intention Interpretation", everyday.intention),
            ("prediction", "Behavior Prediction", everyday.prediction),
        ),
        ("logic/mathematical", "Logical Reasoning", "Mathematical Reasoning"): (
            ("algebra", "Algebra and Operation", logic.algebra),
            ("plane-geometry", "Plane Geometry", logic.plane_geometry),
            ("solid-geometry", "Solid Geometry", logic.solid_geometry),
        ),
        ("logic/other", "Logical Reasoning", "Other Logical Reasoning"): (
            ("physics", "Physics", logic.physics),
            ("chemistry", "Chemistry", logic.chemistry),
            ("biology", "Biology", "the world has nothing alive", "ScienceQA"),
            ("code", "Code", logic.code),
            ("iq", "IQ Questions", logic.iq),
        ),
        ("evaluation", "Evaluation", ""): (
            ("reality", "Reality Evaluation", evaluation.reality),
            ("similarity", "Similarity Evaluation", evaluation.similarity),
            ("aesthetic", "Aesthetic Evaluation", "beauty is a judgement of people, not a fact of a scene", "AVA"),
            ("open-ended", "Open-ended Evaluation", "has no one right answer to check", "LLaVA-Bench (In-the-Wild)"),
            ("improvement", "Improvement Suggestions", evaluation.improvement),
        ),
        ("multi-graph/temporal", "Multi-graph", "Temporal Sequence Understanding"): (
            ("event-prediction", "Event Prediction", multigraph.event_prediction),
            ("sequencing", "Image Sequencing", multigraph.sequencing),
            ("behaviour", "Behavior Analysis", multigraph.behaviour),
        ),
        ("multi-graph/comparison", "Multi-graph", "Multi-graph Comparison"): (
            ("attribute", "Attribute Comparison", multigraph.attribute_comparison),
            ("matching", "Image-Text Matching", multigraph.matching),
            ("associations", "Finding Associations", multigraph.associations),
            ("spotting-differences", "Spotting Differences", multigraph.spotting),
            ("discrimination", "Image Discrimination", multigraph.discrimination),
        ),
        ("safety", "Safety", ""): (
            ("suggestive-questioning", "Suggestive Questioning", safety.suggestive),
            ("counterfactual-questioning", "Counterfactual Questioning", safety.counterfactual),
            ("prompt-injection", "Prompt Injection", safety.injection),
        ),
    }  # fmt: skip
    for (path, main, secondary), leaves in rows.items():
        for short, name, what, *real in leaves:
            how = {"make": what} if callable(what) else {"reason": what, "real": real[0]}
            yield Leaf(f"{path}/{short}", main, secondary, name, **how)


LEAVES = {leaf.slug: leaf for leaf in _leaves()}
DRAWN = tuple(slug for slug, leaf in LEAVES.items() if leaf.make)


def leaf(slug):
    """The leaf of that slug.  Raises KeyError that lists the leaves nearest to it."""
    if slug in LEAVES:
        return LEAVES[slug]
    near = [s for s in LEAVES if s.split("/")[0] == slug.split("/")[0]] or list(COUNTS)
    raise KeyError(f"the taxonomy has no leaf {slug!r}; there are {', '.join(near)}")


def make(slug, rng, difficulty=1.0, split="train"):
    """A Sample of a leaf.  split matters to real handwriting alone.

    Raises ValueError for a leaf that can't be drawn.
    """
    found = leaf(slug)
    if found.make is None:
        raise ValueError(f"{slug} has no generator: {found.reason}; real data: {found.real}")
    if found.make is transcription.handwritten:
        return found.make(rng, difficulty, split)
    return found.make(rng, difficulty)


def taxonomy(rng, difficulty=1.0, split="train"):
    """A Sample of any leaf that can be drawn, all equally often (paper Table 2, first row)."""
    return make(rng.choice(DRAWN), rng, difficulty, split)


def as_table():
    """The taxonomy as rows of text: main class, secondary class, leaf, and how it is made or where real data lies."""
    return [(f.main, f.secondary, f.name, f.slug if f.make else f"{f.reason} ({f.real})") for f in LEAVES.values()]


def per_class():
    """{main class: (leaves, of which have a generator)}."""
    leaves, drawn = (Counter(f.main for f in LEAVES.values() if f.make or every) for every in (True, False))
    return {main: (leaves[main], drawn[main]) for main in COUNTS}
