"""The three statistics, their calibration, the verdict, and the report."""
