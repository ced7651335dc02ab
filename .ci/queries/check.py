#!/usr/bin/env python3
"""Exports sign-ins with the program as tables, and holds tables and examples/queries against Python's own reading of the pages.

usage: check.py SIGNHOLD PACKAGE FOLDER     PACKAGE: of the simulator, with its story; FOLDER: an empty one to work in

Needs duckdb, duckdb-cli, duckdb-kql and pyarrow.
"""

import glob
import inspect
import json
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import pyarrow as arrow
import pyarrow.parquet

sys.dont_write_bytecode = True
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
QUERIES = os.path.join(ROOT, "examples", "queries")
sys.path[:0] = [QUERIES, os.path.dirname(__file__)]

import made  # noqa: E402
import reference  # noqa: E402
import run  # noqa: E402

KINDS = ["interactiveUser", "nonInteractiveUser", "servicePrincipal", "managedIdentity"]
# An attack, or nothing: a tenant in which nothing happens gives no row.
ATTACKS = [
    "addresses_with_failed_logons", "disabled_accounts", "disabled_accounts_by_address", "expired_credentials",
    "failures_by_address", "failures_by_application", "failures_by_user", "high_risk_sessions", "high_risk_users",
    "impossible_travel", "legacy_authentication", "legacy_authentication_by_user", "mfa_rejected",
    "mfa_spam_then_success", "networks_locked_out", "password_spray", "portal_brute_force", "sign_in_burst", "teleportation",
    "token_replay", "user_agents_locked_out",
]
# Wider questions than the files ask on their own, so that the simulator's few records give rows.
WIDER = [
    ("addresses_with_failed_logons", {"results": ["50140", "50126", "53003"], "times": 3}),
    ("expired_credentials", {"results": ["50055", "50126"], "target": "Microsoft Graph", "memory": timedelta(hours=12)}),
    ("failures_by_address", {"steps": ["50126"], "listed": 1}),
    ("failures_by_application", {"steps": [], "top": 3}),
    ("failures_by_user", {"steps": ["50126", "70043"], "tables": ["SigninLogs"], "top": 7, "listed": 2}),
    ("high_risk_sessions", {"levels": ["medium", "low"]}),
    ("high_risk_users", {"levels": ["medium", "low"], "tables": ["SigninLogs"]}),
    ("impossible_travel", {"speed": 20, "distance": 100}),
    ("legacy_authentication", {"modern": ["Mobile Apps and Desktop clients"], "memory": timedelta(hours=6)}),
    ("legacy_authentication_by_user", {"modern": ["Browser"], "tables": ["AADNonInteractiveUserSignInLogs"], "listed": 1}),
    ("mfa_spam_then_success", {"refusals": 1, "within": timedelta(minutes=30)}),
    ("new_locations", {"memory": timedelta(hours=30), "accounts": 1}),
    ("non_compliant_device", {"known_devices": False}),
    ("password_spray", {"users": 2, "within": timedelta(hours=6)}),
    ("password_spray", {"users": 2, "within": timedelta(hours=6), "after": timedelta(hours=9), "tables": ["SigninLogs"], "listed": 2}),
    ("portal_brute_force", {"application": "OfficeHome", "failures": 2}),
    ("risky_users_by_application", {"share": 0.03}),
    ("risky_users_by_application", {"listed": 1}),
    ("sign_in_burst", {"application": "OfficeHome", "countries": 3}),
    ("single_factor_from_new_country", {"memory": timedelta(hours=12)}),
    ("teleportation", {"within": timedelta(hours=3), "rare": 0.05}),
    ("token_replay", {"within": timedelta(hours=2)}),
    ("unusual_hours", {"most": 2, "share": 1, "weekdays": True}),
    ("unusual_hours", {"share": 0.3, "weekdays": False}),
]


def fail(words):
    sys.exit(f"FAIL: {words}")


def ok(words):
    print(f"ok    {words}", flush=True)


def signhold(*words, code=0, env=None):
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL)
    if done.returncode != code:
        fail(f"signhold {' '.join(words)}: exit {done.returncode} instead of {code}\n{done.stdout}{done.stderr}")
    return done.stdout


def export(package, folder):
    signhold("export", package, "--format", "signinlogs", "--out", folder, "--quiet")
    return folder


def counted(package):
    """The records that count, by kind, read without the program: any ZIP reader, any JSON parser."""
    found = defaultdict(list)
    with zipfile.ZipFile(package) as archive:
        names = {name.split("/", 1)[1]: name for name in archive.namelist()}
        streams = json.loads(archive.read(names["seal/seal.json"]))["streams"]
        run_of = lambda stream: tuple(stream[name] for name in ("kind", "from", "to", "pass", "run"))
        superseded = {run_of(stream) for stream in streams if stream["state"] == "superseded"}
        for path in sorted(path for path in names if re.fullmatch(r"data/records/\d+\.json", path)):
            record = json.loads(archive.read(names[path]))
            stream = record["stream"]
            if stream["pass"] != 1 or run_of(stream) in superseded:
                continue
            for element in json.loads(archive.read(names[record["body"]["path"]]))["value"]:
                if stream["from"][:19] <= element["createdDateTime"][:19] < stream["to"][:19]:
                    found[stream["kind"]].append(element)
    return found


def literal(value):
    if isinstance(value, timedelta):
        return f"INTERVAL {int(value.total_seconds())} SECOND"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ '{value.isoformat()}'"
    return str(value).lower() if isinstance(value, (bool, int, float)) else "'" + value.replace("'", "''") + "'"


def ask(connection, name, parameters=None):
    with open(os.path.join(QUERIES, f"{name}.sql"), encoding="utf-8") as file:
        return run.ask_sql(connection, file.read(), [(key, literal(value)) for key, value in (parameters or {}).items()])


def needs(name, who):
    """The parameters without which a file asks nothing."""
    return {"who": who} if name == "timeline" else {}


def same(name, answered, expected, place):
    """Compares rows by the columns that the reference has."""
    names = sorted(expected[0]) if expected else []
    rows = lambda all: sorted(json.dumps([row[column] for column in names], default=str, sort_keys=True) for row in all)
    if rows(answered) != rows(expected) or len(answered) != len(expected):
        fail(f"{name} on {place}:\n  answered {rows(answered)}\n  expected {rows(expected)}")


def questions():
    names = sorted(os.path.basename(path)[:-4] for path in glob.glob(os.path.join(QUERIES, "*.sql")))
    functions = {name for name, value in inspect.getmembers(reference, inspect.isfunction) if name in names}
    if functions != set(names):
        fail(f"no reference for {set(names) - functions}")
    with open(os.path.join(QUERIES, "README.md"), encoding="utf-8") as file:
        listed = re.findall(r"^\| `(\w+)` \|", file.read(), re.MULTILINE)
    if listed != names:
        fail(f"README.md lists {listed}")
    with open(os.path.join(ROOT, "src", "codec", "result_code.rs"), encoding="utf-8") as file:
        source = file.read()
    steps = re.findall(r"^    row\(([\d_]+), \"\w+\", Interrupt,", source, re.MULTILINE)
    for asked in re.findall(r"^const ASKED_FOR_FACTOR: [^=]*= \[([^]]*)\]", source, re.MULTILINE):
        steps += asked.split(", ")
    steps = sorted({number.replace("_", "") for number in steps}, key=int)
    for path in sorted(glob.glob(os.path.join(QUERIES, "failures_by_*"))):
        with open(path, encoding="utf-8") as file:
            if re.findall(r"['\"](\d{5})['\"]", file.read()) != steps:
                fail(f"{path}: the results that only interrupt are {steps}")
    for name in names:
        with open(os.path.join(QUERIES, f"{name}.sql"), encoding="utf-8") as file:
            text = file.read()
        described = re.findall(r"^-- (\w+) {2,}\w", text, re.MULTILINE) + re.findall(r"^-- (\w+)  \w", text, re.MULTILINE)
        if set(described) != set(run.parameters_of(text, False)):
            fail(f"{name}.sql describes {described}, and has {list(run.parameters_of(text, False))}")
    return names


def check_tables(folder, records, place):
    """Both forms hold the same, with the types that are declared, and as many rows as there are records."""
    with open(os.path.join(folder, "tables.json"), encoding="utf-8") as file:
        declared = json.load(file)["tables"]
    types = {
        "bool": arrow.bool_(), "datetime": arrow.timestamp("us", "UTC"), "dynamic": arrow.string(), "long": arrow.int64(),
        "real": arrow.float64(), "string": arrow.string(),
    }
    connection = run.connect(folder)
    for kind, table in zip(KINDS, declared):
        name = table["name"]
        rows = arrow.parquet.read_table(os.path.join(folder, f"{name}.parquet"), arrow_extensions_enabled=False)
        for column in table["columns"]:
            if rows.schema.field(column["name"]).type != types[column["type"]]:
                fail(f"{place}: {name}.{column['name']} is {rows.schema.field(column['name']).type}, declared {column['type']}")
        if rows.column_names != [column["name"] for column in table["columns"]]:
            fail(f"{place}: columns of {name}")
        with open(os.path.join(folder, f"{name}.ndjson"), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        if not len(lines) == rows.num_rows == table["rows"] == len(records[kind]):
            fail(f"{place}: {name} has {len(lines)} lines, {rows.num_rows} rows, {table['rows']} declared, {len(records[kind])} records")
        dynamic = {column["name"] for column in table["columns"] if column["type"] == "dynamic"}
        times = {column["name"] for column in table["columns"] if column["type"] == "datetime"}
        for line, row in zip(lines, rows.to_pylist()):
            for column, value in row.items():
                if column in dynamic:
                    value = None if value is None else json.loads(value)
                elif column in times:
                    if (value is None) != (line[column] is None) or (value and reference.time({"createdDateTime": line[column]}) != value):
                        fail(f"{place}: {name}.{column}: {line[column]} in lines, {value} in Parquet")
                    continue
                if line[column] != value:
                    fail(f"{place}: {name}.{column}: {line[column]!r} in lines, {value!r} in Parquet")
        loaded = connection.execute(f"SELECT count(*), count(DISTINCT SignholdLeaf) FROM {name}").fetchall()[0][0]
        inferred = connection.execute(f"SELECT count(*) FROM read_ndjson_auto('{name}.ndjson')").fetchall()[0][0] if lines else 0
        if not loaded == inferred == len(lines):
            fail(f"{place}: DuckDB reads {loaded} rows of Parquet and {inferred} lines")
    return connection


def check_answers(connection, records, place, cases):
    rows = 0
    for name, parameters in cases:
        answered = ask(connection, name, parameters)
        answer = getattr(reference, name)
        logs = [name for name, kind in inspect.signature(answer).parameters.items() if kind.default is kind.empty and kind.kind != kind.KEYWORD_ONLY]
        expected = answer(*(records[kind] for kind in KINDS[: len(logs)]), **parameters)
        same(f"{name} {parameters or ''}".strip(), answered, expected, place)
        rows += len(answered)
    return rows


def check_kql(connection, place, who):
    """Each .kql gives the rows of the .sql of its name."""
    paths = sorted(glob.glob(os.path.join(QUERIES, "*.kql")))
    for path in paths:
        name = os.path.basename(path)[:-4]
        with open(path, encoding="utf-8") as file:
            text = file.read()
        needed = needs(name, who)
        answered = run.ask_kql(connection, text, parameters=[(key, json.dumps(value)) for key, value in needed.items()])
        in_answer = lambda rows: sorted({id for row in rows for id in run.identifiers(row)})
        by_sql = in_answer(ask(connection, name, needed))
        if in_answer(answered) != by_sql:
            fail(f"{name}.kql on {place}: {in_answer(answered)}, but {by_sql} by SQL")
    return len(paths)


def check_runner(tables, folder):
    """What cannot be asked is said in words, with exit code 2; nothing is swallowed."""
    query = lambda name: os.path.join(QUERIES, name)
    ask_by_hand = lambda *words: subprocess.run([sys.executable, query("run.py"), *words], capture_output=True, text=True)
    for name, text in {"empty.sql": "", "nonsense.sql": "SELECT nope", "nonsense.kql": "SigninLogs | frobnicate", "column.kql": "SigninLogs | where Nope == 1"}.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    made_up = lambda name: os.path.join(folder, name)
    spray = query("password_spray.sql")
    refused = {
        "no parameter is called `usrs`; there are: `after`,": (tables, spray, "--set", "usrs=1"),
        "`--set users` has no value": (tables, spray, "--set", "users"),
        "text stands in quotes": (tables, spray, "--set", "users=a@b"),
        "Could not convert string 'x'": (tables, spray, "--set", "users='x'"),
        "no parameter is called `Within`": (tables, query("token_replay.kql"), "--set", "Within=1d"),
        "--as-of is for .kql files": (tables, spray, "--as-of", "2026-01-01"),
        "`--as-of today` is no time": (tables, query("token_replay.kql"), "--as-of", "today"),
        "gone.sql` cannot be read: No such file": (tables, made_up("gone.sql")),
        "there is no folder": (made_up("gone"), spray),
        "has no tables.sql": (folder, spray),
        "empty.sql`: it asks nothing": (tables, made_up("empty.sql")),
        "nonsense.sql`: Binder Error": (tables, made_up("nonsense.sql")),
        "nonsense.kql`: duckdb-kql cannot take this": (tables, made_up("nonsense.kql")),
        "column.kql`: ": (tables, made_up("column.kql")),
    }
    for words, arguments in refused.items():
        done = ask_by_hand(*arguments)
        if done.returncode != 2 or words not in done.stderr or "Traceback" in done.stderr or done.stdout:
            fail(f"run.py {' '.join(arguments)}: exit {done.returncode}, and not `{words}` alone:\n{done.stdout}{done.stderr}")
    for arguments, words in [
        ((tables, spray, "--set", "users=9"), "users = 9; within = 1:00:00; "),
        ((tables, query("mfa_rejected.sql")), ": the export spans "),
    ]:
        done = ask_by_hand(*arguments)
        if done.returncode != 0 or words not in done.stderr or any("Ids" not in json.loads(line) for line in done.stdout.splitlines()):
            fail(f"run.py {' '.join(arguments)}: exit {done.returncode}, and not `{words}`:\n{done.stdout}{done.stderr}")
    # As `| head -1` does, before the first row is there.
    process = subprocess.Popen([sys.executable, query("run.py"), tables, spray], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    said = process.stderr.read()
    if process.wait() != 0 or "Error" in said:
        fail(f"run.py into a closed pipe: exit {process.returncode}\n{said}")
    return len(refused)


def check_times(package, path, records):
    """The functions for times that every analyst begins with take the columns of `--format parquet`."""
    signhold("export", package, "--format", "parquet", "--out", path, "--quiet")
    connection = run.duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'").fetchall()
    counted = f"FROM '{path}' WHERE counted AND kind = 'interactiveUser' GROUP BY ALL ORDER BY ALL"
    times = list(map(reference.time, records["interactiveUser"]))
    for name in ("time", "createdDateTime"):
        by_hour = connection.execute(f"SELECT hour({name}), count(*) {counted}").fetchall()
        if by_hour != sorted(Counter(time.hour for time in times).items()):
            fail(f"hour({name}) of {path}: {by_hour}")
        by_day = connection.execute(f"SELECT date_trunc('day', {name}), count(*) {counted}").fetchall()
        if by_day != sorted(Counter(time.replace(hour=0, minute=0, second=0, microsecond=0) for time in times).items()):
            fail(f"date_trunc('day', {name}) of {path}: {by_day}")
        (lost,) = connection.execute(f"SELECT count(*) FROM '{path}' WHERE ({name} IS NULL) <> ({name}_text IS NULL)").fetchone()
        if lost:
            fail(f"{lost} rows of {path} have {name} or its text alone")


def check_shell(connection, tables, names, who):
    """DuckDB's own shell, which pip has in another version, gives as many rows."""
    shell = os.path.join(os.path.dirname(sys.executable), "duckdb")
    for name in names:
        setting = [word for key, value in needs(name, who).items() for word in ("-cmd", f"SET VARIABLE {key} = {literal(value)}")]
        with open(os.path.join(QUERIES, f"{name}.sql"), encoding="utf-8") as file:
            done = subprocess.run([shell, "-json", "-init", "tables.sql", *setting], stdin=file, cwd=tables, capture_output=True, text=True)
        rows = len(ask(connection, name, needs(name, who)))
        if done.returncode != 0 or len(json.loads(done.stdout or "[]")) != rows:
            fail(f"{name} in DuckDB's shell, not {rows} rows: {done.stdout}{done.stderr}")


def check_identifiers(package, tables, folder):
    """What `--ids` prints, `exhibit --ids-from` cuts out."""
    asked = [os.path.join(QUERIES, name) for name in ("token_replay.sql", "password_spray.sql", "impossible_travel.sql")]
    done = subprocess.run([sys.executable, os.path.join(QUERIES, "run.py"), tables, *asked, "--ids"], capture_output=True, text=True)
    wanted = set(done.stdout.splitlines())
    list_of_ids, exhibit = os.path.join(folder, "ids.txt"), os.path.join(folder, "exhibit.zip")
    with open(list_of_ids, "w", encoding="utf-8") as file:
        file.write(done.stdout)
    signhold("exhibit", package, "--ids-from", list_of_ids, "--out", exhibit)
    with zipfile.ZipFile(exhibit) as archive:
        cut = {json.loads(archive.read(name))["id"] for name in archive.namelist() if re.fullmatch(r"[^/]+/records/\d+\.json", name)}
    if done.returncode != 0 or cut != wanted or len(wanted) < 30:
        fail(f"exhibit of {len(wanted)} identifiers: {len(cut)} records, {sorted(wanted ^ cut)}\n{done.stderr}")
    return len(cut)


def collect(service, matter):
    signhold("init", matter, "--matter", "MADE-1", "--operator", "Interop", "--no-passphrase")
    bound = lambda instant: instant.strftime("%Y-%m-%dT%H:%M:%SZ")
    signhold(
        "collect", matter, "--quiet", "--from", bound(made.BEGINNING), "--to", bound(made.END), "--window-hours", "744",
        "--rate", "1000/1", "--retention-days", "3650", "--graph-url", service.url, "--login-url", service.url,
        env={"AZURE_TENANT_ID": made.TENANT, "AZURE_CLIENT_ID": "client", "AZURE_CLIENT_SECRET": "secret"},
    )
    (package,) = glob.glob(os.path.join(matter, "packages", "*.zip"))
    return package


def main(package, folder):
    inside = lambda name: os.path.join(folder, name)
    names = questions()
    plain = lambda who: [(name, needs(name, who)) for name in names]

    # The simulator's tenant with its story.
    records = counted(package)
    connection = check_tables(export(package, inside("story")), records, "the simulator")
    (spray,) = ask(connection, "password_spray")
    who = spray["LetIn"][0]["UserPrincipalName"]
    principal = records["servicePrincipal"][0]
    one_day = {"since": reference.time(principal), "until": reference.time(principal) + timedelta(days=1)}
    lines = [("timeline", {"who": principal[name].upper(), **one_day}) for name in ("servicePrincipalId", "servicePrincipalName")]
    rows = check_answers(connection, records, "the simulator", plain(who) + WIDER + lines)
    kql = check_kql(connection, "the simulator", who)
    people = records["interactiveUser"]
    sprayed = [r for r in people if "passwordSpray" in r["riskEventTypes_v2"]]
    if spray["Failures"] < len(sprayed) or spray["UsersAtOnce"] < len({r["userPrincipalName"] for r in sprayed}) or len(sprayed) < 30:
        fail(f"the planted spray: {spray}")
    (entered,) = spray["LetIn"]
    if not any(r["id"] == entered["Id"] and r["ipAddress"] == spray["IPAddress"] and r["status"]["errorCode"] == 0 for r in people):
        fail(f"the planted spray let nobody in: {spray}")
    (refused,) = ask(connection, "mfa_rejected")
    (spam,) = ask(connection, "mfa_spam_then_success")
    if refused["Refusals"] != 6 or spam["Refusals"] != 6 or len({row["IPAddress"] for row in (spray, refused, spam)}) > 1:
        fail(f"the planted fatigue: {refused}, {spam}")
    (replay,) = ask(connection, "token_replay")
    stolen = sorted(r["id"] for r in records["nonInteractiveUser"] if "anomalousToken" in r["riskEventTypes_v2"])
    if sorted(replay["Ids"]) != stolen or len(stolen) != 3:
        fail(f"the planted theft: {replay}")
    journeys = ask(connection, "impossible_travel")
    if not any(row["ToCountry"] == "SG" and row["Span"] == timedelta(seconds=1180) for row in journeys):
        fail(f"the planted journey: {journeys}")
    unusual = len(ask(connection, "unusual_hours"))
    if unusual > len(people) / 10:
        fail(f"{unusual} of {len(people)} sign-ins at unusual hours")
    check_times(package, inside("story.parquet"), records)
    ok(f"parquet: DuckDB {run.duckdb.__version__} groups by hour(time) and date_trunc('day', time)")
    check_shell(connection, inside("story"), names, who)
    refused, cut = check_runner(inside("story"), folder), check_identifiers(package, inside("story"), folder)
    ok(f"run.py: {refused} mistakes are named, with exit code 2; {cut} records that rows name are cut out as an exhibit")
    ok(f"sign-in tables: NDJSON, Parquet by PyArrow and DuckDB agree; {len(names)} SQL questions, {rows} rows as Python counts them, and DuckDB's shell; {kql} in KQL")

    # A tenant made by hand: what each question must find, and what it must not.
    service = made.Service([json.dumps(record) for record in made.records()])
    package = collect(service, inside("made"))
    records = counted(package)
    connection = check_tables(export(package, inside("made-tables")), records, "the tenant made by hand")
    who = "Followed@contoso.example"
    check_answers(connection, records, "the tenant made by hand", plain(who) + WIDER)
    check_kql(connection, "the tenant made by hand", who)
    labels = json.dumps(made.records())
    for name in names:
        text = json.dumps(ask(connection, name, needs(name, who)), default=str)
        for verdict in ("yes", "no"):
            wanted = set(re.findall(rf"\b{name}:{verdict}:\d+", labels))
            seen = set(re.findall(rf"\b{name}:{verdict}:\d+", text))
            if not wanted or seen != (wanted if verdict == "yes" else set()):
                fail(f"{name} on the tenant made by hand: of {sorted(wanted)} the answer names {sorted(seen)}")
    ok(f"questions on a tenant made by hand: each of {len(names)} finds what it must, and nothing that it must not")

    # Values that try to break their readers.
    service = made.Service(made.hostile_records())
    package = collect(service, inside("hostile"))
    tables = export(package, inside("hostile-tables"))
    connection = check_tables(tables, counted(package), "hostile values")
    for name in names:
        ask(connection, name, needs(name, who))
    check_kql(connection, "hostile values", who)
    for path in glob.glob(os.path.join(tables, "*")):
        if not path.endswith(".parquet"):
            with open(path, encoding="utf-8") as file:
                unseen = re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]", file.read())
            if unseen:
                fail(f"{path} holds {unseen[0]!r}")
    ok("hostile values: every reader reads the tables, and nothing unseen is in them")

    # A tenant in which nothing happens.
    quiet = [record for record in made.records() if record["id"].startswith(("calm:", "machine:"))]
    package = collect(made.Service([json.dumps(record) for record in quiet]), inside("quiet"))
    connection = check_tables(export(package, inside("quiet-tables")), counted(package), "a quiet tenant")
    for name in ATTACKS:
        answered = ask(connection, name)
        if answered:
            fail(f"{name} on a quiet tenant: {answered}")
    ok(f"a quiet tenant of {len(quiet)} sign-ins: nothing found by {len(ATTACKS)} questions about attacks")


PROGRAM = os.path.abspath(sys.argv[1])
main(sys.argv[2], sys.argv[3])
