"""The machine and the checkout we run on: files, cache, console, environment."""
