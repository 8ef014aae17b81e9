"""What heads should not do, as slow loops over steps, sequences, vectors and heads, to test against."""

import torch


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
    these are sure of their step there too. Of a hundred rows of each vector, as many blank ones, and one that was
    written at the start, by a writer that did not jump, they find that one.
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
    unclear = total / len(steps) - jumps
    if alphabet.start is None:
        return unclear
    (begun,) = emissions_alone(machine, alphabet.start[0], steps=1)
    writers = range(machine.config.write_heads)
    for writer in writers:
        unclear = unclear - (1 - begun.g[0, writer if single else readers + writer] + 1e-9).log()
    for reader in range(readers):
        key, beta, writer = asked.key[0, reader], asked.beta[0, reader], reader % len(writers)
        rows = [begun.add[0, writer]] + [both[0].add[0, writer] for both in steps]
        start, *others = ((beta * cosine_by_hand(key, row)).exp() for row in rows)
        unclear = unclear - (start / (start + 100 * (sum(others) + 1))).log()  # a blank row has exp(0)
    return unclear


def cosine_by_hand(key, row):
    """Eq. 6 with both lengths kept from zero."""
    lengths = ((key * key).sum() + 1e-6).sqrt() * ((row * row).sum() + 1e-6).sqrt()
    return (key * row).sum() / lengths
