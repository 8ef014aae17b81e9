"""Analysis of trained machines: traces of every step, causes of wrong bits, and findings about faults and habits."""
