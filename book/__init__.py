"""The lessons, the findings and the library's calls as a static site: `python -m book`, or `make site`."""
