"""What an instance holds, in a form that can be compared with another's. Ids differ from instance to instance, so rows
are compared under the external ids of their source."""
import hashlib

# Columns that may depend on when and how often something was read.
VOLATILE = {"known_at", "void_known_at", "reversal_known_at", "at_us", "first_seen_us", "last_seen_us", "attempts",
            "allocation_id", "seen_at"}


def columns_of(made, table):
    if made.url.startswith("sqlite:"):
        return [row[1] for row in made.rows(f"PRAGMA table_info({table})")]
    return [row[0] for row in made.rows(
        f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position")]


def tables_of(made):
    if made.url.startswith("sqlite:"):
        found = made.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    else:
        found = made.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return sorted(r[0] for r in found if r[0].startswith("receivables_"))


def names_of(made):
    return {row_id: f"{entity}:{external}" for entity, external, row_id in made.rows(
        "SELECT entity, external_id, id FROM receivables_binding")}


def lines_of(made, table, names, where=""):
    columns = columns_of(made, table)
    lines = []
    for row in made.rows(f"SELECT * FROM {table} {where}"):
        lines.append("|".join(names.get(value, value) for column, value in zip(columns, row)
                              if column not in VOLATILE))
    return sorted(lines)


def digest(made, is_kit=False):
    """{table: (rows, hash)}. Two instances that read along different ways, as the conformance kit has them, differ
    in their cursors and in what was in quarantine once."""
    names = names_of(made)
    wanted = {table: "" for table in tables_of(made)}
    wanted["dunlin_quarantine"] = "WHERE state = 'open'" if is_kit else ""
    if not is_kit:
        wanted["dunlin_sync_cursor"] = ""
    result = {}
    for table, where in wanted.items():
        lines = lines_of(made, table, names, where)
        result[table] = (len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16])
    return result


def difference(found, wanted, table, most=6):
    """The first rows that only one of them has, for a person."""
    ours, theirs = (lines_of(made, table, names_of(made)) for made in (found, wanted))
    only = [f"- {line}" for line in theirs if line not in ours][:most]
    return "\n".join(only + [f"+ {line}" for line in ours if line not in theirs][:most])
