"""Bytes that a machine copies: read up to a limit, and written where nothing is lost."""

import io

import pytest

from ntm_lib.study import content


class Unbuffered(io.RawIOBase):
    """A stream that takes a few bytes at a time, as one of the system may."""

    def __init__(self):
        self.taken = []

    def writable(self):
        return True

    def write(self, block):
        self.taken.append(bytes(block[:3]))
        return len(self.taken[-1])


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
        ("", "cannot write '': expected the name of a file"),
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


def test_an_unbuffered_stream_gets_every_byte(monkeypatch):
    stream = Unbuffered()
    monkeypatch.setattr("sys.stdout", type("Output", (), {"buffer": stream}))
    content.write_content("-", b"seventeen letters")
    assert b"".join(stream.taken) == b"seventeen letters" and len(stream.taken) == 6


def test_an_empty_directory_name_is_refused():
    assert content.directory("a") == "a"
    with pytest.raises(ValueError, match="out is '': expected the name of a directory"):
        content.directory("")
