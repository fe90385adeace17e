# shellcheck shell=bash
# bank.sh: a source that is written to all the time, with sums that hold at every point in time. Sourced after e2e.sh.
#   bank_make     app.vault (small) and app.account, which references it
#   bank_open     a writer begins: money moves between accounts, between vault and accounts, keys change, rows go and come
#   bank_close    it ends
#   bank_sums DB  of a server: rows, distinct keys, sum within accounts, sum over both tables
BANK_ROWS=300000

bank_make() {
    lm_sql source "$LM_DB" -v rows=$BANK_ROWS <<'SQL'
CREATE SCHEMA app;
CREATE TABLE app.vault (id int PRIMARY KEY, money bigint NOT NULL);
INSERT INTO app.vault SELECT i, 1000 FROM generate_series(1, 100) i;
CREATE TABLE app.account (id int PRIMARY KEY, vault int NOT NULL REFERENCES app.vault, balance bigint NOT NULL, money bigint NOT NULL, pad text);
INSERT INTO app.account SELECT i, 1 + i % 100, 100, 10, repeat(md5(i::text), 8) FROM generate_series(1, :rows) i;
CREATE SCHEMA writer;
CREATE TABLE writer.stop ();
CREATE PROCEDURE writer.work(p_rows int) LANGUAGE plpgsql AS $$
DECLARE a int; b int; n int := 0;
BEGIN
    WHILE to_regclass('writer.stop') IS NULL LOOP
        a := 1 + random() * (p_rows - 1);
        b := 1 + random() * (p_rows - 1);
        n := n + 1;
        -- The amounts depend on both rows being there.
        IF a <> b AND (SELECT count(*) FROM app.account WHERE id IN (a, b)) = 2 THEN
            UPDATE app.account SET balance = balance - 7, money = money - 1 WHERE id = a;
            UPDATE app.account SET balance = balance + 7 WHERE id = b;
            UPDATE app.vault SET money = money + 1 WHERE id = 1 + n % 100;
            -- A row moves to another key, far away.
            IF n % 5 = 0 AND NOT EXISTS (SELECT FROM app.account WHERE id = p_rows + 1 + a) THEN
                UPDATE app.account SET id = p_rows + 1 + a WHERE id = a;
            END IF;
            IF n % 7 = 0 THEN
                WITH gone AS (DELETE FROM app.account WHERE id = b RETURNING *)
                INSERT INTO app.account SELECT id, vault, balance, money, pad || 'again' FROM gone;
            END IF;
        END IF;
        COMMIT;
    END LOOP;
END $$;
SQL
    lm_sql source "$LM_DB" -c 'ANALYZE'
}
bank_open() {
    lm_sql source "$LM_DB" -c 'DROP TABLE IF EXISTS writer.stop'
    lm_sql source "$LM_DB" -c "CALL writer.work($BANK_ROWS)" > "$LM_TMP/out.writer" 2>&1 &
    bank=$!
}
bank_close() {
    lm_sql source "$LM_DB" -c 'CREATE TABLE writer.stop ()'
    wait $bank
    equal "the writer's exit code" 0 $?
}
bank_sums() {
    lm_sql "$1" "$2" -c "SELECT (SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || sum(balance) FROM app.account), $3"
}
# shellcheck disable=SC2034  # used by tests
BANK_BOTH="(SELECT sum(money) FROM app.account) + (SELECT sum(money) FROM app.vault)"
bank_total() { echo "$BANK_ROWS $BANK_ROWS $((BANK_ROWS * 100))|$((BANK_ROWS * 10 + 100000))"; }
