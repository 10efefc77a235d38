"""Programs that once came out wrong, one for each file."""
