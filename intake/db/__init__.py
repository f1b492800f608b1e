"""The record: `models` (schema), `address` (where it lies), `engine` (how it is opened, on a server by `postgres`), `queries`
(all reads and writes), `upgrade` (migrations), `lists` (what the desk lists), `changes` (who did what), `by_hand` (what
people decided), `ledgers` (the ledger, kept), `condition` (what waits, for the judgement of health).

SQLAlchemy and Alembic are at home here. One `session.begin()` a unit of work, opened by the caller at the top.
"""
