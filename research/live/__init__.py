"""Data of the page with the live machine: graphs, weights, faults, a training and all seeds, from the library's own."""
