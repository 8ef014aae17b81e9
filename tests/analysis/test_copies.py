"""Bits and bytes through a machine that copies, and what comes back wrong."""

import pytest
import torch
from copier import Copier

from ntm_lib import tasks
from ntm_lib.analysis.copies import copy_bytes, copy_format, copy_through, judged_payloads, rows_needed, wrong_bits
from ntm_lib.training.evaluation import MemoryTooSmall, judge


@pytest.mark.parametrize(("markers", "expected"), [(1, (3, False)), (2, (3, True))])
def test_copy_format(markers, expected):
    assert copy_format(Copier(3, markers)) == expected


@pytest.mark.parametrize("markers", [1, 2])
def test_every_byte_comes_back(markers):
    content = bytes(range(256)) + bytes(reversed(range(256))) + b"\0\0\xff\n"
    machine = Copier(8, markers)
    assert copy_bytes(machine, content) == content
    ((bits, _, rows),) = machine.calls  # in one sequence
    assert bits.shape == (1, len(content), 8)
    assert rows == rows_needed(len(content))
    for vector, byte in zip(bits[0].tolist(), content, strict=True):
        assert sum(bit * 2**place for place, bit in enumerate(vector)) == byte


@pytest.mark.parametrize("place", range(8))
def test_a_wrong_bit_is_a_wrong_byte(place):
    def mistake(bits, rows):
        bits[:, 2, place] = 1 - bits[:, 2, place]
        return bits

    copied = copy_bytes(Copier(8, mistake=mistake), b"tape")
    assert copied == bytes([ord("t"), ord("a"), ord("p") ^ (1 << place), ord("e")])


def test_one_byte():
    assert copy_bytes(Copier(8), b"\x9c") == b"\x9c"


def test_nothing_to_copy():
    with pytest.raises(ValueError, match="there is nothing to copy: expected at least one byte"):
        copy_bytes(Copier(8), b"")


@pytest.mark.parametrize(("content", "kind"), [("tape", "str"), ("", "str"), (None, "NoneType"), ([7], "list")])
def test_only_bytes_are_copied(content, kind):
    with pytest.raises(TypeError, match=rf"content is {kind}: expected bytes, such as b'tape' or text\.encode\(\)"):
        copy_bytes(Copier(8), content)


def test_a_thing_that_is_no_machine_copies_nothing():
    for use in (lambda thing: copy_bytes(thing, b"a"), lambda thing: copy_through(thing, torch.ones(1, 2, 8))):
        with pytest.raises(TypeError, match="machine is Linear: expected an NTM or an LSTMBaseline"):
            use(torch.nn.Linear(10, 8))


@pytest.mark.parametrize("width", [1, 7, 9])
def test_bytes_need_vectors_of_eight_bits(width):
    with pytest.raises(ValueError, match=f"this machine copies vectors of {width} bits: .* output_size 8"):
        copy_bytes(Copier(width), b"a")


def test_copy_bytes_with_a_memory_of_ones_own():
    machine = Copier(8)
    copy_bytes(machine, b"abc", memory_size=97)
    assert machine.calls[0][2] == 97


def test_copy_bytes_warns_too():
    with pytest.warns(MemoryTooSmall, match="memory_size 7 is less than the 8 rows that length 3 needs"):
        assert copy_bytes(Copier(8), b"abc", memory_size=7) == b"abc"


# Bits


def flips_the_last(bits, rows):
    """The very last bit of every sequence is wrong."""
    bits[:, -1, -1] = 1 - bits[:, -1, -1]
    return bits


@pytest.mark.parametrize("markers", [1, 2])
def test_bits_through_a_machine(markers):
    bits = tasks.payload(5, 7, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(copy_through(Copier(3, markers), bits), bits)
    assert wrong_bits(Copier(3, markers), bits).tolist() == [0] * 5
    wrong = Copier(3, markers, flips_the_last)
    assert (copy_through(wrong, bits) != bits).sum() == 5
    assert wrong_bits(wrong, bits, memory_size=31).tolist() == [1] * 5
    assert [rows for _, _, rows in wrong.calls] == [None, 31]


def test_the_payloads_that_judge_shows():
    machine = Copier()
    judge(machine, seed=3)
    for length in (20, 50, 120):
        payloads = judged_payloads(machine, length, seed=3)
        assert torch.equal(torch.cat([*payloads.values()]), machine.saw()[length])
        assert ("chosen" in payloads) == (length != 50)
