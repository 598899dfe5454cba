"""What all tables of `storage.schema` belong to."""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData(
    # Named constraints, so that a later migration can drop them on every database.
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)
