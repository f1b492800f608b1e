"""Sessions that only read wait for no writer, and hold up none."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from intake.db.engine import open_engine, reading_factory, session_factory
from intake.db.models import BadAddressRow, Base


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/intake.sqlite")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def address(name: str) -> BadAddressRow:
    return BadAddressRow(address=name, since=datetime(2025, 5, 28, tzinfo=UTC), reason="")


def test_who_only_reads_sees_what_was_committed_while_somebody_writes(engine):
    write, read = session_factory(engine), reading_factory(engine)
    with write.begin() as first:
        first.add(address("a@example.com"))
    with write.begin() as writer:
        writer.add(address("b@example.com"))
        writer.flush()
        with read() as reader:
            assert reader.scalars(select(BadAddressRow.address)).all() == ["a@example.com"]


def test_a_writer_does_not_wait_for_who_only_reads(engine):
    write, read = session_factory(engine), reading_factory(engine)
    with read() as reader:
        assert reader.scalars(select(BadAddressRow.address)).all() == []
        with write.begin() as writer:
            writer.add(address("a@example.com"))
        assert reader.scalars(select(BadAddressRow.address)).all() == [], "one reading sees one moment"
    with read() as reader:
        assert reader.scalars(select(BadAddressRow.address)).all() == ["a@example.com"]


def test_a_reading_session_refuses_to_write(engine):
    with reading_factory(engine)() as reader:
        reader.add(address("a@example.com"))
        with pytest.raises(RuntimeError, match="asked to write"):
            reader.commit()
