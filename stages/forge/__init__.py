"""What the loop asks of GitHub, or of a forge like it."""
