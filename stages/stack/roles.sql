-- Roles and databases of the team's PostgreSQL, for psql as a superuser; a second run changes
-- nothing but the passwords. `make up` runs it, and so does the init folder of compose.yaml.
--
--   database spamline   the monitoring history   owner spamline, read by spamline_reader
--   database mlflow     the model registry       owner spamline
--
-- The passwords come from the environment, SPAMLINE_DB_PASSWORD and SPAMLINE_READER_PASSWORD, so
-- that no file and no process argument holds them.

\set ON_ERROR_STOP on
\set QUIET on
-- Whatever the server logs, not the statements that carry a password, even if they fail.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
SET password_encryption = 'scram-sha-256';

\set owner_password ''
\set reader_password ''
\getenv owner_password SPAMLINE_DB_PASSWORD
\getenv reader_password SPAMLINE_READER_PASSWORD

SELECT :'owner_password' = '' AS no_owner_password, :'reader_password' = '' AS no_reader_password \gset
\if :no_owner_password
  DO $$ BEGIN RAISE EXCEPTION 'SPAMLINE_DB_PASSWORD is not set; fix: make env'; END $$;
\endif
\if :no_reader_password
  DO $$ BEGIN RAISE EXCEPTION 'SPAMLINE_READER_PASSWORD is not set; fix: make env'; END $$;
\endif

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['spamline', 'spamline_reader']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

ALTER ROLE spamline WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
ALTER ROLE spamline_reader WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'reader_password';
-- A second lock beside the privileges: a dashboard's SQL box writes nowhere.
ALTER ROLE spamline_reader SET default_transaction_read_only = on;

SELECT format('CREATE DATABASE %I OWNER spamline ENCODING ''UTF8'' TEMPLATE template0', name)
FROM unnest(ARRAY['spamline', 'mlflow']) AS name
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec

-- PostgreSQL lets every role connect to every database: here only its owner, and the reader to one.
ALTER DATABASE spamline OWNER TO spamline;
ALTER DATABASE mlflow OWNER TO spamline;
REVOKE ALL ON DATABASE spamline, mlflow, postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE spamline TO spamline_reader;

\connect spamline
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO spamline_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO spamline_reader;
-- And every table that spamline makes later.
ALTER DEFAULT PRIVILEGES FOR ROLE spamline IN SCHEMA public GRANT SELECT ON TABLES TO spamline_reader;
