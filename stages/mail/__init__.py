"""What a message is, where messages come from, windows of time, and duplicates."""
