"""Where predictions and the monitoring history are kept."""
