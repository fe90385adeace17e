#include "loader/cli/cli.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdlib>

#include "loader/cli/commands.hpp"
#include "loader/staging/embedded.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {

namespace {

constexpr int kLargeBlock = 4 * 1024 * 1024;  // above the blocks of the stream, which come and go all the time

// SOURCE_DB_TYPE <-> --source-db-type
std::string flag_of(std::string variable) {
    std::transform(variable.begin(), variable.end(), variable.begin(),
                   [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
    return "--" + variable;
}

template <typename T>
CLI::Option* setting(CLI::App& app, const std::string& variable, T& value, const std::string& help,
                     const std::string& group) {
    return app.add_option(flag_of(variable), value, help)->envname(variable)->group(group);
}

// A secret has no flag for its value: an argument can be read by everybody on the machine.
void secret(CLI::App& app, const std::string& variable, Secret& value, const std::string& help,
            const std::string& group) {
    value.name = variable;
    if (const char* text = std::getenv(variable.c_str())) value.value = text;
    app.add_option(flag_of(variable + "_FILE"), value.file, "file that holds " + help)
        ->envname(variable + "_FILE")
        ->group(group);
    app.add_option(flag_of(variable + "_COMMAND"), value.command, "command that prints " + help)
        ->envname(variable + "_COMMAND")
        ->group(group);
}

std::string in_audience_words(const Error& e, bool json) {
    if (json) {
        nlohmann::json document{{"error", e.what()}, {"exit_code", static_cast<int>(e.exit_code)}};
        if (!e.detail.empty()) document["detail"] = e.detail;
        if (!e.hint.empty()) document["hint"] = e.hint;
        if (!e.sqlstate.empty()) document["sqlstate"] = e.sqlstate;
        return document.dump() + "\n";
    }
    std::string text = "lakemover: " + std::string(e.what()) + "\n";
    if (!e.detail.empty()) text += "DETAIL: " + e.detail + "\n";
    if (!e.hint.empty()) text += "HINT: " + e.hint + "\n";
    return text;
}

void add_settings(CLI::App& app, Settings& s) {
    const std::string source = "Source";
    setting(app, "SOURCE_DB_TYPE", s.source.type, "postgres (default), sqlserver, azure_sql", source);
    setting(app, "SOURCE_HOST", s.source.host, "host name, address or directory of the Unix socket", source);
    setting(app, "SOURCE_PORT", s.source.port, "port", source);
    setting(app, "SOURCE_DATABASE", s.source.database, "database", source);
    setting(app, "SOURCE_USERNAME", s.source.username, "user", source);
    secret(app, "SOURCE_PASSWORD", s.source.password, "the password", source);
    setting(app, "SOURCE_DRIVER", s.source.driver, "ODBC driver (SQL Server)", source);
    setting(app, "SOURCE_ENCRYPT", s.source.encrypt, "SQL Server: yes (default) or no", source);
    setting(app, "SOURCE_TRUST_SERVER_CERTIFICATE", s.source.trust_server_certificate,
            "SQL Server: no (default), or yes to give up the certificate's check", source);
    app.add_flag("--source-quiesced", s.source.quiesced,
                 "declare that nobody writes to the source: a point in time for SQL Server, and for resume; recorded")
        ->group(source);
    app.add_flag("--accept-inconsistent", s.source.accept_inconsistent,
                 "SQL Server: go on without a point in time; the verdict is then never SUCCESS")
        ->group(source);
    setting(app, "SOURCE_SCHEMAS", s.source.schemas, "schemas to move, comma separated; default all", source);
    setting(app, "SOURCE_SSLMODE", s.source.sslmode, "sslmode of libpq; default verify-full, on a Unix socket none",
            source);
    setting(app, "SOURCE_SSLROOTCERT", s.source.sslrootcert, "file of the certificate authority; default the system's",
            source);
    setting(app, "SOURCE_NAME", s.source.name, "name of the source in staging; default \"source\"", source);
    const std::string target = "Target";
    setting(app, "LAKEBASE_HOST", s.target.host, "host name", target);
    setting(app, "LAKEBASE_PORT", s.target.port, "port; default 5432", target);
    setting(app, "LAKEBASE_DATABASE", s.target.database, "database; default databricks_postgres", target);
    setting(app, "LAKEBASE_USERNAME", s.target.username, "role", target);
    secret(app, "LAKEBASE_PASSWORD", s.target.password, "the password or OAuth token, read again for every connection",
           target);
    setting(app, "LAKEBASE_SSLMODE", s.target.sslmode, "require, verify-ca or verify-full (default)", target);
    setting(app, "LAKEBASE_SSLROOTCERT", s.target.sslrootcert,
            "file of the certificate authority; default the system's", target);
    const std::string places = "Places";
    setting(app, "LAKEMOVER_STAGING", s.staging, "conninfo of your own staging database; default the embedded one",
            places);
    setting(app, "LAKEMOVER_HOME", s.home,
            "where embedded staging lives; default ~/.lakemover, as root /var/lib/lakemover", places);
    setting(app, "LAKEMOVER_AUDIT_DIR", s.audit_dir,
            "where audit directories are written; default LAKEMOVER_HOME/audit", places);
    setting(app, "LAKEMOVER_PG_BINDIR", s.pg_bindir, "bin directory of the PostgreSQL server for embedded staging",
            places);
    const std::string audit = "Audit";
    app.add_option("--signing-key", s.signing_key,
                   "file of a private Ed25519 key; default LAKEMOVER_HOME/keys/signing.key, made at first use")
        ->envname("LAKEMOVER_SIGNING_KEY")
        ->group(audit);
    app.add_option("--pdf", s.pdf, "reports as PDF, too, by WeasyPrint: yes (default) or no")
        ->envname("LAKEMOVER_PDF")
        ->group(audit);
    app.add_flag("--require-signoff", s.require_signoff,
                 "stop before the first row until the assessment was accepted (lakemover accept --assessment)")
        ->group(audit);
    const std::string assessment = "Assessment";
    app.add_option("--data-checks", s.data_checks,
                   "looks at rows that predict what a load will meet: sample (default), full or off")
        ->envname("LAKEMOVER_DATA_CHECKS")
        ->group(assessment);
    app.add_option("--data-check-rows", s.data_check_rows, "rows of a table that a sample looks at; default 10000")
        ->envname("LAKEMOVER_DATA_CHECK_ROWS")
        ->check(CLI::PositiveNumber)
        ->group(assessment);
    app.add_option("--data-check-seconds", s.data_check_seconds,
                   "seconds for all looks at rows; default 60 for a sample, no limit for full")
        ->envname("LAKEMOVER_DATA_CHECK_SECONDS")
        ->check(CLI::NonNegativeNumber)
        ->group(assessment);
    app.add_flag("--redact-values", s.redact_values,
                 "evidence of an assessment shows hashes and lengths of the source's values instead of them")
        ->envname("LAKEMOVER_REDACT_VALUES")
        ->group(assessment);
    const std::string load = "Load";
    setting(app, "LAKEMOVER_JOBS", s.jobs, "workers; default by cores (2 to 8), target and source", load);
    setting(app, "MAX_MEMORY_TARGET_MB", s.memory_target_mb, "rows in flight; default 256", load);
    app.add_option("--max-batch-rows", s.max_batch_rows, "rows per batch at most; default 100000")
        ->check(CLI::PositiveNumber)
        ->group(load);
    app.add_option("--attempts", s.attempts, "attempts per batch; default 3")->check(CLI::Range(1, 100))->group(load);
    app.add_option("--profile", s.profile, "type profile: native (default) or portable")->group(load);
    app.add_option("--naming", s.naming, "names on the target: preserve (default), lower or snake")->group(load);
    app.add_flag("--no-privileges{no},--privileges{yes}", s.privileges,
                 "do not grant on the target what roles may do on the source")
        ->group(load);
    app.add_option("--char-as", s.char_as, "SQL Server's char(n) and nchar(n): char (default) or varchar")->group(load);
    app.add_option("--ci", s.ci,
                   "SQL Server's case-insensitive columns: none (default; case matters) or icu (a collation)")
        ->group(load);
    app.add_option("--on-nul", s.on_nul, "U+0000 in SQL Server's text: strip (default) or fail")->group(load);
    app.add_option("--on-surrogate", s.on_surrogate,
                   "half a surrogate pair in SQL Server's text: replace (default) or fail")
        ->group(load);
    app.add_option("--on-seventh-digit", s.on_seventh_digit,
                   "seventh digit of SQL Server's seconds: truncate (default), round or fail")
        ->group(load);
    app.add_option("--on-existing", s.on_existing,
                   "planned tables that the target has already: refuse (default) or drop")
        ->group(load);
    app.add_option("--on-table-failure", s.on_table_failure, "a table that failed: undo (default) or keep")
        ->group(load);
    app.add_option("--on-bad-row", s.on_bad_row,
                   "a row that the target refuses for its data: fail (default: the table fails) or reject (set aside)")
        ->group(load);
    app.add_option("--max-bad-rows", s.max_bad_rows,
                   "rows of a table that --on-bad-row=reject sets aside before the table fails; default 1000")
        ->check(CLI::PositiveNumber)
        ->group(load);
    app.add_option("--apply-routines", s.apply_routines,
                   "SQL Server's code that is created on the target after the data: none (default), equivalent, or "
                   "review (that and what is to be reviewed)")
        ->envname("LAKEMOVER_APPLY_ROUTINES")
        ->check(CLI::IsMember({"none", "equivalent", "review"}))
        ->group(load);
    app.add_flag("--exact-strings", s.exact_strings,
                 "SQL Server's code: strings compare alike on both sides, since the source's collations tell upper and "
                 "lower case apart, and no value ends in blanks")
        ->envname("LAKEMOVER_EXACT_STRINGS")
        ->group(load);
    app.add_option("--snapshot-hold", s.snapshot_hold_s,
                   "seconds that the source's snapshot outlives the loader; default 7200")
        ->group(load);
    app.add_option("--outage-timeout", s.outage_timeout_s,
                   "seconds that a server may be away before the run ends and can be resumed; default 14400")
        ->check(CLI::NonNegativeNumber)
        ->group(load);
    app.add_option("--sample-rows", s.sample_rows, "rows per table for the checksums of each engine; default 10000")
        ->check(CLI::PositiveNumber)
        ->group(load);
    app.add_option("--checksum", s.checksum, "checksums of each engine: of a sample (default) or full, of all rows")
        ->group(load);
    app.add_option("--checksum-hash", s.checksum_hash, "their hash: md5 (default) or sha256")->group(load);
    const std::string gentle = "Gentle on the source";
    setting(app, "MAX_RATE", s.max_rate, "bytes per second that all workers read, such as 10MB; default no limit",
            gentle);
    setting(app, "MAX_SOURCE_CONNECTIONS", s.max_source_connections, "connections to the source; default 10", gentle)
        ->check(CLI::Range(2, 1000));
    app.add_option("--slowdown-factor", s.slowdown_factor,
                   "fewer workers when the source takes so many times longer for a block; default 4, 0 never")
        ->check(CLI::Range(0.0, 1000.0))
        ->group(gentle);
    app.add_option("--window", s.window, "hours of the day to load in, local time, such as 22:00-06:00")->group(gentle);
    app.add_option("--deadline", s.deadline, "local time to be done by: a warning when it will be missed")
        ->group(gentle);
    app.add_option("--on-event", s.on_event,
                   "command that is told of events (assessment_ready, run_paused, run_done, run_failed) as JSON on its "
                   "standard input")
        ->envname("LAKEMOVER_ON_EVENT")
        ->group("Output");
    app.add_flag("--force", s.force, "go on in spite of blockers; the verdict is then never SUCCESS")->group(load);
    app.add_flag("--keep-ledger", s.keep_ledger, "keep the ledger tables on the target after a successful run")
        ->group(load);
    app.add_flag("--assess-only", s.assess_only,
                 "assess the source, write the report, and stop; exit code 3 with blockers")
        ->group(load);
    app.add_option("--rehearse", s.rehearse,
                   "load a share of each table, such as 5%, into scratch schemas of the target, validate, drop it, and "
                   "say go or no-go with a forecast for the whole")
        ->group(load);
    app.add_flag("--json", s.json, "output for programs")->group("Output");
    app.add_flag("--no-progress", s.no_progress, "plain lines instead of progress bars")->group("Output");
}

void finish_settings(Settings& s) {
    if (s.home.empty()) s.home = EmbeddedStaging::default_home();
    if (s.audit_dir.empty()) s.audit_dir = s.home + "/audit";
    if (s.pg_bindir.empty()) s.pg_bindir = LAKEMOVER_PG_BINDIR;
    if (s.jobs < 0)
        throw Error(Exit::kUsage, "LAKEMOVER_JOBS=" + std::to_string(s.jobs) + " is invalid", {},
                    "give the number of workers, or 0 for the default");
}

// Without a flag the variable says it. The two are kept apart: migrate refuses the flag.
std::string large_objects_variable() {
    const char* value = std::getenv("LAKEMOVER_LARGE_OBJECTS");
    const std::string setting = value ? value : "";
    if (!setting.empty() && setting != "yes" && setting != "no")
        throw Error(Exit::kUsage, "LAKEMOVER_LARGE_OBJECTS=" + setting + " is invalid", {}, "valid values: yes, no");
    return setting;
}

// The plan that "migrate" loads is there already: what only planning heeds would be ignored.
void refuse_planning(const Settings& s, const std::string& large_objects) {
    auto flags = sqlserver_planning(s);
    flags.insert(flags.begin(), {{"--profile", s.profile}, {"--naming", s.naming}});
    const auto refuse = [](const std::string& flag, const std::string& whole) {
        throw Error(Exit::kUsage, flag + " is for planning; migrate loads the plan that is there", {},
                    "lakemover plan " + whole + ", then lakemover migrate");
    };
    if (!s.privileges.empty()) {
        const std::string flag = s.privileges == "no" ? "--no-privileges" : "--privileges";
        refuse(flag, flag);
    }
    if (!large_objects.empty()) {
        const std::string flag = large_objects == "no" ? "--no-large-objects" : "--large-objects";
        refuse(flag, flag);
    }
    for (const auto& [flag, value] : flags)
        if (!value.empty()) refuse(flag, flag + " " + value);
}

}  // namespace

int run_cli(int argc, char** argv) {
    // A peer that closes its socket is an error to report, not a reason to die.
    std::signal(SIGPIPE, SIG_IGN);
#ifdef M_MMAP_THRESHOLD
    // glibc would raise these with every large block that is freed, and a row of 20 MB would stay with us for good.
    mallopt(M_MMAP_THRESHOLD, kLargeBlock);
    mallopt(M_TRIM_THRESHOLD, 2 * kLargeBlock);
#endif
    Settings s;
    // What follows psql belongs to psql, options and all. (A value of an option is not the command.)
    std::vector<std::string> psql_arguments;
    for (int i = 1; i < argc; ++i) {
        if (std::string(argv[i]) != "psql" || (i > 1 && argv[i - 1][0] == '-')) continue;
        psql_arguments.assign(argv + i + 1, argv + argc);
        argc = i + 1;
    }
    bool json = false;
    for (int i = 1; i < argc; ++i) json = json || std::string(argv[i]) == "--json";
    try {
        load_dotenv(".env");
        CLI::App app{"lakemover moves whole databases into managed PostgreSQL and proves that every row arrived."};
        app.set_version_flag("--version", std::string("lakemover ") + LAKEMOVER_VERSION);
        app.footer(
            "Without a command: assess, plan, migrate, validate. Every option with a variable also works in the "
            "environment and in .env.\n"
            "Exit codes: 0 success, 1 other, 2 usage, 3 blockers, 4 incomplete, 5 validation failed, 6 cannot connect, "
            "7 cancelled.");
        app.fallthrough();
        app.require_subcommand(0, 1);
        add_settings(app, s);
        std::string run;
        StatusOptions status;
        CLI::App* plan = app.add_subcommand("plan", "make or renew the plan; edits are kept");
        PlanOptions planning;
        plan->add_flag("--ddl", planning.ddl, "print the statements that make the schema on an empty target");
        plan->add_flag("--diff", planning.diff, "print what of the plan the target lacks or has differently")
            ->excludes("--ddl");
        CLI::App* migrate = app.add_subcommand(
            "migrate", "load what the plan says; refuses if the source's schema has drifted from it");
        bool refresh = false;
        migrate->add_flag("--refresh", refresh,
                          "after an earlier load: move only the rows that differ from the source as it is now");
        bool consistent = false;
        CLI::App* resume =
            app.add_subcommand("resume", "go on with a run that ended early, or that lakemover pause holds");
        resume->add_option("run", run, "number of the run; default the newest");
        resume->add_flag("--consistent", consistent, "all tables of one point in time, loading again what that takes");
        bool yes = false;
        CLI::App* rollback = app.add_subcommand("rollback", "drop what a run made on the target, and nothing else");
        rollback->add_option("run", run, "number of the run; default the newest");
        rollback->add_flag("--yes", yes, "do not ask");
        CLI::App* retry =
            app.add_subcommand("retry-rejects", "load the rows that a run set aside, where the target takes them now");
        retry->add_option("run", run, "number of the run; default the newest");
        CLI::App* validate = app.add_subcommand(
            "validate", "validate a finished run again, or compare source and target, whoever loaded it");
        validate->add_option("run", run, "number of the run; default the newest");
        bool two_sided = false;
        bool repair = false;
        validate->add_flag("--repair", repair,
                           "as --two-sided, then load, update and delete the rows that differ, and validate again");
        validate->add_flag(
            "--two-sided", two_sided,
            "read source and target as they are now, every row, and compare; needs no run, writes nothing");
        CLI::App* report = app.add_subcommand("report", "write the reports again from staging");
        report->add_option("run", run, "number of the run; default the newest");
        std::string reported;
        CLI::Option* of_assessment =
            report->add_option("--assessment", reported, "of an assessment by its number; without one of the newest")
                ->expected(0, 1);
        std::vector<std::string> compared;
        report
            ->add_option("--diff", compared,
                         "compare two assessments, by number, audit directory or file: resolved, new, changed")
            ->expected(2);
        CLI::App* state = app.add_subcommand("status", "how far the newest run is");
        state->add_flag("--watch", status.watch, "refresh until the run ends");
        state->add_option("run", status.run, "number of the run; default the newest");
        CLI::App* cancel = app.add_subcommand("cancel", "stop a run");
        cancel->add_option("run", run, "number of the run; default the active one");
        CLI::App* pause = app.add_subcommand("pause", "let a run pause when its batches under way are done");
        pause->add_option("run", run, "number of the run; default the active one");
        CLI::App* daemon = app.add_subcommand("daemon", "serve CALL lakemover.migrate() until it is stopped");
        daemon
            ->add_option("--drain-timeout", s.drain_timeout_s,
                         "seconds after SIGTERM in which a run may finish what is under way; default 60")
            ->check(CLI::NonNegativeNumber);
        std::vector<std::string> files;
        CLI::App* convert =
            app.add_subcommand("convert", "T-SQL routines of files to PL/pgSQL, with class, score and notes");
        convert->add_option("files", files,
                            "files with T-SQL; without any, the code of the planned source --source-name");
        std::string html;
        convert->add_option("--html", html, "file for a page with the source beside the result");
        AcceptOptions acceptance;
        CLI::App* accept = app.add_subcommand("accept", "accept a table of a run as it is, or an assessment");
        accept->add_option("--table", acceptance.table, "SCHEMA.TABLE");
        accept->add_option("--assessment", acceptance.assessment, "id of an assessment, or its first 12 digits");
        accept->add_option("--reason", acceptance.reason, "why; it is signed and reported");
        accept->add_option("--by", acceptance.by, "who; default the user of this machine");
        accept->add_option("run", acceptance.run, "with --table: number of the run; default the newest");
        VerifyOptions verification;
        CLI::App* verify = app.add_subcommand("verify", "check an audit directory: signature, files, chains, figures");
        verify->add_option("directory", verification.dir, "the audit directory")->required();
        verify->add_option("--public-key", verification.public_key, "file of the signer's public key");
        verify->add_option("--fingerprint", verification.fingerprint, "fingerprint of the signer's public key");
        CLI::App* psql = app.add_subcommand("psql", "open the staging database with psql; arguments are passed on");

        std::string large_objects;  // empty: as the variable says
        app.add_flag("--no-large-objects{no},--large-objects{yes}", large_objects, "do not move large objects")
            ->group("Load");
        try {
            app.parse(argc, argv);
        } catch (const CLI::ParseError& e) {
            if (e.get_exit_code() == 0) {
                app.exit(e);
                return 0;
            }
            throw Error(Exit::kUsage, e.what(), {}, "lakemover --help lists the commands and options");
        }
        // Needs no setting and no server.
        if (*verify) return static_cast<int>(command_verify(verification, s.json));
        finish_settings(s);
        check_settings(s);
        s.large_objects = large_objects.empty() ? large_objects_variable() : large_objects;
        if (!s.rehearse.empty() && (!app.get_subcommands().empty() || s.assess_only))
            throw Error(Exit::kUsage, "--rehearse is a run of its own", {}, "lakemover --rehearse " + s.rehearse);
        Exit code = Exit::kSuccess;
        if (*plan) {
            code = command_plan(s, planning);
        } else if (*migrate) {
            refuse_planning(s, large_objects);
            code = refresh ? command_refresh(s) : command_run(s, false);
        } else if (*resume)
            code = command_resume(s, run, consistent);
        else if (*rollback)
            code = command_rollback(s, run, yes);
        else if (*retry)
            code = command_retry_rejects(s, run);
        else if (*validate)
            code = command_validate(s, run, two_sided, repair);
        else if (*report && !compared.empty())
            code = command_report_diff(s, compared);
        else if (*report && of_assessment->count() > 0)
            code = command_report_assessment(s, reported);
        else if (*report)
            code = command_report(s, run);
        else if (*state)
            code = command_status(s, status);
        else if (*cancel)
            code = command_cancel(s, run);
        else if (*pause)
            code = command_pause(s, run);
        else if (*daemon)
            code = command_daemon(s);
        else if (*convert)
            code = command_convert(s, files, html);
        else if (*accept)
            code = command_accept(s, acceptance);
        else if (*psql)
            code = command_psql(s, psql_arguments);
        else if (s.assess_only)
            code = command_assess(s);
        else if (!s.rehearse.empty())
            code = command_rehearse(s);
        else
            code = command_run(s, true);
        return static_cast<int>(code);
    } catch (const Error& e) {
        fmt::print(stderr, "{}", in_audience_words(e, json));
        return static_cast<int>(e.exit_code);
    } catch (const std::exception& e) {
        fmt::print(stderr, "lakemover: {}\n", e.what());
        return static_cast<int>(Exit::kOther);
    }
}

}  // namespace lakemover::loader
