// Staging's copy of the rejects, and the rejected rows once more. Throws Error.
#pragma once
#include "loader/engine/context.hpp"

namespace lakemover::loader {

// Makes staging say of the run's rejects what the ledger on the target says, as long as that knows the run.
void sync_rejects(RunContext& run, Pg& staging, Pg& target);

// Writes rejects.jsonl into the audit directory: every reject with its row. Nothing without rejects. place: where it goes
// on when a connection was lost in between.
struct RejectPlace {
    std::int64_t table_id = 0;
    int chunk_no = 0;
    int ordinal = 0;
};
void audit_rejects(RunContext& run, Pg& target, RejectPlace& place);

struct Retried {
    std::int64_t loaded = 0;
    std::int64_t refused = 0;
};

// Loads what the target takes by now of the rejects of a table: a row leaves the reject ledger in the transaction that
// puts it into its table. The rest stays, with its present reason.
Retried retry_table(RunContext& run, Pg& staging, Pg& target, std::int64_t table_id);

}  // namespace lakemover::loader
