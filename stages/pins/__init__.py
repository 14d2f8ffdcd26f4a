"""What is installed is what was pinned: `constraints.txt`, its check, its renewal, its wheels."""
