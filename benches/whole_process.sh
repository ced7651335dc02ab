#!/usr/bin/env bash
# Measures the built program against stock tools doing the plain part of the same work, and prints ratios taken in one run.
# Absolute times say more about the machine than about us and are shown only to make the ratios checkable.
#
# usage: benches/whole_process.sh [RECORDS [SEED]]      default: 50000 records, seed 7
#   SIGNHOLD=PATH    the program                        default: target/release/signhold
#   BENCH_DIR=DIR    where to work; a disk where fsync is cheap shows our own cost       default: the temporary directory
#   ROUNDS=N         each figure is the best of N       default: 3
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

records=${1:-50000}
seed=${2:-7}
rounds=${ROUNDS:-3}
signhold=$(realpath -e -- "${SIGNHOLD:-${CARGO_TARGET_DIR:-target}/release/signhold}") || {
  echo "no program; run cargo build --release first" >&2
  exit 2
}
work=$(mktemp -d -p "${BENCH_DIR:-${TMPDIR:-/tmp}}")
simulator=
stop_simulator() {
  [ -z "$simulator" ] || { kill "$simulator" && wait "$simulator"; } 2>/dev/null || true
  simulator=
}
trap 'stop_simulator; rm -rf "$work"' EXIT

# What the program calls things: our commands, and the fields of the JSON line that the simulator prints first.
simulate() { cmd=("$signhold" simulate --records "$1" --seed "$seed"); }
init() { cmd=("$signhold" init "$1" --matter BENCH-1 --operator Bench --key "$work/key.pem"); }
collect() {
  cmd=("$signhold" collect "$1" --from "$from" --to "$to" --graph-url "$graph_url" --login-url "$login_url"
    --tsa-url "$tsa_url" --rate 100000/1)
}
verify() { cmd=("$signhold" verify "$@" --trust "$work/key.pub.pem" --tsa-root "$tsa_root"); }
read_simulator() {
  graph_url=$(field graph_url) login_url=$(field login_url) tsa_url=$(field tsa_url)
  tsa_root=$(field tsa_root_file ca_file)
  from=$(field from window_from) to=$(field to window_to)
  [ -n "$from" ] || from=$(date -u -d '-7 days' +%Y-%m-%dT00:00:00Z)
  [ -n "$to" ] || to=$(date -u +%Y-%m-%dT00:00:00Z)
  AZURE_TENANT_ID=$(field tenant_id) AZURE_CLIENT_ID=$(field client_id)
  AZURE_CLIENT_SECRET=$(cat "$(field client_secret_file)")
  export AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET
  ca_file=$(field ca_file)
  [ -z "$ca_file" ] || export SSL_CERT_FILE=$ca_file
}
# The first of the named fields that has a value, or nothing.
field() {
  python3 -c 'import json, sys
line = json.loads(open(sys.argv[1]).readline())
print(next((line[name] for name in sys.argv[2:] if line.get(name)), ""))' "$work/simulator.json" "$@"
}

give_up() {
  echo "$*" >&2
  exit 4
}
start_simulator() {
  stop_simulator
  simulate "$1"
  "${cmd[@]}" >"$work/simulator.json" 2>"$work/simulator.log" </dev/null &
  simulator=$!
  for _ in $(seq 300); do
    [ "$(wc -l <"$work/simulator.json")" -eq 0 ] || { read_simulator; return 0; }
    kill -0 "$simulator" 2>/dev/null || break
    sleep 0.1
  done
  tail -20 "$work/simulator.log" >&2
  give_up "the simulator did not start"
}
# Runs the words after the first; the first lists the exit codes that are no failure.
quietly() {
  local accepted=$1 code=0
  shift
  "$@" >"$work/out.txt" 2>&1 </dev/null || code=$?
  case " $accepted " in *" $code "*) return 0 ;; esac
  tail -20 "$work/out.txt" >&2
  give_up "exit $code from: $*"
}
# Sets $seconds to the best wall time of $rounds runs.
best() {
  local before after
  seconds=
  for _ in $(seq "$rounds"); do
    before=$(date +%s%N)
    quietly "$@"
    after=$(date +%s%N)
    keep_best $((after - before))
  done
}
keep_best() { seconds=$(awk -v best="${seconds:-1e9}" -v took="$1" 'BEGIN { took /= 1e9; print took < best ? took : best }'); }
# Sets $mebibytes to the peak resident memory. With GNU time where it is installed; else Python, whose own 10 MiB are the floor.
peak() {
  local accepted=$1
  shift
  if /usr/bin/time -v true >/dev/null 2>&1; then
    quietly "$accepted" /usr/bin/time -v -o "$work/peak.txt" "$@"
    mebibytes=$(awk -F': ' '/Maximum resident/ { printf "%.1f", $2 / 1024 }' "$work/peak.txt")
  else
    quietly "$accepted" python3 -c 'import resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
with open(sys.argv[1], "w") as file:
    file.write("%.1f" % (resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024))
sys.exit(code)' "$work/peak.txt" "$@"
    mebibytes=$(cat "$work/peak.txt")
  fi
}
row() { printf '%-44s %12s %12s %11s   %s\n' "$@"; }
times() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f x", b / a }'; }
# One line: ours ($2, seconds) against theirs ($3): how many times the speed.
versus() { row "$1" "$(printf '%.4f s' "$2")" "$(printf '%.4f s' "$3")" "$(times "$2" "$3")" "$4"; }

# A plain download of the same log: one connection, one token, every nextLink, bodies to disk; no digest, signature or fsync.
plain_download() {
  mkdir -p "$work/plain"
  GRAPH_URL=$graph_url LOGIN_URL=$login_url FROM=$from TO=$to TARGET=$work/plain python3 -c '
import http.client, json, os, ssl, urllib.parse

env = os.environ
kinds = ("interactiveUser", "nonInteractiveUser", "servicePrincipal", "managedIdentity")


def connect(url):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port)
    context = ssl.create_default_context(cafile=env.get("SSL_CERT_FILE"))
    return http.client.HTTPSConnection(parts.hostname, parts.port, context=context)


def ask(connection, method, url, body=None, headers={}):
    parts = urllib.parse.urlsplit(url)
    connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, headers)
    reply = connection.getresponse()
    content = reply.read()
    if reply.status != 200:
        raise SystemExit("%s for %s: %s" % (reply.status, url, content[:300]))
    return content


login = connect(env["LOGIN_URL"])
form = urllib.parse.urlencode({
    "grant_type": "client_credentials", "client_id": env["AZURE_CLIENT_ID"], "client_secret": env["AZURE_CLIENT_SECRET"],
    "scope": "https://graph.microsoft.com/.default"})
token = json.loads(ask(login, "POST", "%s/%s/oauth2/v2.0/token" % (env["LOGIN_URL"].rstrip("/"), env["AZURE_TENANT_ID"]),
                       form, {"Content-Type": "application/x-www-form-urlencoded"}))["access_token"]
headers = {"Authorization": "Bearer " + token, "Accept-Encoding": "identity"}
graph = connect(env["GRAPH_URL"])
pages = records = octets = 0
for kind in kinds:
    wanted = "createdDateTime ge %s and createdDateTime le %s and signInEventTypes/any(t: t eq \x27%s\x27)" % (
        env["FROM"], env["TO"], kind)
    url = "%s/beta/auditLogs/signIns?$filter=%s" % (env["GRAPH_URL"].rstrip("/"), urllib.parse.quote(wanted))
    while url:
        body = ask(graph, "GET", url, headers=headers)
        pages += 1
        with open(os.path.join(env["TARGET"], "%06d.json" % pages), "wb") as file:
            file.write(body)
        page = json.loads(body)
        records, octets, url = records + len(page["value"]), octets + len(body), page.get("@odata.nextLink")
print("%d records, %d pages, %d bytes" % (records, pages, octets))
'
}

openssl genpkey -algorithm ed25519 -out "$work/key.pem" 2>/dev/null
chmod 600 "$work/key.pem"
openssl pkey -in "$work/key.pem" -pubout -out "$work/key.pub.pem"
export NO_COLOR=1

# Collecting: peak memory at a tenth of the records and at all of them, then time. Every run gets a matter of its own.
fresh_matter() {
  matter=$work/matter-$1
  rm -rf "$matter"
  init "$matter"
  quietly 0 "${cmd[@]}"
  collect "$matter"
}
packages_of() { mapfile -t packages < <(find "$1/packages" -name '*.zip' | sort); }
start_simulator $((records / 10))
fresh_matter small
peak 0 "${cmd[@]}"
collect_small=$mebibytes
packages_of "$matter"
small_packages=("${packages[@]}")
verify "${small_packages[@]}"
peak 0 "${cmd[@]}"
verify_small=$mebibytes

start_simulator "$records"
fresh_matter large
peak 0 "${cmd[@]}"
collect_large=$mebibytes
best 0 plain_download
plain=$seconds
downloaded=$(tail -1 "$work/out.txt")
collected=
for round in $(seq "$rounds"); do
  fresh_matter "$round"
  before=$(date +%s%N)
  quietly 0 "${cmd[@]}"
  after=$(date +%s%N)
  seconds=$collected
  keep_best $((after - before))
  collected=$seconds
  [ "$round" = "$rounds" ] || rm -rf "$matter"
done
stop_simulator

# Verifying, on packages that the page cache holds.
packages_of "$matter"
[ ${#packages[@]} -gt 0 ] || give_up "collect left no package"
cat "${packages[@]}" >/dev/null
verify "${packages[@]}"
peak 0 "${cmd[@]}"
verify_large=$mebibytes
best 0 "${cmd[@]}"
verified=$seconds
best 0 "${cmd[@]}" --quick
quick=$seconds
unzip_and_hash() { for package in "${packages[@]}"; do unzip -p "$package" | sha256sum; done; }
best 0 unzip_and_hash
unzipped=$seconds
best 0 sha256sum "${packages[@]}"
hashed=$seconds
bagged=
install_bagit() { python3 -m venv "$work/venv" && "$work/venv/bin/pip" install --quiet --disable-pip-version-check bagit; }
if install_bagit >"$work/out.txt" 2>&1; then
  for package in "${packages[@]}"; do unzip -qq "$package" -d "$work/bags"; done
  best 0 "$work/venv/bin/python" -m bagit --validate "$work"/bags/*
  bagged=$seconds
fi

# Starting up: the mean of fifty, against the cheapest program there is.
fifty() { for _ in $(seq 50); do "$@" >/dev/null; done; }
best 0 fifty "$signhold" --version
started=$(awk -v s="$seconds" 'BEGIN { print s / 50 }')
best 0 fifty "$(type -P true)"
nothing=$(awk -v s="$seconds" 'BEGIN { print s / 50 }')

octets=$(stat -c %s "${packages[@]}" | awk '{ sum += $1 } END { print sum }')
printf '%s records asked for; plain download: %s; package: %s bytes in %s file(s); best of %s; %s\n\n' \
  "$records" "$downloaded" "$octets" "${#packages[@]}" "$rounds" "$("$signhold" --version | head -1)"
row "ours against theirs" "ours" "theirs" "our speed" "budget"
versus "collect : plain download of the same log" "$collected" "$plain" "at least 0.70 x"
versus "verify : unzip -p | sha256sum" "$verified" "$unzipped" "at least 3.5 x"
if [ -n "$bagged" ]; then
  versus "verify : bagit.py --validate, unpacked" "$verified" "$bagged" "at least 10 x"
else
  row "verify : bagit.py --validate, unpacked" "-" "-" "-" "not measured: pip could not install bagit"
fi
versus "verify --quick : sha256sum of the package" "$quick" "$hashed" "about 1 x"
versus "signhold --version : true" "$started" "$nothing" "ours below 0.010 s"
echo
row "peak memory, MiB" "tenth" "all" "growth" "budget"
row "collect" "$collect_small" "$collect_large" "$(times "$collect_small" "$collect_large")" "below 96, the same at 10 x the data"
row "verify" "$verify_small" "$verify_large" "$(times "$verify_small" "$verify_large")" "below 96, the same at 10 x the data"
