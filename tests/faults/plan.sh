# shellcheck shell=bash
# plan.sh: which fault an iteration gets, and when. Everything comes from the seed and the iteration's number, so that
# any of them can be run again alone. Sourced by faults.sh.

# In this order; the first twelve are what "make check" runs.
FAULTS=(cut_target kill_loader reset_source restart_load deadlock stop_takeover truncate_target kill_staging kill_source
    secret_target full_target kill_keeper restart_keys truncate_source
    stall_target cut_source reset_target kill_target slow_source lock_timeout full_audit secret_source restart_fk
    restart_validation stall_source slow_target kill_backend full_staging)

# What each is, for the table at the end.
fault_text() {
    case $1 in
        cut_*) echo "the network to the ${1#cut_} is gone for a moment" ;;
        reset_*) echo "a connection to the ${1#reset_} is reset (RST) at byte n" ;;
        truncate_*) echo "a connection to the ${1#truncate_} ends after byte n" ;;
        stall_*) echo "nothing passes to or from the ${1#stall_} for seconds" ;;
        slow_*) echo "the line to the ${1#slow_} becomes slow" ;;
        kill_loader) echo "kill -9 of the loader" ;;
        kill_staging) echo "kill -9 of the staging server" ;;
        kill_keeper) echo "kill -9 of the keeper of the snapshot" ;;
        kill_backend) echo "kill -9 or the end of a session of staging" ;;
        kill_source) echo "kill -9 of the source, which is started again" ;;
        kill_target) echo "kill -9 of the target, which is started again" ;;
        stop_takeover) echo "the loader is stopped, taken over, and goes on" ;;
        restart_load) echo "the target is restarted during COPY" ;;
        restart_keys) echo "the target is restarted while keys and indexes are built" ;;
        restart_fk) echo "the target is restarted while foreign keys are validated" ;;
        restart_validation) echo "the target is restarted while its rows are validated" ;;
        deadlock) echo "a deadlock on the target" ;;
        lock_timeout) echo "a lock on the target that is not given in time" ;;
        full_*) echo "the disk of the ${1#full_} is full for a moment" ;;
        secret_*) echo "the password for the ${1#secret_} is another one" ;;
    esac
}

# pick N: sets PICK to a number from 0 to N - 1.
pick() { PICK=$(((RANDOM * 32768 + RANDOM) % $1)); }

# plan I: ENGINE (pg, ms), STAGING (own, embedded), FAULT, CLOCK (whose traffic is counted), SHARE (thousandths of it),
# PAUSE (seconds), MODE (0 or 1, as the fault likes), AGAIN (the resuming loader is killed, too).
plan() {
    local tenths
    RANDOM=$(((SEED * 7919 + $1 * 104729) % 32768))
    pick 7 # the first numbers of neighbouring seeds are alike
    FAULT=${FAULTS[$((($1 - 1) % ${#FAULTS[@]}))]}
    pick 4
    ENGINE=pg
    if [ "$PICK" -eq 0 ]; then ENGINE=ms; fi
    pick 2
    STAGING=own
    if [ "$PICK" -eq 0 ]; then STAGING=embedded; fi
    pick 2
    CLOCK=target
    if [ "$PICK" -eq 0 ]; then CLOCK=source; fi
    pick 1000
    SHARE=$PICK
    pick 25
    tenths=$((PICK + 3))
    PAUSE=$((tenths / 10)).$((tenths % 10))
    pick 2
    MODE=$PICK
    pick 4
    AGAIN=no
    if [ "$PICK" -eq 0 ]; then AGAIN=yes; fi
    case $FAULT in
        *_target) CLOCK=target ;;
        reset_source | truncate_source | stall_source | slow_source | cut_source) CLOCK=source ;;
        # A server of ours that is started again would have to be filled again; its password is fixed.
        kill_source | secret_source) ENGINE=pg ;;
        # The lock of embedded staging belongs to the process that is stopped.
        stop_takeover | full_staging) STAGING=own ;;
        # While rows are loaded: the middle of what is read from the source.
        deadlock | lock_timeout)
            CLOCK=source
            SHARE=$((SHARE * 6 / 10 + 200))
            ;;
    esac
}
plan_text() { echo "$FAULT, source $ENGINE, staging $STAGING, at $SHARE/1000 of the $CLOCK's traffic, $PAUSE s, mode $MODE, resume killed: $AGAIN"; }
