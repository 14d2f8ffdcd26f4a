"""The adapter of MLflow."""
