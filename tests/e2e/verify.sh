#!/bin/bash
# lakemover verify on what real runs leave behind: intact on another machine with only the public key, and every
# alteration is found and named. Plain openssl and sha256sum say the same.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init verify
lm_start_source
lm_start_target
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE TABLE app.account (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO app.account SELECT i, 'name ' || i FROM generate_series(1, 3000) i;
CREATE TABLE app.payment (id int PRIMARY KEY, account int NOT NULL REFERENCES app.account, amount numeric(12,2));
INSERT INTO app.payment SELECT i, 1 + i % 3000, i * 1.25 FROM generate_series(1, 9000) i;
CREATE TABLE app.nothing (id int PRIMARY KEY);
ANALYZE;
SQL
lm_env
newest() { find "$LM_TMP/audit" -mindepth 1 -maxdepth 1 -name "*-$1" | sort | tail -n 1; }

expect 0 "assessing only" lm_cli --assess-only
expect 0 "verifying the assessment" lm_cli verify "$(newest assessment)"
says 'is intact' 'assessment'
expect 0 "a run" lm_cli --max-batch-rows 1000
says 'SUCCESS'
run=$(newest run-1)
for file in events.jsonl batches.jsonl validation.jsonl ddl.sql plan.txt plan.json names.json settings.json ledger.jsonl validation.json \
    assessment.json assessment.html reconciliation.json reconciliation.html signing.pub manifest.json manifest.sig; do
    if [ -s "$run/$file" ]; then pass "$file"; else fail "no $file"; fi
done
equal "files that others may read" 0 "$(find "$run" -perm /077 | wc -l)"
output "$run/reconciliation.json"
says '"The reconciliation report is signed"' '"verdict": "SUCCESS"'
equal "criteria that do not hold" 0 "$(grep -c '"holds": false' "$run/reconciliation.json")"
equal "keys" "600 700" "$(stat -c %a "$LM_TMP/home/keys/signing.key") $(stat -c %a "$LM_TMP/home/keys")"
equal "the plan's hash" "$(sha256sum < "$run/plan.txt" | cut -d ' ' -f 1)" "$(grep -o '"plan_hash": "[0-9a-f]*"' "$run/reconciliation.json" | cut -d '"' -f 4)"
if grep -rqF -e "$LM_SOURCE_PASSWORD" -e "$LM_TARGET_PASSWORD" "$run"; then fail "a password is in the audit directory"; else pass "no password in it"; fi

# On another machine: the directory, the public key, and nothing of this one's settings.
elsewhere() { env -i PATH="$PATH" HOME="$LM_TMP/user" "$LM_LAKEMOVER" "$@"; }
cp "$LM_TMP/home/keys/signing.pub" "$LM_TMP/trusted.pub"
fingerprint=$(grep -o '"fingerprint": "[0-9a-f]*"' "$run/manifest.json" | cut -d '"' -f 4)
expect 0 "with the public key" elsewhere verify "$run" --public-key "$LM_TMP/trusted.pub"
says 'is intact' 'signed with the trusted key' 'verdict SUCCESS' 'figures of 3 tables'
expect 0 "with the fingerprint" elsewhere verify "$run" --fingerprint "$fingerprint"
says 'signed with the trusted key'
expect 0 "with nothing" elsewhere verify "$run"
says 'not who signed'
expect 0 "as JSON" elsewhere verify "$run" --json --fingerprint "$fingerprint"
says '"intact":true' '"signer_known":true' '"tables":3'
expect 2 "no such directory" elsewhere verify "$LM_TMP/nowhere"
says_one_error
expect 2 "a fingerprint that is none" elsewhere verify "$run" --fingerprint 1234
says '64 hexadecimal digits'

# As docs/reports.md says it, without lakemover.
plainly() {
    (
        cd "$1" || exit 1
        base64 -d manifest.sig > "$LM_TMP/sig" &&
            openssl pkeyutl -verify -pubin -inkey "$LM_TMP/trusted.pub" -rawin -in manifest.json -sigfile "$LM_TMP/sig" &&
            python3 -c 'import json; [print(f["sha256"] + "  " + f["name"]) for f in json.load(open("manifest.json"))["files"]]' |
            sha256sum --check --quiet
    )
}
expect 0 "openssl and sha256sum" plainly "$run"

# A second run of the same, for exchanges.
expect 0 "a second run" lm_cli --on-existing=drop --max-batch-rows 1000
other=$(newest run-2)
copy=$LM_TMP/copy
fresh() { rm -rf "$copy" && cp -a "$run" "$copy"; }
named() {       # named WHAT PATTERN: the copy is not intact, and the first alteration is this one
    expect 5 "$1" elsewhere verify "$copy" --public-key "$LM_TMP/trusted.pub" || return
    if sed -n 2p "$OUT" | grep -qE -- "$2"; then pass "named: $(sed -n 2p "$OUT")"; else
        fail "instead of $2 it names: $(sed -n 2p "$OUT")"; fi
}
for file in "$run"/*; do
    name=${file##*/}
    fresh
    # The byte in the middle becomes another one.
    size=$(stat -c %s "$file")
    byte=$(dd if="$file" bs=1 skip=$((size / 2)) count=1 2>/dev/null | od -An -tu1)
    printf "\\$(printf %o $((byte ^ 1)))" | dd of="$copy/$name" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
    case $name in
        manifest.*) named "one byte of $name" '^  manifest\.(json|sig): ' ;;
        *) named "one byte of $name" "^  $name( line [0-9]+)?: " ;;
    esac
    fresh
    rm "$copy/$name"
    named "without $name" "^  $name: is missing"
    if ! cmp -s "$file" "$other/$name"; then
        fresh
        cp "$other/$name" "$copy/$name"
        named "$name of another run" '^  [a-z.]+( line [0-9]+)?: '
    fi
done
fresh
sed -i 's/account/acc0unt/' "$copy/ddl.sql"
expect 1 "plain tools see it, too" plainly "$copy"
says 'ddl.sql: FAILED'
for file in events.jsonl batches.jsonl validation.jsonl; do
    last=$(wc -l < "$run/$file")
    fresh
    sed -i 2d "$copy/$file"
    named "$file: the second line dropped" "^  $file line 2: sequence number 2 expected, found 3"
    fresh
    sed -i '2{h;d};3{G}' "$copy/$file"
    named "$file: two lines exchanged" "^  $file line 2: sequence number 2 expected, found 3"
    fresh
    sed -i '$d' "$copy/$file"
    named "$file: the last line cut off" "^  $file line $last: the last 1 of $last lines are missing"
    fresh
    head -n 2 "$run/$file" > "$copy/$file"
    named "$file: cut" "^  $file line 3: the last $((last - 2)) of $last lines are missing"
    fresh
    sed -n 2p "$run/$file" >> "$copy/$file"
    named "$file: a line added" "^  $file line $((last + 1)): "
    fresh
    sed -i '3s/"seq"/"Seq"/' "$copy/$file"
    named "$file: the third line changed" "^  $file line 3: "
done
fresh
echo note > "$copy/note.txt"
named "a file added" '^  note.txt: is not in the manifest'
fresh
openssl genpkey -algorithm ed25519 -out "$LM_TMP/forger.key" 2> /dev/null
openssl pkey -in "$LM_TMP/forger.key" -pubout -out "$copy/signing.pub" 2> /dev/null
named "another public key" '^  signing.pub: its key [0-9a-f]+ is not the trusted one'
# The forger signs it all again, with a key of his own.
fresh
sed -i 's/3000/3001/' "$copy/reconciliation.json"
openssl pkey -in "$LM_TMP/forger.key" -pubout -out "$copy/signing.pub" 2> /dev/null
python3 - "$copy" <<'FORGE'
import hashlib, json, os, subprocess, sys
os.chdir(sys.argv[1])
m = json.load(open("manifest.json"))
for f in m["files"]:
    data = open(f["name"], "rb").read()
    f["size"], f["sha256"] = len(data), hashlib.sha256(data).hexdigest()
raw = subprocess.run(["openssl", "pkey", "-pubin", "-in", "signing.pub", "-outform", "DER"], capture_output=True, check=True).stdout[-32:]
m["signer"]["fingerprint"] = hashlib.sha256(raw).hexdigest()
json.dump(m, open("manifest.json", "w"), indent=2)
FORGE
openssl pkeyutl -sign -inkey "$LM_TMP/forger.key" -rawin -in "$copy/manifest.json" | base64 -w 0 > "$copy/manifest.sig"
named "a forger's signature" '^  signing.pub: its key [0-9a-f]+ is not the trusted one'
expect 5 "a forger's figures, by the directory's own key" elsewhere verify "$copy"
says 'reconciliation.json: .* rows, ledger.jsonl says'

# Ends that are none of success are signed, too; and a key that others can read ends everything before it begins.
lm_sql source "$LM_DB" -c 'CREATE TABLE app."a b" (id int PRIMARY KEY)'
expect 3 "a refused run" lm_cli --on-existing=drop
expect 0 "verifying it" elsewhere verify "$(newest run-3)" --fingerprint "$fingerprint"
says 'verdict FAILED'
lm_sql source "$LM_DB" -c 'DROP TABLE app."a b"'
expect 0 "a report of the first run" lm_cli report 1
expect 0 "verifying it" elsewhere verify "$(newest report-1)" --fingerprint "$fingerprint"
says 'is intact' 'report of run 1'
expect 0 "validating the second run again" lm_cli validate 2
expect 0 "verifying that" elsewhere verify "$(newest validate-2)" --fingerprint "$fingerprint"
says 'validation of run 2' 'figures of 3 tables'
install -m 644 "$LM_TMP/forger.key" "$LM_TMP/open.key"
expect 2 "a key that others can read" lm_cli --on-existing=drop --signing-key "$LM_TMP/open.key"
says 'open.key' 'others than its owner' 'chmod 600'
expect 0 "a key of one's own" env LAKEMOVER_SIGNING_KEY="$LM_TMP/forger.key" "$LM_LAKEMOVER" --assess-only
expect 5 "which is not the first one" elsewhere verify "$(newest assessment)" --fingerprint "$fingerprint"

# A mount that can neither append nor rename nor sync, as those of object stores: written beside, copied, sealed.
cc -shared -fPIC -o "$LM_TMP/mount.so" "$LM_ROOT/tests/lib/object_mount.c" -ldl || fail "the mount cannot be built"
mkdir "$LM_TMP/volume"
chmod 777 "$LM_TMP/volume"
on_mount() { env LD_PRELOAD="$LM_TMP/mount.so" OBJECT_MOUNT="$LM_TMP/volume" LAKEMOVER_AUDIT_DIR="$LM_TMP/volume" "$LM_LAKEMOVER" "$@"; }
expect 0 "a run whose audit directory is on an object store" on_mount --on-existing=drop
says 'SUCCESS' "reports: $LM_TMP/volume/"
volume=$(find "$LM_TMP/volume" -mindepth 1 -maxdepth 1)
expect 0 "verifying it" elsewhere verify "$volume" --fingerprint "$fingerprint"
says 'verdict SUCCESS' 'figures of 3 tables'
output "$volume/events.jsonl"
says 'audit_beside'
equal "local copies left" 0 "$(find "$LM_TMP/home/audit-beside" -mindepth 1 | wc -l)"
expect 0 "accepting a table of it" on_mount accept --table app.account --reason 'seen'
says "signed in $volume"
expect 0 "verifying it again" elsewhere verify "$volume" --fingerprint "$fingerprint"
output "$volume/events.jsonl"
says '"seal":2'
check_nothing_left
finish
