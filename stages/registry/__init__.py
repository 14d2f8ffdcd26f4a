"""Receipt, gate, production pointer, and the MLflow adapter."""
