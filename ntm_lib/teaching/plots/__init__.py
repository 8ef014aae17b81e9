"""Figures, a module for each thing drawn: functions take arrays and return a Figure, show nothing and call no model.

Every figure carries its alternative text, one or two sentences, as its label.
"""
