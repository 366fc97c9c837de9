import pytest
import torch

from dsvl_min.config import ConfigError, ModelConfig
from dsvl_min.data.collate import asked
from dsvl_min.data.sources import sample
from dsvl_min.evaluation.tasks import TASKS, questions
from dsvl_min.model import DeepSeekVL
from dsvl_min.training.loop import schedule
from dsvl_min.training.run import changed
from dsvl_min.training.stages import PARTS, STAGES, Recipe, Share, Stage, longer, part_of
from dsvl_min.training.trainer import trainable

MIX = (Share("naming", 1),)


def test_every_parameter_belongs_to_one_part():
    parts = {part_of(name) for name, _ in DeepSeekVL(ModelConfig.preset("tiny")).named_parameters()}
    assert parts == set(PARTS)
    assert part_of("vision.sam.downsample.first.weight") == part_of("vision.sam.alpha") == "necks"
    assert part_of("vision.sam.neck.mix.weight") == part_of("vision.sam.early_neck.norm1.weight") == "necks"
    assert part_of("vision.sam.blocks.0.norm1.weight") == "sam"


def test_the_tiny_stages_train_what_the_paper_trains():
    first, second, third = STAGES["tiny"].stages
    assert set(first.lr) == {"adaptor", "necks"}
    assert set(second.lr) == {"adaptor", "necks", "decoder"}
    assert set(third.lr) == {"adaptor", "necks", "decoder", "siglip"}
    assert all("sam" not in stage.lr for stage in STAGES["tiny"].stages)
    assert all(
        stage.betas == (0.9, 0.95) and stage.clip == 1.0 and stage.weight_decay == 0 for stage in (first, second, third)
    )


def test_every_stage_finds_the_images_it_reads_among_those_made_beforehand():
    for recipe in (recipe for recipe in STAGES.values() if recipe.images):
        for stage in recipe.numbered.values():
            images = recipe.practised if stage in recipe.practice else recipe.images
            for share in stage.mix:
                rows = [(low, high) for source, _, low, high in images if source == share.source]
                assert any(low < share.high and share.low < high for low, high in rows), (stage.name, share)
            assert {s.source for s in stage.text_mix} <= {s.source for s in recipe.texts}


def test_a_part_without_a_learning_rate_is_frozen():
    model = DeepSeekVL(ModelConfig.preset("tiny"))
    stage = Stage("s", {"adaptor": 1e-3, "decoder": 0.0}, 10, 4, MIX, warmup=2)
    parts = trainable(model, stage)
    assert set(parts) == {"adaptor"}
    assert {part_of(n) for n, p in model.named_parameters() if p.requires_grad} == {"adaptor"}


def test_the_learning_rate_rises_then_falls_to_a_tenth():
    factors = [schedule(step, 100, 10) for step in range(100)]
    assert factors[0] == 0.1 and factors[9] == 1.0 and max(factors) == 1.0
    assert all(a >= b for a, b in zip(factors[10:], factors[11:], strict=False))
    assert abs(schedule(100, 100, 10) - 0.1) < 1e-9


@pytest.mark.parametrize(
    "change,named",
    [
        ({"lr": {"eyes": 1.0}}, "no part eyes"),
        ({"muon": {"eyes": 1.0}}, r"Stage\.muon of s: no part eyes"),
        ({"muon_decay": {"eyes": 1.0}}, r"Stage\.muon_decay of s: no part eyes"),
        ({"reads": "questions", "packing": True, "length": 64}, "no row is packed"),
        ({"reads": "questions", "mix": (Share("own", 1),)}, "records of your own"),
        ({"reads": "questions", "learns": "everything"}, "only answers are learnt"),
        ({"reads": "turns", "learns": "everything"}, "reads turns: only answers are learnt"),
        ({"lr": {"adaptor": 0.0}}, "every part is frozen"),
        ({"lr": {"sam": 1e-3, "adaptor": 1e-3}}, "trains sam"),
        ({"steps": 0}, "at least one step"),
        ({"warmup": 10}, "warmup.*shorter"),
        ({"text_share": 1.5}, "text_share"),
        ({"text_share": 0.5, "lr": {"decoder": 1e-3}}, "without a source"),
        ({"text_share": 0.5, "text_mix": MIX}, "decoder frozen"),
        ({"mix": ()}, "without a source"),
        ({"reads": "poems"}, "pages or dialogues"),
        ({"learns": "nothing"}, "answers or everything"),
    ],
)
def test_a_stage_that_cannot_work_says_why(change, named):
    good = dict(name="s", lr={"adaptor": 1e-3}, steps=10, batch=4, mix=MIX, warmup=2)
    Stage(**good)
    with pytest.raises(ConfigError, match=named):
        Stage(**{**good, **change})


@pytest.mark.parametrize(
    "source,weight,named", [("films", 1, "films"), ("naming", 0, "positive"), ("naming", -1, "positive")]
)
def test_a_share_that_cannot_work_says_why(source, weight, named):
    with pytest.raises(ConfigError, match=named):
        Share(source, weight)


def test_initial_weights_are_reproducible_and_of_even_scale():
    from dsvl_min.init import initialise

    a, b = (initialise(DeepSeekVL(ModelConfig.preset("tiny")), seed=3) for _ in range(2))
    assert all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))
    c = initialise(DeepSeekVL(ModelConfig.preset("tiny")), seed=4)
    assert not torch.equal(a.adaptor.out.weight, c.adaptor.out.weight)
    pixels = torch.randn(8, 3, 48, 48), torch.randn(8, 3, 128, 128)
    with torch.no_grad():
        images = a.image_embeddings(*pixels)
    words = a.decoder.embed.weight
    assert 0.3 < images.std() / words.std() < 3


def test_nothing_of_a_pretrained_part_is_left_to_chance():
    from dsvl_min.init import initialise
    from dsvl_min.sam import Sam
    from dsvl_min.siglip import Siglip
    from dsvl_min.training.stage0 import prompt_parts, text_tower

    config = ModelConfig.preset("tiny")
    for make in (
        lambda: Sam(config.sam, prompt_parts(config)),
        lambda: Siglip(config.siglip, text_tower(config)),
        lambda: DeepSeekVL(config),
    ):
        a, b = (initialise(make(), seed=3).state_dict() for _ in range(2))
        assert [k for k in a if not torch.equal(a[k], b[k])] == []


# Paper Table 4, and section 3.3 for what is trained.
TABLE_4 = """
                     1.3b                        7b
learning rate        0.001 3e-05 2e-05           0.001 4.2e-05 2e-05
schedule             cosine step cosine          cosine step cosine
weight decay         0.0 0.0 0.0                 0.0 0.0 0.0
clip                 1.0 1.0 1.0                 1.0 1.0 1.0
betas                0.9,0.95 0.9,0.95 0.9,0.95  0.9,0.95 0.9,0.95 0.9,0.95
warm-up steps        128 2000 256                128 2000 256
training steps       15000 96000 10000           15000 42000 10000
batch                256 1024 256                256 2304 256
sequence length      512 4096 4096               512 4096 4096
packing              False True False            False True False
"""


def test_the_papers_stages_are_those_of_its_table():
    tell = {
        "learning rate": lambda s: s.lr["adaptor"], "schedule": lambda s: s.schedule,
        "weight decay": lambda s: s.weight_decay, "clip": lambda s: s.clip,
        "betas": lambda s: ",".join(map(str, s.betas)), "warm-up steps": lambda s: s.warmup,
        "training steps": lambda s: s.steps, "batch": lambda s: s.batch, "sequence length": lambda s: s.length,
        "packing": lambda s: s.packing,
    }  # fmt: skip
    found = [["1.3b", "7b"]]
    for row, of in tell.items():
        found.append([row.replace(" ", "-"), *(str(of(s)) for size in ("1.3b", "7b") for s in STAGES[size].stages)])
    wanted = [line.split() for line in TABLE_4.strip().splitlines()]
    for line in wanted[1:]:  # names of two words
        if line[1] in ("rate", "decay", "steps", "length"):
            line[:2] = ["-".join(line[:2])]
    assert found == wanted


def test_the_papers_stages_train_and_read_what_the_paper_says():
    for size in ("1.3b", "7b"):
        first, second, third = STAGES[size].stages
        assert [set(s.lr) - {"necks"} for s in (first, second, third)] == [
            {"adaptor"}, {"adaptor", "decoder"}, {"adaptor", "decoder", "siglip"},
        ]  # fmt: skip
        assert [s.text_share for s in (first, second, third)] == [0.0, 0.7, 0.479]
        assert [s.reads for s in (first, second, third)] == ["pages", "pages", "dialogues"]
        for stage, whole in ((second, 29.9), (third, 52.1)):  # the paper's other rows, in percent
            assert sum(share.weight for share in stage.mix) == pytest.approx(whole, abs=0.15)


def test_practice_trains_the_decoder_alone_on_pictures_it_draws_itself():
    for size in ("tiny", "mini"):
        recipe = STAGES[size]
        assert recipe.numbered == dict(zip((1, 2, 3, 4, 5, 6), (*recipe.stages, *recipe.practice), strict=True))
        assert all(set(stage.lr) == {"decoder"} for stage in recipe.practice)
        assert [stage.reads for stage in recipe.practice] == ["questions", "questions", "turns"]
        read = {share.source for stage in recipe.practice for share in stage.mix}
        assert read == {source for source, *_ in recipe.practised}
    assert STAGES["7b"].practice == () and list(STAGES["7b"].numbered) == [1, 2, 3]


def test_practice_asks_what_every_task_asks():
    sources = {share.source for stage in STAGES["tiny"].practice for share in stage.mix}
    tasks = [task for task in TASKS if task.source in sources]
    assert len(tasks) > 5
    for task in tasks:
        for made, question, answer in questions(task, 0, 5, "train"):
            assert (question, answer) in asked(made), task.name


def test_the_last_stage_of_practice_asks_whatever_stage_3_asked():
    last = STAGES["tiny"].practice[-1]
    for share in STAGES["tiny"].stages[2].mix:
        assert any(share.source == other.source for other in last.mix), share.source
        for index in range(20):
            made = sample(share.source, 0, index, "train", share.high)
            assert asked(made, last.reads) == list(made.turns), share.source  # what wasn't asked was forgotten


def test_the_images_that_are_drawn_are_those_of_the_stages_chosen():
    recipe = Recipe(
        STAGES["tiny"].stages, (("naming", 3, 0, 1),), (), 0, STAGES["tiny"].practice, (("digits", 5, 0, 1),)
    )
    for chosen, images in (((1, 2), (3, 0)), ((3, 4), (3, 5)), ((5,), (0, 5))):
        assert tuple(recipe.drawn([recipe.numbered[n] for n in chosen]).values()) == images


def test_a_longer_run_has_as_many_times_the_steps_the_images_and_the_texts():
    tiny, three = STAGES["tiny"], longer(STAGES["tiny"], 3)
    assert [s.steps for s in three.numbered.values()] == [3 * s.steps for s in tiny.numbered.values()]
    for a, b in ((tiny.images, three.images), (tiny.practised, three.practised)):
        assert [(source, 3 * count, low, high) for source, count, low, high in a] == list(b)
    assert three.text_count == 3 * tiny.text_count and longer(STAGES["7b"], 2).practice == ()


def test_practice_can_be_set_like_any_stage():
    made = changed(STAGES["tiny"], {"pairs.steps": 70, "stage3.batch": 5})
    assert (made.practice[0].steps, made.stages[2].batch) == (70, 5)
    assert made.stages[:2] == STAGES["tiny"].stages[:2]
    with pytest.raises(ConfigError, match="mixed trains adaptor, decoder: .* only the decoder"):
        changed(STAGES["tiny"], {"mixed.lr.adaptor": 1e-3})


def test_the_step_schedule_falls_twice():
    factors = [schedule(step, 100, 10, "step") for step in range(100)]
    assert factors[9] == 1.0 and factors[10:80] == [1.0] * 70
    assert factors[80:90] == [0.316] * 10 and factors[90:] == [0.1] * 10
    assert schedule(50, 100, 10, "constant") == 1.0
