#!/usr/bin/env python3
"""Asks questions of the tables that `signhold export --format signinlogs` writes.

usage: run.py FOLDER QUERY... [--set NAME=VALUE]... [--as-of TIME] [--ids]

FOLDER is what `--out` named. A QUERY is a file: SQL for DuckDB (.sql), or the Kusto query language (.kql), for which duckdb-kql
translates it. Each row is printed as one line of JSON. Standard error says what the export spans, and with which parameters each
file was asked.

--set NAME=VALUE  gives a parameter another value, in the words of the file's language: `--set "within=INTERVAL 30 MINUTE"` for one
                  that an .sql file reads with getvariable(), `--set "within=30m"` for a line `let within = 1h;` of a .kql file.
                  Text stands in quotes: `--set "who='a.roe@example.com'"`
--as-of TIME      what `now()` and `ago()` count from in .kql files; by default the last TimeGenerated of the export
--ids             prints the identifiers of the records that rows name, one a line and each once, as
                  `signhold exhibit --ids-from` reads them

Needs `pip install duckdb pytz`, and for .kql files `pip install 'duckdb-kql[duckdb]'`. Exit code 2 where something cannot be asked.
"""

import argparse
import json
import os
import re
import sys
from datetime import datetime, timezone
from decimal import Decimal

try:
    import duckdb
    import pytz  # noqa: F401, DuckDB makes its times with it
except ImportError:
    print("error: this needs DuckDB for Python, and pytz for its times\nhint: pip install duckdb pytz", file=sys.stderr)
    sys.exit(2)

TABLES = (
    "SigninLogs",
    "AADNonInteractiveUserSignInLogs",
    "AADServicePrincipalSignInLogs",
    "AADManagedIdentitySignInLogs",
)

# What published queries write and duckdb-kql 1.1 does not take, and the same in words that it takes.
SPELLINGS = (
    (r"\bmake(set|list)\(", r"make_\1("),
    (r"\bsplit\(\s*([\w.]+)\s*,\s*('[^']*'|\"[^\"]*\")\s*,\s*(\d+)\s*\)\s*\[0\]", r"split(\1, \2)[\3]"),
    (r"\bmv-expand\s+(todynamic|parse_json)\((\w+)\)", r"mv-expand \2 = \1(\2)"),
    # Rules compare the text `ResultType` with numbers; where a record has none, that would be an error instead of no match.
    (r"\bResultType\s*(==|!=)\s*(\d+)", r'ResultType \1 "\2"'),
    (
        r"\bResultType\s+(!?in)\s*\(([\d\s,]+)\)",
        lambda found: f"ResultType {found[1]} (" + ", ".join(f'"{number}"' for number in re.findall(r"\d+", found[2])) + ")",
    ),
)


# Columns that name records.
IDENTIFIERS = ("Id", "Ids", "FromId", "ToId", "BegunId")


class CannotAsk(Exception):
    """Why there is no answer, and what to do."""

    def __init__(self, why, hint=None):
        super().__init__(why + (f"\nhint: {hint}" if hint else ""))


def connect(folder):
    """Opens the tables of an export."""
    script = os.path.join(folder, "tables.sql")
    if not os.path.isdir(folder):
        raise CannotAsk(f"there is no folder `{folder}`", "name the one that `signhold export --format signinlogs --out` made")
    if not os.path.isfile(script):
        raise CannotAsk(f"`{folder}` has no tables.sql", "name the folder that `signhold export --format signinlogs --out` made")
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'").fetchall()
    path = os.path.abspath(folder).replace("'", "''")
    connection.execute(f"SET file_search_path = '{path}'").fetchall()
    try:
        connection.execute(read(script)).fetchall()
    except duckdb.Error as error:
        raise CannotAsk(f"the tables of `{folder}` cannot be opened: {error}", "export them again") from error
    return connection


def read(path):
    """Returns the text of a file."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotAsk(f"`{path}` cannot be read: {getattr(error, 'strerror', None) or error}") from error


def parameters_of(query, is_kql):
    """Returns the names of the parameters of a query, with their values in a .kql file."""
    pattern = r"^let (\w+) = ([^;\n]+);" if is_kql else r"getvariable\('(\w+)'()\)"
    return dict(re.findall(pattern, query, re.MULTILINE))


def ask_sql(connection, query, parameters=()):
    """Returns the rows of an SQL query, with some of its parameters set."""
    set_variables(connection, parameters)
    try:
        cursor = connection.execute(query)
        if cursor is None or not cursor.description:
            raise CannotAsk("it asks nothing")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]
    finally:
        reset_variables(connection, parameters)


def effective(connection, query, parameters=()):
    """Returns with which values of its parameters an SQL query is asked: the row of its first part, where that has one."""
    found = re.search(r"^WITH parameters AS \(\n(.*?)^\)", query, re.MULTILINE | re.DOTALL)
    return ask_sql(connection, found[1], parameters)[0] if found else {}


def set_variables(connection, parameters):
    for name, value in parameters:
        try:
            connection.execute(f"SET VARIABLE {name} = ({value})").fetchall()
        except duckdb.Error as error:
            hint = "text stands in quotes, a span is `INTERVAL 30 MINUTE`, a list `['a', 'b']`"
            raise CannotAsk(f"`--set {name}={value}`: {error}", hint) from error


def reset_variables(connection, parameters):
    for name, _ in parameters:
        connection.execute(f"RESET VARIABLE {name}").fetchall()


def ask_kql(connection, query, as_of=None, parameters=()):
    """Returns the rows of a Kusto query. An export is old and has no ingestion time, so these are spelled out."""
    try:
        import duckdb_kql
    except ImportError as error:
        raise CannotAsk("questions in KQL need duckdb-kql", "pip install 'duckdb-kql[duckdb]'") from error

    for name, value in parameters:
        query = re.sub(rf"^let {name} = [^;\n]+;", lambda _: f"let {name} = {value};", query, count=1, flags=re.MULTILINE)
    if as_of is None:
        as_of = span(connection)[2]
    as_of = as_of.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if as_of else "1970-01-01T00:00:00Z"
    query = re.sub(r"\bingestion_time\(\)", "IngestionTime", query)
    query = re.sub(r"\bnow\(\)", f"datetime({as_of})", query)
    query = re.sub(r"\bago\(([^()]*)\)", rf"(datetime({as_of}) - \1)", query)
    for theirs, ours in SPELLINGS:
        query = re.sub(theirs, ours, query)
    try:
        relation = duckdb_kql.query(connection, query)
        return [dict(zip(relation.columns, row)) for row in relation.fetchall()]
    except duckdb_kql.KqlError as error:
        raise CannotAsk(f"duckdb-kql cannot take this: {error}") from error


def span(connection):
    """Returns how many sign-ins there are, and the times of the first and the last."""
    tables = " UNION ALL ".join(f"SELECT TimeGenerated FROM {table}" for table in TABLES)
    return connection.execute(f"SELECT count(*), min(TimeGenerated), max(TimeGenerated) FROM ({tables})").fetchall()[0]


def identifiers(row):
    """Returns the identifiers of the records that a row names."""
    found = []
    for column, value in row.items() if isinstance(row, dict) else ():
        if isinstance(value, str) and value.startswith("[") and column == "Ids":
            value = json.loads(value)  # As KQL has lists.
        if column in IDENTIFIERS:
            found += value if isinstance(value, list) else [value]
        elif isinstance(value, list):
            found += [id for inner in value for id in identifiers(inner)]
    return found


def describe(connection, folder):
    """Says what will be asked."""
    count, first, last = span(connection)
    words = f"{count:,} sign-ins"
    if count:
        words += f" from {first:%Y-%m-%dT%H:%M:%SZ} to {last:%Y-%m-%dT%H:%M:%SZ}: the export spans {plain(last - first)}"
    print(f"{folder}: {words}", file=sys.stderr)
    try:
        marks = json.loads(read(os.path.join(folder, "tables.json")))["marks"]
    except (CannotAsk, ValueError, KeyError, TypeError):
        return
    print(f"{folder}: {'; '.join(map(ascii_text, marks))}", file=sys.stderr)


def plain(value):
    """Writes the value of a parameter for people."""
    if hasattr(value, "total_seconds"):
        text = str(value).split(".")[0]
        return re.sub(r", 0:00:00$", "", text)
    return str(value) if isinstance(value, Decimal) else json.dumps(value, default=str)


def ascii_text(value):
    """Writes text that strangers may have written in one line that steers no terminal."""
    return json.dumps(str(value))[1:-1]


def instant(text):
    """Reads a time of the command line."""
    try:
        time = datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", text))
    except ValueError as error:
        raise CannotAsk(f"`--as-of {text}` is no time", "write it as 2026-11-18T09:30:00Z") from error
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


def split(settings, queries):
    """Reads `--set`; each has to be a parameter of one of the files at least."""
    known = {name for query, is_kql in queries.values() for name in parameters_of(query, is_kql)}
    parameters = []
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not value.strip():
            raise CannotAsk(f"`--set {setting}` has no value", "write --set NAME=VALUE")
        if name not in known:
            there = ", ".join(f"`{name}`" for name in sorted(known)) or "none"
            raise CannotAsk(f"`--set {setting}`: no parameter is called `{name}`; there are: {there}")
        parameters.append((name, value))
    return parameters


def answer(arguments):
    queries = {path: (read(path), path.endswith(".kql")) for path in arguments.query}
    parameters = split(arguments.parameters, queries)
    as_of = instant(arguments.as_of) if arguments.as_of else None
    if as_of and not any(is_kql for _, is_kql in queries.values()):
        raise CannotAsk("--as-of is for .kql files: those in SQL ask the whole export")
    connection = connect(arguments.folder)
    describe(connection, arguments.folder)
    seen = set()
    for path, (query, is_kql) in queries.items():
        mine = [(name, value) for name, value in parameters if name in parameters_of(query, is_kql)]
        try:
            if is_kql:
                asked, rows = {**parameters_of(query, True), **dict(mine)}, ask_kql(connection, query, as_of, mine)
            else:
                asked, rows = effective(connection, query, mine), ask_sql(connection, query, mine)
        except CannotAsk as error:
            raise CannotAsk(f"`{path}`: {error}") from error
        except duckdb.Error as error:
            raise CannotAsk(f"`{path}`: {error}") from error
        words = "".join(f"; {name} = {value if is_kql else plain(value)}" for name, value in asked.items())
        print(f"{path}: {len(rows)} row{'' if len(rows) == 1 else 's'}{words}", file=sys.stderr)
        if not arguments.ids:
            for row in rows:
                # ASCII: values of a log were written by strangers.
                print(json.dumps(row, default=str))
            continue
        for id in (id for row in rows for id in identifiers(row)):
            if id in seen:
                continue
            seen.add(id)
            if id and id.isprintable():
                print(id)
            else:
                print(f"{path}: an identifier that is no line of text is left out: {json.dumps(id)}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0], epilog="The top of run.py says more.")
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("query", nargs="+", metavar="QUERY")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="parameters")
    parser.add_argument("--as-of", metavar="TIME")
    parser.add_argument("--ids", action="store_true")
    try:
        answer(parser.parse_args())
        sys.stdout.flush()
    except CannotAsk as error:
        # Readers of tables quote values, which strangers wrote.
        print("error: " + "".join(c if c.isprintable() or c == "\n" else ascii_text(c) for c in str(error)), file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever reads, such as `head`, has enough; what is left in the buffer has to go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
