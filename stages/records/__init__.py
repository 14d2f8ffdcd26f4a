"""The documents that flow between stages, one file each."""
