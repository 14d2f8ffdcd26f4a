"""From labelled messages to a model folder: what the train stage alone needs."""
