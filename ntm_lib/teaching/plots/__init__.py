"""Figures, one module for each thing that is drawn. Functions take arrays and return a matplotlib Figure."""
