"""What people see of the monitoring history: one list of panels, drawn by Grafana and by a page."""
