"""The one room that calls git and DVC."""
