"""Encoders, features, classifier, calibration, metrics, and the whole filter."""
