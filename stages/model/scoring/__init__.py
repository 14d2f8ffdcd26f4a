"""From messages to probabilities of spam: what training and scoring share."""
