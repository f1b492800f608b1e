"""The record: `models` (schema), `engine` (how it is opened), `queries` (all reads and writes), `upgrade` (migrations),
`lists` (what the desk lists), `changes` (who did what), `condition` (what waits, for the judgement of health).

SQLAlchemy and Alembic are at home here. One `session.begin()` a unit of work, opened by the caller at the top.
"""
