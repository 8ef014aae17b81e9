"""Checks of several heads: right answers pass, and every sentence has a planted mistake that earns it."""

import torch
from exercises import exercise_tests

from ntm_lib.machine import addressing
from ntm_lib.teaching.checks import lesson_03 as checks


def my_heads(tape, weights, told):
    path = []
    for emitted in told:
        weights = addressing.address(tape, weights, *emitted).w
        path.append(weights[0])
    return torch.stack(path)


def heads_that_share_a_place(tape, weights, told):
    path = []
    for step, emitted in enumerate(told):
        previous = weights[:, -1:].expand_as(weights) if step else weights
        weights = addressing.address(tape, previous, *emitted).w
        path.append(weights[0])
    return torch.stack(path)


def heads_that_share_a_start(tape, weights, told):
    return my_heads(tape, weights[:, -1:].expand_as(weights), told)


def heads_in_a_chain(tape, weights, told):
    path, previous = [], weights
    for emitted in told:
        now = []
        for head in range(weights.shape[1]):
            own = [part[:, head : head + 1] for part in emitted]
            here = previous[:, :1] if not now else now[-1]
            now.append(addressing.address(tape, here, *own).w)
        previous = torch.cat(now, dim=1)
        path.append(previous[0])
    return torch.stack(path) if len(told) > 1 else my_heads(tape, weights, told)


def heads_that_always_start_anew(tape, weights, told):
    return torch.stack([addressing.address(tape, weights, *emitted).w[0] for emitted in told])


def heads_that_go_backward(tape, weights, told):
    return my_heads(tape, weights, [(key, beta, g, s.flip(-1), gamma) for key, beta, g, s, gamma in told])


def heads_without_keys(tape, weights, told):
    return my_heads(tape, weights, [(key, beta, 0 * g, s, gamma) for key, beta, g, s, gamma in told])


def heads_that_add_up_to_more(tape, weights, told):
    return my_heads(tape, weights, told) + 1


def my_rows(length):
    return torch.cat([torch.arange(length + 1), torch.arange(length + 1)])


def rows_of_three(length):
    return my_rows(3)


def rows_that_stay(length):
    return 0 * my_rows(length)


def rows_that_go_back_too_far(length):
    return torch.cat([torch.arange(length + 1), torch.arange(length + 1) - 1])


def rows_that_jump_twice(length):
    return my_rows(length) + torch.tensor([9] + [0] * (2 * length + 1))


def my_start(delay, slots):
    return torch.nn.functional.one_hot(torch.tensor([(slots - 1 - delay) % slots, slots - 1]), slots).float()


def start_of_five(delay, slots):
    return my_start(delay, 5)


def start_with_twice_the_weight(delay, slots):
    return 2 * my_start(delay, slots)


def start_on_slot_0(delay, slots):
    return my_start(delay, slots).roll(1, dims=-1)


def start_ahead(delay, slots):
    return my_start(-delay, slots)


def start_two_behind(delay, slots):
    return my_start(2, slots)


def heads_by_assignment(tape, weights, told):
    path = []
    for emitted in told:
        weights[:] = addressing.address(tape, weights, *emitted).w
        path.append(weights[0].clone())
    return torch.stack(path)


def heads_one_by_one(tape, weights, told):
    path = torch.zeros(len(told), *weights.shape[1:])
    for step, (key, beta, g, s, gamma) in enumerate(told):
        for head in range(weights.shape[1]):
            one = slice(head, head + 1)
            own = key[:, one], beta[:, one], g[:, one], s[:, one], gamma[:, one]
            weights[:, one] = addressing.address(tape, weights[:, one], *own).w
        path[step] = weights[0]
    return path


def heads_without_copies(tape, weights, told):
    path = []
    for emitted in told:
        weights[:] = addressing.address(tape, weights, *emitted).w
        path.append(weights[0])
    return torch.stack(path)


def heads_that_hand_on_slots(tape, weights, told):
    path = []
    for emitted in told:
        weights = addressing.address(tape, weights, *emitted).w
        path.append(weights[0])
        weights = torch.nn.functional.one_hot(weights.argmax(-1), weights.shape[-1]).float()
    return torch.stack(path)


def rows_backward(length):
    return 40 - my_rows(length)


def rows_that_jump_straight_to_the_first(length):
    return torch.tensor([*range(length + 2), *range(1, length + 1)])


def rows_half_a_row_a_step(length):
    return my_rows(length) / 2


def rows_the_other_way_round(length):
    return torch.cat([torch.arange(length + 2), torch.arange(length, 0, -1)])


def start_by_assignment(delay, slots):
    weights = torch.zeros(2, slots)
    weights[0, -1 - delay] = weights[1, -1] = 1
    return weights


def start_with_swapped_rows(delay, slots):
    return my_start(delay, slots).flip(0)


def heads_by_stages(tape, weights, told):
    path = [weights.detach()]
    for key, beta, g, s, gamma in told:
        w_c = addressing.content_weights(tape, key, beta)
        w_g = g[..., None] * w_c + (1 - g)[..., None] * path[-1]
        path.append(addressing.sharpen(addressing.shift(w_g, s), gamma))
    return torch.cat(path[1:]).double()


def heads_in_a_list(tape, weights, told):
    if not told:
        return []
    weights = addressing.address(tape, weights, *told[0]).w
    return [weights[0], *heads_in_a_list(tape, weights, told[1:])]


def heads_of_the_draft(tape, weights, told):
    previous, path = weights[:, -1], []
    for key, beta, g, s, gamma in told:
        now = []
        for head in range(weights.shape[1]):
            one = slice(head, head + 1)
            orders = key[:, one], beta[:, one], g[:, one], s[:, one], gamma[:, one]
            now.append(addressing.address(tape, previous[:, None], *orders).w[:, 0])
        previous = now[-1]
        path.append(torch.stack(now, dim=1)[0])
    return torch.stack(path)


def heads_with_the_start(tape, weights, told):
    return torch.cat([weights, my_heads(tape, weights, told)])[:-1]


def heads_told_what_head_0_is(tape, weights, told):
    return my_heads(tape, weights, [[part[:, :1].expand_as(part) for part in emitted] for emitted in told])


def heads_told_the_first_orders(tape, weights, told):
    return my_heads(tape, weights, [told[0]] * len(told))


def heads_that_return_what_is_found(tape, weights, told):
    path = []
    for emitted in told:
        stages = addressing.address(tape, weights, *emitted)
        weights = stages.w
        path.append(stages.w_s[0] if emitted[4].max() > 1 else weights[0])
    return torch.stack(path)


def heads_without_sharpening(tape, weights, told):
    path = []
    for emitted in told:
        weights = addressing.address(tape, weights, *emitted).w_s
        path.append(weights[0])
    return torch.stack(path)


def heads_of_two(tape, weights, told):
    if weights.shape[1] == 2:
        return my_heads(tape, weights, told)
    path = my_heads(tape, weights[:, :2], [[part[:, :2] for part in emitted] for emitted in told])
    return torch.cat([path, weights[0, 2:].expand(len(told), -1, -1)], dim=1)


def rows_by_walking(length):
    row, path = 7, []
    for step in range(2 * length + 2):
        path.append(row)
        row = 7 if step == length else row + 1
    return path


def rows_by_steps(length):
    steps = torch.ones(2 * length + 2)
    steps[length + 1] = -length
    return steps.cumsum(0) - 1


def rows_of_two_passes_without_the_markers(length):
    return torch.cat([torch.arange(length), torch.arange(length + 2)])


def rows_that_leave_out_one(length):
    return torch.cat([2 * torch.arange(length + 1), 2 * torch.arange(length + 1)])


def rows_on_three(length):
    return my_rows(length) % 4


def start_by_rolling(delay, slots):
    writer = torch.eye(slots)[-1].double()
    return torch.stack([writer.roll(-delay), writer])


def start_in_lists(delay, slots):
    return [[int(slot == (slots - 1 - delay) % slots) for slot in range(slots)], [0] * (slots - 1) + [1]]


def start_in_place(delay, slots):
    reader, writer = torch.zeros(slots), torch.zeros(slots)
    writer[slots - 1] += 1
    reader[slots - delay - 1] += 1
    return reader, writer


def start_that_blurs(delay, slots):
    return 0.9 * my_start(delay, slots) + 0.1 / slots


def start_one_late(delay, slots):
    return my_start(delay + 1, slots)


def start_of_short_delays(delay, slots):
    return my_start(min(delay, 3), slots)


RIGHT = [
    ("heads", my_heads),
    ("heads", heads_by_assignment),
    ("heads", heads_one_by_one),
    ("heads", heads_by_stages),
    ("heads", heads_in_a_list),
    ("rows", my_rows),
    ("rows", rows_backward),
    ("rows", rows_that_jump_straight_to_the_first),
    ("rows", rows_by_walking),
    ("rows", rows_by_steps),
    ("start", my_start),
    ("start", start_by_assignment),
    ("start", start_by_rolling),
    ("start", start_in_lists),
    ("start", start_in_place),
]
MISTAKES = [
    ("heads", heads_of_the_draft, "where each begins"),
    ("heads", heads_that_share_a_place, "only one place is kept"),
    ("heads", heads_that_share_a_start, "where each begins"),
    ("heads", heads_in_a_chain, "not from where head 0 has just come to"),
    ("heads", heads_that_always_start_anew, "not from the first ones"),
    ("heads", heads_without_copies, "all steps hold the last weightings"),
    ("heads", heads_told_what_head_0_is, "head 1 was told to step forward, and stays: every head has its own orders"),
    ("heads", lambda tape, weights, told: my_heads(tape, weights, told[::-1]), "the steps come in the wrong order"),
    ("heads", heads_with_the_start, "step 0 should be where the heads are after their first orders, not before them"),
    ("heads", heads_told_the_first_orders, "in the second step both heads do as in the first"),
    ("heads", heads_that_go_backward, "slots 3, 3, 3 and 1, 2, 3"),
    ("heads", heads_without_keys, "all stages of addressing are needed"),
    ("heads", heads_that_add_up_to_more, "their weightings, which add up to 1, are wrong"),
    ("heads", heads_that_hand_on_slots, "hand on the whole weighting of each, not a slot"),
    ("heads", heads_that_return_what_is_found, "heads with blurred steps go wrong"),
    ("heads", heads_without_sharpening, "`.w`: `.w_s` is not sharpened yet"),
    ("heads", heads_of_two, "three heads go wrong, though two do not: each keeps a weighting of its own"),
    ("heads", lambda *given: my_heads(*given)[-1], "returns shape (2, 5): expected (1, 2, 5)"),
    ("heads", lambda tape, weights, told: my_heads(tape, weights, told[0]), "stops with "),
    ("rows", rows_of_three, "with 5, it returns shape (8,): expected (12,)"),
    ("rows", rows_half_a_row_a_step, "returns a tensor of torch.float32: expected whole numbers"),
    ("rows", rows_that_stay, ") needs its own row: yours are [0, 0, 0]"),
    ("rows", rows_on_three, "each vector (steps 1 to 5) needs its own row: yours are [1, 2, 3, 0, 1]"),
    ("rows", rows_that_go_back_too_far, " they are due in order: rows [1, 2, 3], not [0, 1, 2]"),
    ("rows", rows_the_other_way_round, " they are due in order: rows [1, 2, 3], not [3, 2, 1]"),
    ("rows", rows_of_two_passes_without_the_markers, "in steps 5 to 7 they are due in order: rows [1, 2, 0], not"),
    ("rows", lambda length: torch.arange(2 * length + 2), " they are due in order: rows [1, 2, 3], not [5, 6, 7]"),
    ("rows", rows_that_leave_out_one, "one jump should do; yours jumps at steps [1, 2, 3, 4, 5, 6, 7]"),
    (
        "rows",
        rows_that_jump_twice,
        "a step moves by at most one row, and one jump should do; yours jumps at steps [1, 4]",
    ),
    ("start", start_of_five, "with 3 and 7, it returns shape (2, 5): expected (2, 7)"),
    ("start", start_with_twice_the_weight, "adding up to 1"),
    ("start", lambda delay, slots: my_start(delay, slots).long(), "returns a tensor of torch.int64: expected torch.f"),
    ("start", start_that_blurs, "each head should begin on one slot, with all of its weight"),
    ("start", start_with_swapped_rows, "the rows are swapped"),
    ("start", start_on_slot_0, "it stands one slot before"),
    ("start", start_ahead, "it reads what was written 3 steps ago: step 2 should read step 0's vector"),
    ("start", start_one_late, "with delay 2 on 5 slots it reads what was written 3 steps ago"),
    ("start", start_two_behind, "with delay 0 on 5 slots it reads what was written 2 steps ago"),
    ("start", start_of_short_delays, "with delay 10 on 11 slots it reads what was written 3 steps ago"),
    ("start", lambda delay, slots: my_start(delay, slots)[None], "returns shape (1, 2, 5): expected (2, 5)"),
]

TestExercises = exercise_tests(checks, RIGHT, MISTAKES, one_sequence={"heads"})
