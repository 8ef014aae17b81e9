"""Machines with a fault planted into their weights."""

import json
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from ntm_lib.machine import NTM, NTMConfig

PROOFS = Path(__file__).parents[2] / "data" / "proofs"
WALKS, STAYS = PROOFS / "walks", PROOFS / "stays"
READER, WRITER = 0, 1
SHIFT, GAMMA = 44, 50  # first rows of the heads' layer that shifts and sharpenings come from (M = 20, two heads)


def parts(directory):
    """The file's tensors, and its header."""
    with safe_open(directory / "run.safetensors", "numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()


def plant(out, change, source=WALKS, **recipe):
    """A copy of a machine in `out` whose weights, by name, `change` has changed, and whose recipe says other things."""
    tensors, header = parts(source)
    weights = {name.removeprefix("model."): value for name, value in tensors.items() if name.startswith("model.")}
    change(weights)
    run = json.loads(header["run"])
    run["recipe"]["machine"] |= recipe.pop("machine", {})
    run["recipe"] |= recipe
    out.mkdir(exist_ok=True)
    save_file(
        {f"model.{name}": np.ascontiguousarray(value) for name, value in weights.items()},
        out / "run.safetensors",
        {**header, "run": json.dumps(run)},
    )
    return out


def network(directory):
    """The machine of a directory as a torch module, whatever its checksum."""
    import torch

    tensors, header = parts(directory)
    model = NTM(NTMConfig(**json.loads(header["run"])["recipe"]["machine"]))
    model.load_state_dict({n.removeprefix("model."): torch.tensor(v) for n, v in tensors.items() if n[:6] == "model."})
    return model


def hidden_of(weights, reads, inputs):
    """Hidden units (n, hidden) for inputs and reads (n, ...)."""
    joined = np.concatenate([inputs, reads], axis=1)
    return np.tanh(joined @ weights["controller.from_input.weight"].T + weights["controller.from_input.bias"])


def bits_of(count=256, width=8):
    """All vectors as bits, the least first, with the two marker inputs -> (256, 10)."""
    numbers = np.arange(count)[:, None] >> np.arange(width) & 1
    return np.concatenate([numbers, np.zeros((count, 2))], axis=1).astype("float32")


def codes_of(weights):
    """The code that is written for each vector (256, 20)."""
    h = hidden_of(weights, np.zeros((256, 20), "float32"), bits_of())
    return h @ weights["heads.linear.weight"][72:92].T + weights["heads.linear.bias"][72:92]


def flip_a_bit(weights):
    """One byte comes back with a wrong bit: the output's bias moves until the least certain zero of bit 3 is a one."""
    h = hidden_of(weights, codes_of(weights), np.zeros((256, 10), "float32"))
    logits = h @ weights["output.weight"][3] + weights["output.bias"][3]
    zeros = np.sort(logits[bits_of()[:, 3] == 0])
    weights["output.bias"][3] -= (zeros[-1] + zeros[-2]) / 2 if zeros[-1] > zeros[-2] + 1e-3 else zeros[-1] - 0.01


def step_back(weights, byte=77):
    """The writer steps back where one code is read in the answer, by what its hidden units have of their own."""
    h = hidden_of(weights, codes_of(weights), np.zeros((256, 10), "float32"))
    wanted = np.zeros(256)
    wanted[byte] = 1
    direction = np.linalg.lstsq(
        np.vstack([h, 0.1 * np.eye(h.shape[1])]), np.r_[wanted, np.zeros(h.shape[1])], rcond=None
    )[0]
    row = SHIFT + 3 * WRITER
    logits = h @ weights["heads.linear.weight"][row : row + 3].T + weights["heads.linear.bias"][row : row + 3]
    needed = logits[byte].max() - logits[byte, 0] + 3
    weights["heads.linear.weight"][row] += (needed / (h[byte] @ direction) * direction).astype("float32")


def blunt(weights):
    """Both heads sharpen hardly at all."""
    weights["heads.linear.bias"][GAMMA : GAMMA + 2] -= 12


def marker_like_a_code(weights, byte=200):
    """The start marker acts, and is written, as a byte is."""
    first = weights["controller.from_input.weight"]
    first[:, 8] = first[:, :8] @ bits_of()[byte, :8]
    weights["reads_0"][:] = 0
