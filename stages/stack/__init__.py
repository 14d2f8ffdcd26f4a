"""The team's services on this machine: S3, PostgreSQL and an MLflow server, without containers."""
