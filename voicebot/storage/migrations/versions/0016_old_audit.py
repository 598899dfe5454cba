"""Lines of the audit log that are older than a year may be deleted; younger ones still may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_YEAR_S = 365 * 86_400
_WHY = "the audit log only grows"
_ANY = {
    "sqlite": (
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit"
        f" BEGIN SELECT RAISE(ABORT, '{_WHY}'); END",
    ),
    "postgresql": (
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()",
    ),
}
_YOUNG = {
    "sqlite": (
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit"
        f" WHEN OLD.at > strftime('%s', 'now') - {_YEAR_S}"
        f" BEGIN SELECT RAISE(ABORT, '{_WHY}'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_keeps_a_year() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF OLD.at > extract(epoch FROM now()) - {_YEAR_S} THEN"
        f" RAISE EXCEPTION '{_WHY}'; END IF; RETURN OLD; END $$",
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit"
        " FOR EACH ROW EXECUTE FUNCTION audit_keeps_a_year()",
    ),
}


def upgrade() -> None:
    _replace(_YOUNG)


def downgrade() -> None:
    _replace(_ANY)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_keeps_a_year()")


def _replace(triggers: Mapping[str, Sequence[str]]) -> None:
    dialect = op.get_context().dialect.name
    op.execute(f"DROP TRIGGER audit_no_delete{' ON audit' if dialect == 'postgresql' else ''}")
    for statement in triggers[dialect]:
        op.execute(statement)
