"""Bytes that a machine copies: read up to a limit, and written where nothing is lost."""

import pytest

from ntm_lib.study import content


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("nowhere", "cannot read .*nowhere: No such file"),
        ("empty", "empty is empty: expected at least one byte"),
        ("/dev/zero", "/dev/zero is too long: expected at most 1,000,000 bytes"),
        (".", "cannot read .*: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_copied_is_named(tmp_path, name, complaint):
    (tmp_path / "empty").touch()
    with pytest.raises(ValueError, match=complaint):
        content.read_content(str(tmp_path / name))


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        (".", "expected the name of a file, or - for standard output"),
        ("in", "in: it is what is copied, and would be lost"),
        ("link", "link: it is what is copied, and would be lost"),
        ("in/below", "in/below: .*in cannot be written"),
    ],
)
def test_a_place_that_cannot_take_the_copy_is_named_beforehand(tmp_path, name, complaint):
    (tmp_path / "in").write_bytes(b"abc")
    (tmp_path / "link").hardlink_to(tmp_path / "in")
    with pytest.raises(ValueError, match=complaint):
        content.require_writable(name and str(tmp_path / name), str(tmp_path / "in"))
    content.require_writable(str(tmp_path / "new" / "out"), str(tmp_path / "in"))
    assert not (tmp_path / "new").exists()


def test_a_bit_that_differs_is_counted():
    assert content.wrong_in(b"abc", b"abc") == {"bytes": 3, "wrong_bytes": 0, "bits": 24, "wrong_bits": 0}
    expected = {"bytes": 3, "wrong_bytes": 2, "bits": 24, "wrong_bits": 10}
    assert content.wrong_in(b"\x00\x01\xff", b"\x03\x01\x00") == expected
