"""The whole run, promotion, and what people read at the end."""
