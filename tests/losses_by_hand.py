"""What heads should not do, as slow loops over steps, sequences, vectors and heads, to test against."""

import torch


def comes_in(mask, b, t):
    """Whether step t of sequence b is no answer, and an answer comes later: behind the last one there is padding."""
    return not mask[b, t] and bool(mask[b, t:].any())


def belongs(mask, b, t):
    """Whether step t is part of sequence b, and not of the padding behind its last answer."""
    return bool(mask[b, t:].any())


def heard_by_hand(history, mask):
    """Over all of a sequence's steps: the mean of the squares of what is read before the answer."""
    means = []
    for b in range(len(mask)):
        total, count = 0.0, 0
        for t, state in enumerate(history):
            numbers = state.reads[b].flatten()
            total = total + (sum(number**2 for number in numbers) / len(numbers) if comes_in(mask, b, t) else 0)
            count += belongs(mask, b, t)
        means.append(total / count)
    return torch.stack(means)


def spread_by_hand(history):
    """Over all steps and heads: the entropy of a weighting."""
    means = []
    for b in range(len(history[0].weights)):
        total, count = 0.0, 0
        for state in history:
            for weighting in state.weights[b]:
                total = total - sum(w * (w + 1e-9).log() for w in weighting)
                count += 1
        means.append(total / count)
    return torch.stack(means)


def emissions_alone(machine, vector, steps=2):
    """The numbers that heads emit as one vector (input) comes in, and with a blank as it is read back.

    What is read first is nothing; then each read head reads what the write head of its number, or of its number less
    that of all write heads, has added.
    """
    config, state = machine.config, machine.controller.initial_state(1)
    x, reads, found = vector[None], torch.zeros(1, config.read_heads * config.word_size), []
    for _ in range(steps):
        h, state = machine.controller(torch.cat([x, reads], dim=1), state)
        found.append(machine.heads(h))
        added, writer = [], 0
        for _ in range(config.read_heads):
            added.append(found[-1].add[0, writer])
            writer = 0 if writer == config.write_heads - 1 else writer + 1
        x, reads = torch.zeros_like(x), torch.cat(added)[None]
    return found


def unclear_by_hand(machine, alphabet):
    """How unsure the heads are: the offset that each should step by is chosen first, then its logarithms are averaged.

    Offsets are by place: 0 is the furthest back. A reader waits while vectors come in, and a writer that has gone on
    goes on or waits in the answer, whichever is the likelier. Nobody jumps, but for the readers at the question, and
    these are sure of their step there too.
    """
    steps = [emissions_alone(machine, vector) for vector in alphabet.vectors]
    single, readers = machine.config.weightings == "single", machine.config.read_heads
    heads, offsets = range(steps[0][0].s.shape[1]), range(steps[0][0].s.shape[2])
    wait = len(offsets) // 2
    total = 0.0
    for head in heads:
        of_all = [[sum(both[step].s[0, head, one].item() for both in steps) for one in offsets] for step in (0, 1)]
        coming_in, answer = (max(offsets, key=lambda offset: of_all[step][offset]) for step in (0, 1))
        if not single and head < readers:
            coming_in = wait
        if not single and head >= readers:
            answer = coming_in if of_all[1][coming_in] > of_all[1][wait] else wait
        for both in steps:
            for emission, offset in zip(both, (coming_in, answer), strict=True):
                walks, jumps = emission.s[0, head, offset], emission.g[0, head]
                total = total - ((walks + 1e-9).log() + (1 - jumps + 1e-9).log()) / 2
    (asked,) = emissions_alone(machine, alphabet.question[0], steps=1)
    jumps = sum((asked.g[0, reader] + 1e-9).log() + (max(asked.s[0, reader]) + 1e-9).log() for reader in range(readers))
    return total / len(steps) - jumps
