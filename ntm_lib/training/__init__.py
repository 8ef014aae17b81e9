"""How a machine learns: recipes, the curriculum, losses, the loop of one run, and what counts as learned."""
