"""Spamline: a reproducible pipeline that keeps a spam filter honest."""
