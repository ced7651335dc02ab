#!/usr/bin/env bash
# Measures the built program against stock tools doing the plain part of the same work. What counts are the ratios: each is the
# median over rounds in which ours and theirs ran one after the other. Absolute times say more about the machine.
#
# usage: benches/whole_process.sh [RECORDS [SEED]]      default: 200000 records, seed 7; some 4.2 KB a record
#   SIGNHOLD=PATH    the program                        default: target/release/signhold
#   BENCH_DIR=DIR    where to work; a disk where fsync is cheap shows our own cost       default: the temporary directory
#   ROUNDS=N         how many rounds                    default: 5
#   THROTTLED=no     leave out the part against a throttled service, which takes a minute
#   SCALE=N          instead of all this, collect and verify N records once, and a tenth of them, and cut one out: time, MB/s, peak
#                    memory. 2400000 records are 10 GB of pages; the folder and the package take a fifth of that
set -euo pipefail
export LC_ALL=C NO_COLOR=1
cd "$(dirname "$0")/.."
benches=$PWD/benches

records=${SCALE:-${1:-200000}}
seed=${2:-7}
rounds=${ROUNDS:-5}
[ -z "${SCALE:-}" ] || rounds=1
days=7
window_hours=24
connections=4
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

give_up() {
  echo "$*" >&2
  exit 4
}
# Runs the words quietly; a failure ends everything.
quietly() {
  "$@" >"$work/out.txt" 2>&1 </dev/null || { local code=$?; tail -20 "$work/out.txt" >&2; give_up "exit $code from: $*"; }
}
# Sets $took to the seconds that the words take.
timed() {
  local before after
  before=$(date +%s%N)
  quietly "$@"
  after=$(date +%s%N)
  took=$(awk -v ns=$((after - before)) 'BEGIN { printf "%.6f", ns / 1e9 }')
}
median() { sort -n | awk '{ at[NR] = $1 } END { print NR % 2 ? at[(NR + 1) / 2] : (at[NR / 2] + at[NR / 2 + 1]) / 2 }'; }
row() { printf '%-46s %11s %11s %9s   %s\n' "$@"; }
# One row: ours ($2) against theirs ($3), both functions or commands of one word; $4 is the budget. Sets $ours.
versus() {
  : >"$work/ours" >"$work/theirs" >"$work/ratios"
  for _ in $(seq "$rounds"); do
    timed "$2"
    local mine=$took
    timed "$3"
    echo "$mine" >>"$work/ours"
    echo "$took" >>"$work/theirs"
    awk -v a="$mine" -v b="$took" 'BEGIN { print b / a }' >>"$work/ratios"
  done
  ours=$(median <"$work/ours")
  row "$1" "$(printf '%.4f s' "$ours")" "$(printf '%.4f s' "$(median <"$work/theirs")")" \
    "$(printf '%.2f x' "$(median <"$work/ratios")")" "$4"
}
# Prints the peak resident memory of the words in MiB. With GNU time where it is installed; else by Python, whose own 10 MiB are
# the floor.
peak() {
  if /usr/bin/time -v true >/dev/null 2>&1; then
    quietly /usr/bin/time -v -o "$work/peak.txt" "$@"
    awk -F': ' '/Maximum resident/ { printf "%.1f\n", $2 / 1024 }' "$work/peak.txt"
  else
    quietly python3 -c 'import resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
with open(sys.argv[1], "w") as file:
    file.write("%.1f\n" % (resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024))
sys.exit(code)' "$work/peak.txt" "$@"
    cat "$work/peak.txt"
  fi
}
# How many of $1 (in units of $2) go into a second, at $ours for all.
per_second() { awk -v n="$1" -v unit="$2" -v s="$ours" 'BEGIN { printf "%.0f", n / unit / s }'; }

# start_simulator RECORDS [OPTION...]: a service of its own, in a process of its own.
start_simulator() {
  stop_simulator
  mkdir -p "$work/simulator"
  "$signhold" simulate --records "$1" --seed "$seed" --days "$days" --even-pages --files "$work/simulator" "${@:2}" \
    >"$work/simulator.json" 2>"$work/simulator.log" </dev/null &
  simulator=$!
  for _ in $(seq 300); do
    [ "$(wc -l <"$work/simulator.json")" -eq 0 ] || { read_simulator; return 0; }
    kill -0 "$simulator" 2>/dev/null || break
    sleep 0.1
  done
  tail -20 "$work/simulator.log" >&2
  give_up "the simulator did not start"
}
read_simulator() {
  field() { python3 -c 'import json, sys; print(json.loads(open(sys.argv[1]).readline())[sys.argv[2]] or "")' "$work/simulator.json" "$1"; }
  graph_url=$(field graph_url) login_url=$(field login_url) tsa_url=$(field tsa_url) from=$(field from) to=$(field to)
  tsa_root=$(field tsa_root_file)
  AZURE_TENANT_ID=$(field tenant_id) AZURE_CLIENT_ID=$(field client_id)
  AZURE_CLIENT_SECRET=$(cat "$(field client_secret_file)")
  export AZURE_TENANT_ID AZURE_CLIENT_ID AZURE_CLIENT_SECRET
  local ca_file
  ca_file=$(field ca_file)
  trusting=()
  unset SSL_CERT_FILE
  [ -z "$ca_file" ] || { trusting=(--tls-ca "$ca_file"); export SSL_CERT_FILE=$ca_file; }
}

# Every run of collect gets a matter of its own; making it is a few milliseconds.
collect_command() {
  rm -rf "$work/matter"
  quietly "$signhold" init "$work/matter" --matter BENCH-1 --operator Bench --key "$work/key.pem"
  cmd=("$signhold" collect "$work/matter" --from "$from" --to "$to" --graph-url "$graph_url" --login-url "$login_url"
    --tsa-url "$tsa_url" "${trusting[@]}" --window-hours "$window_hours" --workers "$connections" --quiet --json "$@")
}
unthrottled=(--rate 1000000/1)
collect() { collect_command "${unthrottled[@]}"; "${cmd[@]}"; }
plain_download() {
  rm -rf "$work/plain"
  python3 "$benches/plain_download.py" "$work/plain" "$graph_url" "$login_url" "$from" "$to" "$window_hours" "$connections"
}
find_package() {
  local packages
  mapfile -t packages < <(find "$work/matter/packages" -name '*.zip')
  [ ${#packages[@]} = 1 ] || give_up "collect left ${#packages[@]} packages"
  mv "${packages[0]}" "$work/$1"
  # The index that collecting leaves beside the package.
  mv "${packages[0]}.index" "$work/$1.index"
  package=$work/$1
}
# Sets $id to the identifier of a record of the package, from the middle of it.
pick_id() {
  id=$(python3 - "$package" <<'PY'
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    pages = [name for name in archive.namelist() if "/data/pages/" in name]
    for page in pages[len(pages) // 2 :] + pages:
        records = json.loads(archive.read(page))["value"]
        if records:
            print(records[len(records) // 2]["id"])
            break
PY
  )
}
# shellcheck disable=SC2046 # these are words
cut_one() {
  rm -f "$work/one.zip"
  "$signhold" exhibit "$package" --id "$id" --out "$work/one.zip" $(trusted)
}
trusted() { echo --trust "$work/key.pub.pem" --tsa-root "$tsa_root"; }
# shellcheck disable=SC2046 # these are words
verify() { "$signhold" verify "$package" $(trusted); }
# A quick look never says VALID: exit 3.
# shellcheck disable=SC2046
verify_quick() { "$signhold" verify "$package" $(trusted) --quick || [ $? = 3 ]; }
unzip_and_hash() { unzip -p "$package" | sha256sum; }
hash_package() { sha256sum "$package"; }
unpack() {
  rm -rf "$work/bags"
  unzip -qq "$package" -d "$work/bags"
}
validate_bag() { "$work/venv/bin/python" -m bagit --validate "$work"/bags/*; }
unpack_and_validate_bag() { unpack && validate_bag; }
fifty() { for _ in $(seq 50); do "$@" >/dev/null; done; }
start_up() { fifty "$signhold" --version; }
start_nothing() { fifty "$(type -P true)"; }

openssl genpkey -algorithm ed25519 -out "$work/key.pem" 2>/dev/null
chmod 600 "$work/key.pem"
openssl pkey -in "$work/key.pem" -pubout -out "$work/key.pub.pem"
printf '%s; %s records; medians of %s rounds; %s processors\n\n' \
  "$("$signhold" --version | head -1)" "$records" "$rounds" "$(nproc)"

# One acquisition of $1 records and its verification, each once and watched for its memory.
scale_of() {
  start_simulator "$1" --http
  collect_command "${unthrottled[@]}"
  local collect_peak verify_peak body_bytes
  collect_peak=$(watched "${cmd[@]}")
  body_bytes=$(python3 -c 'import json, sys
text = open(sys.argv[1]).read()
print(json.JSONDecoder().raw_decode(text[text.index("{\n") :])[0]["totals"]["body_bytes"])' "$work/out.txt")
  scale_row "collect $1 records" "$collect_peak" "$body_bytes"
  find_package scale.zip
  rm -rf "$work/matter"
  # shellcheck disable=SC2046 # these are words
  verify_peak=$(watched "$signhold" verify "$package" $(trusted))
  scale_row "verify $1 records" "$verify_peak" "$body_bytes"
  local byte_len exhibit_peak
  byte_len=$(stat -c %s "$package")
  pick_id
  # shellcheck disable=SC2046
  exhibit_peak=$(watched "$signhold" exhibit "$package" --id "$id" --out "$work/one.zip" $(trusted))
  row "exhibit of one of $1 records" "${exhibit_peak%% *} s" "${exhibit_peak##* } MiB" "" \
    "$(awk -v b="$byte_len" 'BEGIN { printf "%.2f GiB of package; below 2 s at 2 GiB", b / 2^30 }')"
  rm "$work/one.zip" "$package.index"
  rm "$package"
  stop_simulator
}
# Prints seconds and peak MiB of the words.
watched() {
  local before after mebibytes
  before=$(date +%s%N)
  mebibytes=$(peak "$@")
  after=$(date +%s%N)
  awk -v ns=$((after - before)) -v m="$mebibytes" 'BEGIN { printf "%.2f %s\n", ns / 1e9, m }'
}
scale_row() {
  local seconds mebibytes
  read -r seconds mebibytes <<<"$2"
  row "$1" "$seconds s" "$mebibytes MiB" "$(awk -v b="$3" -v s="$seconds" 'BEGIN { printf "%.0f MB/s", b / 1e6 / s }')" \
    "$(awk -v b="$3" 'BEGIN { printf "%.2f GB of pages; below 96 MiB", b / 1e9 }')"
}
if [ -n "${SCALE:-}" ]; then
  row "scale" "time" "peak" "bodies" ""
  scale_of $((SCALE / 10))
  scale_of "$SCALE"
  exit
fi

row "ours : theirs" "ours" "theirs" "our speed" "budget"
for transport in --http --https; do
  options=()
  [ "$transport" = --https ] || options=(--http)
  start_simulator "$records" "${options[@]}"
  quietly plain_download
  downloaded=$(sed -n 's/.* pages, \([0-9]*\) bytes$/\1/p' "$work/out.txt")
  versus "collect : plain download, ${transport#--}" collect plain_download "at least 0.70 x"
  row "  records and body bytes a second" "$(per_second "$records" 1)" "$(per_second "$downloaded" 1e6) MB" "" \
    "at least 45,000 records at 1.5 KB: 68 MB"
  rm -rf "$work/plain"
done

# Peak memory, and the packages to verify.
collect_command "${unthrottled[@]}"
collect_large=$(peak "${cmd[@]}")
find_package large.zip
# shellcheck disable=SC2046
verify_large=$(peak "$signhold" verify "$package" $(trusted))
start_simulator $((records / 10))
collect_command "${unthrottled[@]}"
collect_small=$(peak "${cmd[@]}")
find_package small.zip
# shellcheck disable=SC2046
verify_small=$(peak "$signhold" verify "$package" $(trusted))

# Verifying, with the package in the page cache. The simulator's time stamp authority is a new one at each start, so the package
# of this last one is not the one measured: its root would not be.
start_simulator "$records"
quietly collect
find_package large.zip
stop_simulator
cat "$package" >/dev/null
versus "verify : unzip -p | sha256sum" verify unzip_and_hash "at least 3.5 x"
row "  body bytes a second" "$(per_second "$downloaded" 1e6) MB" "" "" ""
install_bagit() { python3 -m venv "$work/venv" && "$work/venv/bin/pip" install --quiet --disable-pip-version-check bagit; }
if install_bagit >"$work/out.txt" 2>&1; then
  unpack
  versus "verify : bagit.py --validate, unpacked before" verify validate_bag "at least 10 x"
  versus "verify : unzip and bagit.py --validate" verify unpack_and_validate_bag ""
  rm -rf "$work/bags"
else
  row "verify : bagit.py --validate" "-" "-" "-" "not measured: pip could not install bagit"
fi
versus "verify --quick : sha256sum of the package" verify_quick hash_package "at least 1 x"
pick_id
versus "exhibit of one record : sha256sum of the package" cut_one hash_package "below 2 s of a package of 2 GiB"
versus "50 times --version : 50 times true" start_up start_nothing "ours below 0.5 s"

echo
growth() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f x", b / a }'; }
row "peak resident memory, MiB" "tenth" "all" "growth" "budget"
row "collect" "$collect_small" "$collect_large" "$(growth "$collect_small" "$collect_large")" "below 96, the same at 10 x the data"
row "verify" "$verify_small" "$verify_large" "$(growth "$verify_small" "$verify_large")" "below 96, the same at 10 x the data"

# Against the service's documented limit, which we use evenly: one request every two seconds. A few requests make a minute.
if [ "${THROTTLED:-yes}" = yes ]; then
  start_simulator 500 --throttle 5
  collect_command
  timed "${cmd[@]}"
  totals=$(python3 -c 'import json, sys
text = open(sys.argv[1]).read()
totals = json.JSONDecoder().raw_decode(text[text.index("{\n") :])[0]["totals"]
print(totals["pages"], totals["failures"])' "$work/out.txt")
  read -r pages refused <<<"$totals"
  least=$(((pages - 1) * 2))
  echo
  row "throttled to 5 requests in 10 s" "$took s" "$least s" "$(growth "$took" "$least")" \
    "at least 0.97 x, none refused: $pages requests, $refused refused"
fi
