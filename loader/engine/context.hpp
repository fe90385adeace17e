// What every part of a run shares.
#pragma once
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "codec/digest.hpp"
#include "loader/config/settings.hpp"
#include "loader/engine/cancel.hpp"
#include "loader/engine/events.hpp"
#include "loader/engine/forecast_watch.hpp"
#include "loader/engine/gate.hpp"
#include "loader/engine/outage.hpp"
#include "loader/staging/staging.hpp"
#include "loader/target/ledger.hpp"
#include "loader/target/target.hpp"

namespace lakemover::loader {

// Options of a run: the settings' defaults, overridden by what the run was queued with.
struct RunOptions {
    int jobs = 0;  // 0: not chosen yet
    int memory_mb = 256;
    int max_batch_rows = 100000;
    int attempts = 3;
    int sample_rows = 10000;
    std::string checksum = "sample", checksum_hash = "md5";  // as the tables' specs have them
    int outage_timeout_s = 14400;
    bool waits = true;  // for servers that are away; not where somebody waits for an answer
    std::string on_existing = "refuse";
    std::string on_table_failure = "undo";
    bool reject_bad_rows = false;  // rows that the target refuses are set aside, up to so many of a table
    std::int64_t max_bad_rows = 1000;
    bool force = false;
    bool keep_ledger = false;
    std::int64_t max_rate = 0;  // bytes per second; 0: no limit
    int max_source_connections = 10;
    double slowdown_factor = 4;
    std::optional<Window> window;
    std::optional<std::time_t> deadline;
    bool require_signoff = false;  // of the assessment, before the first row
    double rehearse = 0;           // a rehearsal: the share of each table that is loaded into scratch schemas
};

struct RunContext {
    const Settings& settings;
    const Staging& staging;
    const Target& target;
    Events& events;
    CancelToken& cancel;
    std::int64_t run_id = 0;
    std::string run_uuid;
    std::string source;
    std::string loader_id;
    codec::HashKey hash_key{};
    RunOptions options;
    Outages& outages;
    Ledger* ledger = nullptr;
    bool resumed = false;      // what is on the target may be further than staging knows
    bool tries_again = false;  // it had ended INCOMPLETE: what failed is done once more
    bool untouched = false;    // and it still is as it was
    std::unique_ptr<Gate> gate = std::make_unique<Gate>();
    std::unique_ptr<ForecastWatch> ahead = std::make_unique<ForecastWatch>();
    std::string signer{};   // fingerprint of the key that will sign the end; empty: none will
    bool compares = false;  // nothing is loaded: source and target are read and compared
    bool repairs = false;   // and rows that differ are made equal
    bool helper = false;    // another loader leads the run; this one takes batches of it

    std::string id() const { return std::to_string(run_id); }
};

}  // namespace lakemover::loader
