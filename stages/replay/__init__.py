"""The replay: a corpus lived through window by window, once under each policy of retraining."""
