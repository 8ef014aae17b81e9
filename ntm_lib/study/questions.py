"""The questions that `docs/findings.md` answers, each with its arms: recipes that differ in what is asked about.

`ntm study QUESTION --seeds 0-99 --out DIR` runs all arms of one; an arm is called QUESTION-ARM.
"""

from dataclasses import dataclass, replace

from ntm_lib.training import recipes
from ntm_lib.training.recipes import Recipe


@dataclass(frozen=True)
class Question:
    """What is asked, by whom, and the recipes whose runs answer it."""

    name: str
    asked_by: str
    text: str
    arms: tuple[Recipe, ...]


def _question(name: str, asked_by: str, text: str, **arms: Recipe) -> Question:
    """A question whose arms bear its name and their own, with - for _."""
    named = [replace(recipe, name=f"{name}-{arm.replace('_', '-')}") for arm, recipe in arms.items()]
    return Question(name, asked_by, text, tuple(named))


def _with(recipe: Recipe, **changes: object) -> Recipe:
    """A recipe with other values; those of `machine` are changes to its machine."""
    machine = replace(recipe.machine, **changes.pop("machine", {}))
    return replace(recipe, machine=machine, **changes)


SHORT = {"updates": 1200}
"""Where most arms are expected to converge: four times the updates that `reliable` takes."""
_short = replace(recipes.reliable, **SHORT)
_post = replace(recipes.post_2014, updates=20_000)
_paper = replace(recipes.paper_2014, updates=20_000)
_tied = _with(_short, machine={"memory_size": 256}, largest_memory=0)
"""One number of rows throughout, as machines need whose rows are counted among their parameters."""

_LEFT_OUT = {
    "no_location_gain": {"location_gain": 1.0},
    "no_input_gain": {"input_gain": 1.0},
    "no_erase_bias": {"erase_bias": 0.0},
    "random_payload": {"payload": "random"},
    "random_settling": {"payload_settling": "random"},
    "independent_draws": {"draws": "independent"},
    "heads_together": {"machine": {"initial_weights": "first-row"}},
    "output_from_reads_too": {"machine": {"output_from": "hidden-and-reads"}},
    "one_memory": {"largest_memory": 0},
    "small_memories": {"large_memories": 0.0},
    "no_handicap": {"handicap": 1.0},
    "no_warmup": {"warmup_updates": 0},
    "clip_1": {"clip_norm": 1.0},
    "constant_rate": {"final_rate": 1.0},
    "no_focus": {"focus": 0.0},
    "no_rest": {"rest": 0.0},
    "no_listen": {"listen": 0.0},
    "no_quiet": {"quiet": 0.0},
    "batch_1": {"batch_size": 1},
    "sequence_loss": {"loss_over": "sequence"},
}
_UNDONE = {
    "no_start_marker": {"machine": {"input_size": 9}},
    "learned_memory": {"machine": {"initial_memory": "learned"}, "largest_memory": 0},
    "learned_start": {"machine": {"initial_weights": "learned"}, "largest_memory": 0},
    "first_weights_as_pytorch": {"input_gain": 1.0, "location_gain": 1.0, "erase_bias": 0.0},
    "batch_1": {"batch_size": 1, "updates": 9600},
    "sequence_loss": {"loss_over": "sequence"},
    "power_curriculum": {"curriculum": "power"},
    "independent_draws": {"draws": "independent"},
    "one_memory": {"largest_memory": 0},
    "small_memories": {"large_memories": 0.0},
    "no_handicap": {"handicap": 1.0},
    "rmsprop": {"optimizer": "rmsprop", "learning_rate": 1e-3},
    "no_clip": {"clip_norm": 0.0},
    "constant_rate": {"final_rate": 1.0},
    "no_focus": {"focus": 0.0},
    "no_quiet": {"quiet": 0.0},
    "random_settling": {"payload_settling": "random"},
    "lengths_to_10": {"max_length": 10},
}
"""The post's choice in place of each of post_repaired's, where it can be undone alone; the last is reliable's."""
_ADDED = {
    "as_it_was": {},
    "constant_memory": {"machine": {"initial_memory": "constant"}},
    "spaced_heads": {"machine": {"initial_weights": "spaced"}},
    "both_starts": {"machine": {"initial_memory": "constant", "initial_weights": "spaced"}},
    "adam": {"optimizer": "adam", "learning_rate": 5e-3, "warmup_updates": 50},
    "batch_8": {"batch_size": 8, "updates": 2500},
    "clip_0.2": {"clip_norm": 0.2, "clip_value": 0.0},
    "uneven_payload": {"payload": "uneven"},
    "location_gain": {"location_gain": 0.3},
    "input_gain": {"input_gain": 4.0},
    "erase_bias": {"erase_bias": 3.0},
    "rest": {"rest": 0.05},
    "listen": {"listen": 0.1},
    "even_draws": {"draws": "even"},
    "output_from_hidden": {"machine": {"output_from": "hidden"}},
    "ten_bytes": {"max_length": 10},
}

_ALL = (
    _question(
        "random",
        "post",
        "Does it converge only at random?",
        post=recipes.post_2014,
        graves_rmsprop=replace(recipes.post_2014, optimizer="rmsprop"),
    ),
    _question(
        "curriculum",
        "post",
        "Do shorter sequences first avoid the explosion, and at what price?",
        **{
            f"{name}{suffix}": _with(_post, **changes, **clip)
            for name, changes in {
                "none": {"curriculum": "uniform"},
                "1_to_5": {"curriculum": "uniform", "max_length": 5},
                "power": {},
                "ramp": {"curriculum": "ramp", "length_power": 1.0},
                "mixed": {"any_length": 0.2},
                "adaptive": {"curriculum": "adaptive"},
            }.items()
            for suffix, clip in {"": {}, "_clipped": {"clip_value": 10.0}}.items()
        },
    ),
    _question(
        "start",
        "post",
        "Where does it start, and which way does it walk?",
        one_hot=_with(_tied, machine={"initial_weights": "first-row"}),
        spaced=_tied,
        uniform=_with(_tied, machine={"initial_weights": "uniform"}),
        random=_with(_tied, machine={"initial_weights": "random"}),
        learned=_with(_tied, machine={"initial_weights": "learned"}),
    ),
    _question(
        "weightings",
        "comments 1 and 3",
        "One weighting for reading and writing or two, and whose previous weighting?",
        separate=_short,
        single=_with(_short, machine={"weightings": "single"}),
        shared_previous=_with(_short, machine={"weightings": "shared-previous"}),
    ),
    _question(
        "repaired",
        "post",
        "What is the least change that lets one weighting learn on every seed? All but one of post_repaired's.",
        all=recipes.post_repaired,
        **{arm: _with(replace(recipes.post_repaired, **SHORT), **changes) for arm, changes in _UNDONE.items()},
    ),
    _question(
        "heads",
        "comment 2",
        "How many heads?",
        **{
            f"{reads}+{writes}": _with(_short, machine={"read_heads": reads, "write_heads": writes})
            for reads, writes in ((1, 1), (2, 1), (2, 2), (4, 4))
        },
    ),
    _question(
        "memory",
        "field",
        "Which initial memory?",
        constant=_with(_tied, machine={"initial_value": 1e-6}),
        learned_row=_with(_tied, machine={"initial_memory": "learned-row", "initial_value": 1e-6}),
        small_random=_with(_tied, machine={"initial_memory": "random"}),
        large_random=_with(_tied, machine={"initial_memory": "random", "initial_value": 1.0}),
        learned=_with(_tied, machine={"initial_memory": "learned"}),
    ),
    _question(
        "rate",
        "field",
        "Which learning rate, for Adam and for RMSProp?",
        **{
            f"adam_{rate:g}": replace(_short, learning_rate=rate) for rate in (5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2)
        },
        **{
            f"rmsprop_{rate:g}": replace(_short, optimizer="rmsprop", learning_rate=rate)
            for rate in (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
        },
    ),
    _question(
        "clip",
        "field",
        "Which clip?",
        none=replace(_short, clip_norm=0.0),
        **{f"norm_{norm:g}": replace(_short, clip_norm=norm) for norm in (0.05, 0.2, 1.0, 10.0)},
        value_10=replace(_short, clip_norm=0.0, clip_value=10.0),
    ),
    _question(
        "batch",
        "field",
        "Which batch?",
        **{f"{size}": replace(_short, batch_size=size, updates=9600 // size) for size in (1, 2, 4, 8, 16, 32)},
    ),
    _question(
        "lasting",
        "field",
        "Does it stay learned, trained on for three times as long?",
        **{
            f"{rate}{name}": replace(recipes.reliable, keep_training=2.0, keep_rate=share, **changes)
            for rate, share in {"tenth": 0.1, "full": 1.0}.items()
            for name, changes in {"": {}, "_unclipped": {"clip_norm": 0.0}, "_averaged": {"averaging": 0.98}}.items()
        },
        paper=replace(recipes.paper_2014, keep_training=2.0, keep_rate=1.0),
    ),
    _question(
        "without",
        "ours",
        "Which ingredient of reliable matters? All but one.",
        nothing=replace(recipes.reliable, updates=600),
        **{arm: _with(recipes.reliable, **{"updates": 600, **changes}) for arm, changes in _LEFT_OUT.items()},
    ),
    _question(
        "added",
        "ours",
        "Which ingredient of reliable helps the paper's recipe? One alone.",
        **{arm: _with(_paper, **changes) for arm, changes in _ADDED.items()},
    ),
)
QUESTIONS: dict[str, Question] = {question.name: question for question in _ALL}
"""By name, in the order of docs/findings.md."""
ARMS: tuple[Recipe, ...] = tuple(arm for question in _ALL for arm in question.arms)
"""All arms of all questions."""


def find(name: str) -> tuple[Recipe, ...]:
    """All arms of a question, or the one arm or recipe of that name; ValueError for any other."""
    if name in QUESTIONS:
        return QUESTIONS[name].arms
    arms = {arm.name: arm for arm in ARMS}
    if name in arms:
        return (arms[name],)
    try:
        return (recipes.by_name(name),)
    except ValueError as error:
        raise ValueError(f"{error}; or a question, {', '.join(QUESTIONS)}, or one of its arms") from None
