"""What a gradebook says about a mission and its rubric, in figures; pure functions over marks."""
