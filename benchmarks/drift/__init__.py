"""How often the verdict's vote fires without drift, and how often on real shifts of mail."""
