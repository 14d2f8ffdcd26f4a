"""What is installed is what was pinned."""
