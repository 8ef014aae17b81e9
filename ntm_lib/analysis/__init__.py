"""Looking inside: what a machine did at every step, and what that says about how it works or why it fails."""
