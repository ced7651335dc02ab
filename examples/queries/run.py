#!/usr/bin/env python3
"""Asks questions of the tables that `signhold export --format signinlogs` writes.

usage: run.py FOLDER QUERY... [--set NAME=SQL]... [--as-of TIME]

FOLDER is what `--out` named. A QUERY is a file: SQL for DuckDB (.sql), or the Kusto query language (.kql), for which duckdb-kql
translates it. Each row is printed as one line of JSON.

--set NAME=SQL   gives a parameter of an SQL file another value, as `--set "within=INTERVAL 30 MINUTE"`
--as-of TIME     what `now()` and `ago()` count from in .kql files; by default the last TimeGenerated of the export

Needs `pip install duckdb`, and for .kql files `pip install 'duckdb-kql[duckdb]'`.
"""

import argparse
import json
import os
import re
import sys

import duckdb

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


def connect(folder):
    """Opens the tables of an export."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'").fetchall()
    path = os.path.abspath(folder).replace("'", "''")
    connection.execute(f"SET file_search_path = '{path}'").fetchall()
    with open(os.path.join(folder, "tables.sql"), encoding="utf-8") as script:
        connection.execute(script.read()).fetchall()
    return connection


def ask_sql(connection, query, parameters=()):
    """Returns the rows of an SQL query, with some of its parameters set."""
    for name, value in parameters:
        connection.execute(f"SET VARIABLE {name} = {value}").fetchall()
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row)) for row in cursor.fetchall()]
    for name, _ in parameters:
        connection.execute(f"RESET VARIABLE {name}").fetchall()
    return rows


def ask_kql(connection, query, as_of=None):
    """Returns the rows of a Kusto query. An export is old and has no ingestion time, so these are spelled out."""
    import duckdb_kql

    if as_of is None:
        latest = " UNION ALL ".join(f"SELECT max(TimeGenerated) AS latest FROM {table}" for table in TABLES)
        as_of = connection.execute(f"SELECT max(latest) FROM ({latest})").fetchall()[0][0]
        as_of = as_of.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if as_of else "1970-01-01T00:00:00Z"
    query = re.sub(r"\bingestion_time\(\)", "IngestionTime", query)
    query = re.sub(r"\bnow\(\)", f"datetime({as_of})", query)
    query = re.sub(r"\bago\(([^()]*)\)", rf"(datetime({as_of}) - \1)", query)
    for theirs, ours in SPELLINGS:
        query = re.sub(theirs, ours, query)
    relation = duckdb_kql.query(connection, query)
    return [dict(zip(relation.columns, row)) for row in relation.fetchall()]


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("query", nargs="+")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=SQL", dest="parameters")
    parser.add_argument("--as-of")
    arguments = parser.parse_args()
    parameters = [parameter.split("=", 1) for parameter in arguments.parameters]
    connection = connect(arguments.folder)
    for path in arguments.query:
        with open(path, encoding="utf-8") as file:
            query = file.read()
        if path.endswith(".kql"):
            rows = ask_kql(connection, query, arguments.as_of)
        else:
            rows = ask_sql(connection, query, parameters)
        print(f"{path}: {len(rows)} rows", file=sys.stderr)
        for row in rows:
            # ASCII: values of a log were written by strangers.
            print(json.dumps(row, default=str))


if __name__ == "__main__":
    main()
