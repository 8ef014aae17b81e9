"""What heads should not do, as slow loops over steps, sequences and heads: a specification to test against."""


def changes_by_hand(history, mask):
    """How much one row's numbers change in one step of the answer, squared, summed over rows and averaged."""
    total, count = 0.0, 0
    for b in range(len(mask)):
        for t in range(1, len(history)):
            if mask[b, t]:
                before, after = history[t - 1].memory[b], history[t].memory[b]
                total = total + sum(
                    (new - old) ** 2 for new, old in zip(after.flatten(), before.flatten(), strict=True)
                )
                count += before.shape[1]
    return total / count


def unrest_by_hand(history, mask, read_heads):
    """Over all steps but the first, sequences and read heads: how little of a weighting stays where it was."""
    total, count = 0.0, 0
    for t in range(1, len(history)):
        for b in range(len(mask)):
            for head in range(read_heads):
                stays = sum(history[t].weights[b, head] * history[t - 1].weights[b, head])
                total = total + (0 if mask[b, t] else 1 - stays)
                count += 1
    return total / count


def heard_by_hand(history, mask):
    """Over all steps and sequences: the mean of the squares of what is read before the answer."""
    total, count = 0.0, 0
    for t, state in enumerate(history):
        for b in range(len(mask)):
            numbers = state.reads[b].flatten()
            total = total + (0 if mask[b, t] else sum(number**2 for number in numbers) / len(numbers))
            count += 1
    return total / count
