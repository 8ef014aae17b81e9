"""Sizes of problems: a length, or several numbers, such as a length and a number of repeats."""

from math import prod

from ntm_lib.machine.validate import number

Size = int | tuple[int, ...]
"""Sizes of problems: one whole number, or several."""
LARGEST = 10_000_000  # steps of the longest sequences: they and their memory take gigabytes


def size_text(size: Size) -> str:
    """A size in a word, as tables, files and the command write it.

    >>> size_text(20), size_text((10, 20))
    ('20', '10x20')
    """
    return "x".join(map(str, numbers_of(size)))


def size_in(text: str) -> Size:
    """The size that a word stands for; ValueError for a word that is none.

    >>> size_in("20"), size_in("10x20")
    (20, (10, 20))
    """
    first, *others = map(int, text.split("x"))
    return (first, *others) if others else first


def numbers_of(size: Size) -> tuple[int, ...]:
    """The numbers of a size, of which a length is one."""
    return size if isinstance(size, tuple) else (size,)


def steps_at_least(size: Size) -> int:
    """The product of a size's numbers: a sequence of that size is of this order of length."""
    return prod(numbers_of(size))


def require_size(size: Size) -> Size:
    """A size of whole numbers from 1 on, with a product of `LARGEST` at the most; else TypeError or ValueError."""
    checked = tuple(int(number("length", one, int, 1, LARGEST)) for one in numbers_of(size))
    if not checked or prod(checked) > LARGEST:
        raise ValueError(
            f"size is {size_text(size) or size}: expected numbers with a product of {LARGEST:,} at the most"
        )
    return checked if isinstance(size, tuple) else checked[0]


def one_smaller(size: Size) -> Size:
    """The size whose first number is one less."""
    first, *others = numbers_of(size)
    return (first - 1, *others) if isinstance(size, tuple) else first - 1


def one_number(size: Size) -> int:
    """The number of a size that has one; ValueError for any other size."""
    match numbers_of(size):
        case (only,):
            return only
    raise ValueError(f"size is {size_text(size) or size}: expected one number, such as 20")


def two_numbers(size: Size, form: str) -> tuple[int, int]:
    """The numbers of a size that has two; ValueError, with the `form` they are written in, for any other size."""
    match numbers_of(size):
        case first, second:
            return first, second
    raise ValueError(f"size is {size_text(size)}: expected two numbers, {form}, such as 10x20")
