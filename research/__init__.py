"""How docs/findings.md and the figures of the README are made. Not part of the package."""
