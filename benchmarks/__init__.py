"""How fast the machine is: `python -m benchmarks`, or `make bench`. Nothing here is imported by the library."""
