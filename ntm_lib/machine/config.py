"""The sizes and choices that make a machine."""

from dataclasses import dataclass
from typing import Literal

from ntm_lib.machine import validate
from ntm_lib.machine.heads import Weightings


@dataclass(frozen=True)
class NTMConfig:
    """The sizes and choices of a machine; names as in the paper (section 3) and the DNC reference code.

    Raises TypeError or ValueError for a value that no machine can have.

    >>> NTMConfig(input_size=10, output_size=8, controller="lstm").memory_size
    128
    """

    input_size: int
    """Numbers in one input vector."""
    output_size: int
    """Logits in one output vector."""
    memory_size: int = 128
    """Rows of the memory, N, unless a call asks for another number."""
    word_size: int = 20
    """Numbers in one row, M."""
    read_heads: int = 1
    """Heads that read, R."""
    write_heads: int = 1
    """Heads that write, W."""
    controller: Literal["feed-forward", "lstm"] = "feed-forward"
    """Network that steers the heads: one tanh layer, or an LSTM with a state of its own."""
    controller_size: int = 100
    """Hidden units of the controller."""
    forget_ceiling: float = 1.0
    """Highest value of an LSTM controller's forget gates, above 0: below 1 its cells cannot count without end."""
    shift_range: int = 1
    """Farthest shift of a head in one time step, in rows: 1 allows shifts by -1, 0 and +1."""
    weightings: Weightings = "separate"
    """separate: every head has its own weighting; single: read head i and write head i share one weighting;
    shared-previous: every head interpolates from the first write head's previous weighting."""
    initial_weights: Literal["first-row", "spaced", "uniform", "random", "learned"] = "first-row"
    """Weightings before the first step: first-row, all on row 0; spaced, head i of A on row i * N // A; uniform;
    random, the softmax of fixed normal numbers; learned, the softmax of parameters."""
    initial_memory: Literal["constant", "learned-row", "random", "learned"] = "constant"
    """Memory before the first step: constant, initial_value in every cell; learned-row, one learned row repeated;
    random, fixed random numbers; learned, a parameter for every cell."""
    initial_value: float = 0.0
    """Number in every cell of a constant memory and of an untrained learned row; random memories and untrained learned
    ones are uniform from -initial_value to initial_value."""
    initial_reads: Literal["learned", "memory"] = "learned"
    """Reads that the first step sees: learned numbers, or the first memory read at the first weightings."""
    output_from: Literal["hidden-and-reads", "hidden", "reads"] = "hidden-and-reads"
    """Input of the output layer: the controller's hidden units, the reads, or both."""

    def __post_init__(self) -> None:
        limits = {"forget_ceiling": (1e-6, 1), "initial_value": (-3.4e38, 3.4e38)}
        validate.fields(self, limits, (1, validate.MOST))
        if self.initial_memory == "random" and self.initial_value <= 0:
            raise ValueError(f"initial_value is {self.initial_value}: a random memory needs more than 0, such as 0.1")
        if self.weightings == "single" and self.read_heads != self.write_heads:
            raise ValueError(
                f"weightings 'single' pairs every read head with a write head: got {self.read_heads} read and"
                f" {self.write_heads} write heads; make the two numbers equal"
            )

    @property
    def addressing_heads(self) -> int:
        """Number of weightings, A: one a head, or one for each pair of heads with single weightings."""
        return self.read_heads if self.weightings == "single" else self.read_heads + self.write_heads

    @property
    def tied_parts(self) -> dict[str, str]:
        """Choices that give the machine one entry a row, by name: with any, the number of rows is fixed."""
        starts = {"initial_weights": self.initial_weights, "initial_memory": self.initial_memory}
        return {name: choice for name, choice in starts.items() if choice in ("random", "learned")}
