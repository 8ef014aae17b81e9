"""The recipes by name: `reliable`, its kin, those of 2014, and those of the paper's other tasks."""

from dataclasses import replace

from ntm_lib.machine import NTMConfig
from ntm_lib.training.recipe import COPY_MACHINE, Historical, Recipe, differences, settings

__all__ = ["COPY_MACHINE", "Historical", "Recipe", "by_name", "differences", "names", "paper_2014", "post_2014"]
__all__ += ["ngrams", "post_repaired", "recall", "reliable", "reliable_kept_training", "reliable_lstm"]
__all__ += ["repeat_copy", "repeat_copy_ticks", "settings", "sort"]

reliable = Recipe()
"""The feed-forward controller; README says how many seeds converge."""

reliable_kept_training = replace(reliable, name="reliable_kept_training", keep_training=1.0)
"""The machines of `reliable`, trained on for as many updates again."""

reliable_lstm = replace(
    reliable,
    name="reliable_lstm",
    machine=replace(COPY_MACHINE, controller="lstm", controller_size=32, forget_ceiling=0.25, output_from="reads"),
    open_gates=2.0,
    payload="uneven",
    state_decay=3.0,
    clear=0.1,
    updates=6000,
    validation_crowd=100.0,
)
"""The LSTM controller: small, with cells that forget three quarters at every step, and an output from the reads alone,
so that nothing is counted or kept in the LSTM's own state, which fails after more steps than in training."""

paper_2014 = Recipe(
    name="paper_2014",
    machine=NTMConfig(10, 8, initial_weights="learned", initial_memory="learned", initial_value=0.1),
    first_weights="pytorch",
    updates=100_000,
    batch_size=1,
    max_length=20,
    largest_memory=0,
    optimizer="rmsprop",
    learning_rate=1e-4,
    warmup_updates=0,
    clip_norm=0.0,
    settle_updates=0,
    focus=0.0,
    clear=0.0,
    validate_every=1000,
    margin=0.0,
    validations_in_a_row=2,
    historical=Historical(loss_per="sequence", clip_value=10.0),
)
"""Section 4.6 of the paper: RMSProp 1e-4, momentum 0.9, elements clipped to 10, lengths 1-20, one at a time."""

post_2014 = replace(
    paper_2014,
    name="post_2014",
    machine=NTMConfig(
        input_size=8,
        output_size=7,
        weightings="single",
        initial_weights="learned",
        initial_memory="learned",
        initial_value=1.0,
        initial_reads="memory",
        output_from="hidden",
    ),
    first_weights="glorot",
    updates=70_000,
    optimizer="lagging-rmsprop",
    historical=Historical(loss_over="sequence", loss_per="sequence", curriculum="power"),
)
"""The post's code on the day of the post (shawntan 01b0b6e): one weighting for reading and writing, 7 bits and an
end marker, loss summed over all steps, no clip, and an RMSProp that leaves the gradient out of its own divisor."""

post_repaired = replace(
    reliable,
    name="post_repaired",
    machine=replace(COPY_MACHINE, weightings="single", initial_weights="first-row", initial_reads="memory"),
    first_weights="pytorch",
    clear=0.1,
    updates=6000,
    max_length=20,
    validation_crowd=100.0,
    validations_in_a_row=3,
)
"""The post's one weighting, random bits and lengths up to 20, with what it needs of `reliable` to learn.

Three validations have more sequences than the verdict: one alone passed machines that err once in hundreds of copies.
"""

OTHER_TASKS = replace(reliable, batch_size=16, last_rate=0.01, focus=0.0, clear=0.0, margin=0.0)
"""Settings that recipes of the paper's other tasks begin with: a rate that falls, and no losses on heads."""

repeat_copy = replace(
    OTHER_TASKS,
    name="repeat_copy",
    task="repeat_copy",
    machine=replace(
        COPY_MACHINE,
        input_size=11,
        output_size=9,
        read_heads=2,
        initial_weights="first-row",
        output_from="hidden-and-reads",
    ),
    looking_heads=1,
    walking_heads=2,
    updates=6000,
    learning_rate=3e-3,
    settle_updates=6000,
    settle_crowd=30.0,
    validate_every=100,
    validation_crowd=1.0,
    validations_in_a_row=2,
)
"""Repeat copy (section 4.2): a reader to walk round the vectors, and one to keep count of the rounds."""

repeat_copy_ticks = replace(
    repeat_copy,
    name="repeat_copy_ticks",
    task="repeat_copy_ticks",
    location_heads=2,
    updates=12_000,
    learning_rate=2e-3,
    clip_norm=0.02,
    clip_weightings=1.0,
    settle_updates=12_000,
    focus=0.05,
    validations_in_a_row=1,
    keep_training=1.0,
)
"""Repeat copy whose number of repeats is shown as so many ticks, which can be counted beyond ten. The second reader and
the writer address by location alone, because a head that finds a round's tick by content, trained on up to ten, fails
among twenty. A focus loss keeps them on single rows. Without limits on derivatives, machines lost what they had
learned."""

recall = replace(
    OTHER_TASKS,
    name="recall",
    task="recall",
    machine=replace(COPY_MACHINE, input_size=8, output_size=6, controller="lstm", output_from="reads"),
    open_gates=1.0,
    looking_heads=1,
    walking_heads=1,
    updates=3000,
    max_length=6,
    learning_rate=3e-3,
    settle_updates=3000,
    settle_crowd=30.0,
    validate_every=100,
    validation_crowd=30.0,
    validations_in_a_row=2,
)
"""Associative recall (section 4.3) of 2 to 6 items: an LSTM gathers the vectors of an item to the key of its last row,
the writer walks, the reader looks."""

ngrams = replace(
    OTHER_TASKS,
    name="ngrams",
    task="ngrams",
    machine=replace(
        COPY_MACHINE,
        input_size=1,
        output_size=1,
        controller="lstm",
        memory_size=40,
        initial_memory="learned",
        initial_value=0.3,
        output_from="hidden-and-reads",
    ),
    open_gates=1.0,
    jumping_heads=2,
    updates=4000,
    max_length=5,
    largest_memory=0,
    learning_rate=3e-3,
    settle_updates=0,
    validate_every=500,
    validation_crowd=1.0,
    validations_in_a_row=2,
    historical=Historical(curriculum="longest"),
)
"""Dynamic N-grams (section 4.4): an LSTM keeps the last bits, and both heads begin by jumping to where their keys say,
among rows with learned contents, so that each context can have a row of its own. The training has no settling, because
no answer is ever sure."""

sort = replace(
    OTHER_TASKS,
    name="sort",
    task="sort",
    machine=replace(
        COPY_MACHINE,
        input_size=11,
        output_size=8,
        read_heads=2,
        write_heads=2,
        weightings="single",
        initial_weights="first-row",
        output_from="reads",
    ),
    looking_heads=1,
    walking_heads=1,
    updates=8000,
    max_length=20,
    largest_memory=96,
    learning_rate=4e-3,
    settle_updates=8000,
    validate_every=500,
    validation_crowd=1.0,
)
"""Priority sort (section 4.5) of 1 to 20 vectors with two pairs of heads, a reader and a writer in each: one pair walks
and writes the vectors down, the other looks for the highest priority left, reads its vector, and marks it as read."""


ALL = (
    reliable,
    reliable_kept_training,
    reliable_lstm,
    paper_2014,
    post_2014,
    post_repaired,
    repeat_copy,
    repeat_copy_ticks,
    recall,
    ngrams,
    sort,
)
RECIPES = {recipe.name: recipe for recipe in ALL}
"""The recipes of this module by name, in order."""


def names() -> list[str]:
    """The names of the recipes of this module, in order."""
    return list(RECIPES)


def by_name(name: str) -> Recipe:
    """The recipe of that name; ValueError, with the names there are, for any other.

    >>> by_name("reliable").batch_size
    8
    """
    if name not in RECIPES:
        raise ValueError(f"recipe is {name!r}: expected one of {', '.join(RECIPES)}")
    return RECIPES[name]
