"""How fast grading is, as ratios of things measured in one run."""
