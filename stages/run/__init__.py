"""A whole run, one stage, the scheduled scoring, and what people read afterwards."""
