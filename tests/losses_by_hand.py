"""What heads should not do, as slow loops over steps, sequences and heads: one number a sequence, to test against."""

import torch


def comes_in(mask, b, t):
    """Whether step t of sequence b is no answer, and an answer comes later: behind the last one there is padding."""
    return not mask[b, t] and bool(mask[b, t:].any())


def belongs(mask, b, t):
    """Whether step t is part of sequence b, and not of the padding behind its last answer."""
    return bool(mask[b, t:].any())


def changes_by_hand(history, mask):
    """How much one row's numbers change in one step of the answer, squared, summed over rows and averaged."""
    means = []
    for b in range(len(mask)):
        total, count = 0.0, 0
        for t in range(1, len(history)):
            if mask[b, t]:
                before, after = history[t - 1].memory[b], history[t].memory[b]
                total = total + sum(
                    (new - old) ** 2 for new, old in zip(after.flatten(), before.flatten(), strict=True)
                )
                count += before.shape[1]
        means.append(total / count)
    return torch.stack(means)


def unrest_by_hand(history, mask, read_heads):
    """Over all of a sequence's steps but the first, and read heads: how little of a weighting stays where it was."""
    means = []
    for b in range(len(mask)):
        total, count = 0.0, 0
        for t in range(1, len(history)):
            for head in range(read_heads):
                stays = sum(history[t].weights[b, head] * history[t - 1].weights[b, head])
                total = total + (1 - stays if comes_in(mask, b, t) else 0)
                count += belongs(mask, b, t)
        means.append(total / count)
    return torch.stack(means)


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
