// Settings of one invocation: flags beat the environment, which beats .env in the working
// directory. Throws Error(kUsage). Holds secrets only as Secret, never as plain settings.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loader/config/secret.hpp"

namespace lakemover::loader {

struct SourceSettings {
    std::string type = "postgres";
    std::string name;  // of the foreign server; empty: derived
    std::string host;
    std::string port;
    std::string database;
    std::string username;
    Secret password;
    std::string driver;
    std::string encrypt;                   // SQL Server: yes (default), no
    std::string trust_server_certificate;  // SQL Server: yes, no (default)
    bool quiesced = false;                 // the operator declares that nobody writes
    bool accept_inconsistent = false;      // go on without a point in time
    std::string schemas;                   // comma separated; empty: all
    std::string sslmode;
    std::string sslrootcert;
    bool given() const { return !host.empty(); }
};

struct TargetSettings {
    std::string host;
    std::string port = "5432";
    std::string database = "databricks_postgres";
    std::string username;
    Secret password;
    std::string sslmode = "verify-full";
    std::string sslrootcert;
    bool given() const { return !host.empty(); }
};

struct Settings {
    SourceSettings source;
    TargetSettings target;
    std::string staging;  // conninfo; empty: embedded
    std::string home;
    std::string audit_dir;
    std::string pg_bindir;
    std::string signing_key;  // file of a private Ed25519 key; empty: the one in LAKEMOVER_HOME/keys
    std::string pdf = "yes";  // or no: HTML only
    bool require_signoff = false;
    std::string rehearse;  // share of each table, such as 5%; empty: no rehearsal
    int jobs = 0;          // 0: by cores, target and source
    int memory_target_mb = 256;
    int max_batch_rows = 100000;
    int attempts = 3;
    int snapshot_hold_s = 7200;
    int sample_rows = 10000;
    std::string checksum = "sample";  // validation level 3: of a sample, or full
    std::string checksum_hash = "md5";
    int outage_timeout_s = 14400;  // how long a server may be away before the run ends, resumable
    int drain_timeout_s = 60;      // daemon: how long a run may take to its next boundary after SIGTERM
    std::string profile;           // empty: as planned, else native or portable
    std::string naming;            // empty: as planned, else preserve, lower or snake
    std::string privileges;        // empty: as planned, else yes or no
    std::string large_objects;     // empty: as planned, else yes or no
    // For SQL Server sources; empty: as planned.
    std::string char_as;
    std::string ci;
    std::string on_nul;
    std::string on_surrogate;
    std::string on_seventh_digit;
    std::string apply_routines =
        "none";                  // what a run creates of the source's code: none, equivalent, or review as well
    bool exact_strings = false;  // of that code: strings compare alike on both sides
    std::string on_existing = "refuse";
    std::string on_table_failure = "undo";
    std::string on_bad_row = "fail";
    int max_bad_rows = 1000;  // of a table, with on_bad_row reject
    std::string max_rate;     // bytes per second that are read; empty: no limit
    int max_source_connections = 10;
    double slowdown_factor = 4;            // blocks that take so many times longer are a slow source; 0: never
    std::string window;                    // hours of the day to load in; empty: any
    std::string deadline;                  // local time; empty: none
    std::string data_checks = "sample";    // looks at rows before anything moves: off, sample, full
    std::int64_t data_check_rows = 10000;  // of a table, in a sample
    double data_check_seconds = -1;        // for all looks; negative: 60 in a sample, no limit in full
    std::string on_event;                  // command that is told of events; empty: none
    bool redact_values = false;            // evidence shows hashes of values instead of them
    bool force = false;
    bool keep_ledger = false;
    bool json = false;
    bool no_progress = false;
    bool assess_only = false;
};

// Flags that only planning of a SQL Server source heeds, with what was given for them.
std::vector<std::pair<std::string, std::string>> sqlserver_planning(const Settings& settings);

// Checks values that need no server. Names the variable and the valid values.
void check_settings(const Settings& settings);

// Reads KEY=VALUE lines into the environment without replacing what is set. Refuses a file that
// another user owns or could write.
void load_dotenv(const std::string& path);

// One line of a .env file; nullopt for blank lines and comments. Throws Error(kUsage) on anything else.
std::optional<std::pair<std::string, std::string>> parse_dotenv_line(const std::string& line, int line_no);

}  // namespace lakemover::loader
