"""Measurements: each program writes its results as JSON beside it; none of them is a test."""
