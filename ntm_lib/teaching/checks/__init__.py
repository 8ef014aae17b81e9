"""Checks of the exercises, one module a lesson. A check says which property of an answer fails."""
