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


def added_by(config, emission):
    """What read heads find that read what was written: each what the writer of its number adds, or of that less all."""
    writers = [reader % config.write_heads for reader in range(config.read_heads)]
    return torch.cat([emission.add[0, writer] for writer in writers])[None]


def emissions_alone(machine, vector, before, question):
    """The numbers that heads emit as one vector (input) comes in, at the question after it, and as it is read back.

    Only a machine that carries something has met the input before, with its reads: an LSTM, whose state goes on from
    step to step, and one with one weighting, which reads at once what it has written. Other heads read nothing until
    the answer.
    """
    config, nothing = machine.config, torch.zeros(1, machine.config.read_heads * machine.config.word_size)
    single, lstm = config.weightings == "single", config.controller == "lstm"

    def emitted(x, reads, state):
        h, state = machine.controller(torch.cat([x[None], reads], dim=1), state)
        return machine.heads(h), state

    state, reads = machine.controller.initial_state(1), nothing
    if single or lstm:
        earlier, state = emitted(*before, state)
        reads = added_by(config, earlier) if single else nothing
    coming_in, state = emitted(vector, reads, state)
    added = added_by(config, coming_in)
    asked, state = emitted(question, added if single else nothing, state)
    read_back, _ = emitted(torch.zeros_like(vector), added, state)
    return coming_in, asked, read_back


def unclear_by_hand(machine, alphabet, turn):
    """How unsure the heads are: the offset that each should step by is chosen first, then its worst vector is sought.

    Offsets are by place: 0 is the furthest back. A reader waits while vectors come in, and a writer that has gone on
    goes on or waits in the answer, whichever is the likelier. Nobody jumps, but for the readers at the question, and
    these are sure of their step there too, which is none where reads alone come out. Nobody jumps at the start, and
    everybody is sure of the step; with one weighting, at the vector after the start too. Of a hundred rows of each
    vector, as many blank ones, and one that was written at the start, readers find that one.
    """
    vectors, question = list(alphabet.vectors), alphabet.question[0]
    ring = [(vector, torch.zeros(1, machine.config.read_heads * machine.config.word_size)) for vector in vectors]
    if machine.config.controller == "lstm" and alphabet.start is not None:
        ring.append((alphabet.start[0], machine.initial_state(1).reads.flatten(1)))
    earlier = [ring[(place - turn) % len(ring)] for place in range(len(vectors))]
    moments = [emissions_alone(machine, *both, question) for both in zip(vectors, earlier, strict=True)]
    steps, questions = [(first, last) for first, _, last in moments], [asked for _, asked, _ in moments]
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
        for step, offset in enumerate((coming_in, answer)):
            total = total + worst(both[step].s[0, head, offset] for both in steps) / 2
            total = total + worst(1 - both[step].g[0, head] for both in steps) / 2
        usual = max(offsets, key=lambda offset: sum(asked.s[0, head, offset].item() for asked in questions))
        if machine.config.output_from == "reads":
            usual = wait
        if head < readers:
            total = total + worst(asked.g[0, head] for asked in questions)
            total = total + worst(asked.s[0, head, usual] for asked in questions)
        else:
            total = total + worst(1 - asked.g[0, head] for asked in questions)
    return total if alphabet.start is None else total + missed_by_hand(machine, alphabet, steps, questions)


def worst(chances):
    """The nats of the smallest of some chances."""
    return max(-(chance + 1e-9).log() for chance in chances)


def missed_by_hand(machine, alphabet, steps, questions):
    """How unsure readers are, at the worst question, to find the start's row, and all heads where to step from it."""
    config, start, first = machine.config, alphabet.start[0], machine.initial_state(1)
    reads = torch.cat([first.reads[0, reader] for reader in range(config.read_heads)])
    h, state = machine.controller(torch.cat([start, reads])[None], first.controller)
    begun, total = machine.heads(h), 0.0
    after_start = []  # with one weighting: each vector in the first place, after what was written at the start was read
    if config.weightings == "single":
        held = added_by(config, begun)
        for vector in alphabet.vectors:
            after_start.append(machine.heads(machine.controller(torch.cat([vector[None], held], dim=1), state)[0]))
    for moments in [[begun], after_start] if after_start else [[begun]]:
        for head in range(begun.g.shape[1]):
            total = total + worst(1 - moment.g[0, head] for moment in moments)
            usual = sum(moment.s[0, head] for moment in moments).argmax()
            total = total + worst(moment.s[0, head, usual] for moment in moments)
    for reader in range(config.read_heads):
        writer = reader % config.write_heads
        rows = [coming_in.add[0, writer] for coming_in, _ in steps]
        starts = [begun.add[0, writer]]
        if after_start:  # a head that stays writes the first vector over the start
            starts = [over(moment, begun.add[0, writer], writer) for moment in after_start]
        unsure = []
        for asked in questions:
            key, beta = asked.key[0, reader], asked.beta[0, reader]
            found = min((beta * cosine_by_hand(key, row)).exp() for row in starts)
            others = sum((beta * cosine_by_hand(key, row)).exp() for row in rows)
            chance = found / (found + 100 * (others + 1))  # a blank row has exp(0)
            unsure.append(-chance.log())
        total = total + max(unsure)
    return total


def over(moment, start, writer):
    """The row of a first vector: the vector, and of the start what is left and as far as the head has not gone on."""
    erased_there = start * (1 - moment.erase[0, writer])
    stays = moment.s[0, writer, moment.s.shape[-1] // 2]  # with one weighting, head and writer have one number
    return stays * erased_there + moment.add[0, writer]


def cosine_by_hand(key, row):
    """Eq. 6 with both lengths kept from zero."""
    lengths = ((key * key).sum() + 1e-6).sqrt() * ((row * row).sum() + 1e-6).sqrt()
    return (key * row).sum() / lengths
