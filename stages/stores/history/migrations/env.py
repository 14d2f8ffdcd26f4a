"""What Alembic runs for each command: on the connection, and in the transaction, it is given."""

from alembic import context

from stages.stores.history.upgrade import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
