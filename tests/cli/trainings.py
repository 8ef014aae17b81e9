"""Small trainings as options of the `ntm` command."""

SIZES = ["--machine.word_size", "5", "--machine.controller_size", "7", "--batch_size", "2"]
TINY = [*SIZES, "--updates", "4", "--validate_every", "2"]
LONG = [*SIZES, "--max_length", "2", "--updates", "120", "--validate_every", "10", "--settle_updates", "0"]
