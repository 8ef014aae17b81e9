"""What is asked of every machine: as options, and which answers a row still lacks."""

from pathlib import Path

import pytest

from ntm_lib.study.asking import Asked, read_content


def tell(model, run):
    return {}


def row(**entries):
    return {"lengths": {}, "files": {}, **entries}


def test_what_is_asked_as_options_of_the_command():
    assert Asked().options() == []
    asked = Asked((5, 7), 3, Path(__file__), tell)
    assert asked.options() == ["--lengths", "5", "7", "--sequences", "3", "--file", __file__, "--tell"]


def test_only_what_a_row_lacks_is_open():
    asked = Asked((5, 7), 3)
    answered = row(lengths={"5": {"sequences": 3}, "7": {"sequences": 2}})
    assert asked.open_lengths(answered) == [7] and asked.open_in(answered) and asked.open_in(None)
    assert not Asked((5,), 3).open_in(answered) and not Asked().open_in(row())
    named = row(also=["test_asking.tell"])
    assert Asked(also=tell).open_in(row()) and not Asked(also=tell).open_in(named)


def test_a_file_is_open_until_this_text_of_it_was_copied(tmp_path):
    file = tmp_path / "text"
    file.write_bytes(b"abc")
    asked = Asked(file=file)
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # SHA-256's own test vector (FIPS 180-4)
    assert asked.open_in(row()) and not asked.open_in(row(files={"text": {"sha256": abc}}))
    file.write_bytes(b"abcd")
    assert asked.open_in(row(files={"text": {"sha256": abc}}))


def test_a_file_that_cannot_be_read_or_is_empty_is_named(tmp_path):
    (tmp_path / "empty").touch()
    with pytest.raises(ValueError, match=r"empty is empty: expected at least one byte"):
        read_content(tmp_path / "empty")
    with pytest.raises(ValueError, match=r"cannot read .*nowhere: No such file"):
        read_content(tmp_path / "nowhere")
