"""How trainings are kept on disk, and how many of them run side by side."""
