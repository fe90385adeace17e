// The validation levels of docs/validation.md: 0 schema, 1 counts, 2 digest of every row against a re-read of the
// target, 3 MD5 of a sample computed on each side, 4 field diff of the first rows. Verdicts and differences go to
// staging. Throws Error only where the run cannot go on: a connection is lost, the user cancelled.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "codec/digest.hpp"
#include "loader/util/pq.hpp"
#include "loader/validate/record.hpp"
#include "loader/validate/target_reader.hpp"

namespace lakemover::loader {

using TargetReads = std::map<std::int64_t, ReadResult>;  // by table

struct ValidateOptions {
    std::int64_t run_id = 0;
    std::string run_uuid;  // names the run in the target's ledger
    codec::HashKey hash_key{};
    int jobs = 1;              // connections for the re-read of one large table
    int sample_rows = 10000;   // level 3
    int diff_rows = 100;       // level 4
    bool source_reads = true;  // false when the snapshot is gone: levels 3 and 4 keep what they said before, and
                               // level 2 locates differences by the ledger alone
    bool locates = true;       // false: a difference of level 2 is said, and the rows behind it are not looked for
    bool ledger = true;        // false: the target's ledger is not asked; there may be none, or another tool's rows
    const TargetReads* target_reads = nullptr;  // level 2: tables that were read already
    ConnectTarget connect_target;               // for the re-read's further connections
    CheckCancel check_cancel;                   // throws Error when the run is cancelled; may be empty
};

// What the target says to the text of lakemover._level0_query(): a JSON array of its rows.
Value schema_of(Pg& target, const std::string& query);

// Level 0 of all tables of the run. Objects that belong to no table are recorded under table 0.
std::vector<LevelResult> validate_schema(Pg& staging, Pg& target, const ValidateOptions& options);

// Levels 1 to 4 of one table; nothing for a table that holds no rows of its own.
std::vector<LevelResult> validate_table(Pg& staging, Pg& target, std::int64_t table_id, const ValidateOptions& options);

}  // namespace lakemover::loader
