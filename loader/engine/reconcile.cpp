#include "loader/engine/reconcile.hpp"

#include <utility>
#include <vector>

#include "loader/engine/phases.hpp"

namespace lakemover::loader {

namespace {

// Waits for the log of every earlier asynchronous commit as well.
void commit_durably(RunContext& run, Pg& target) {
    target.query("UPDATE lakemover_ledger.run SET epoch = epoch WHERE run_uuid = $1", {run.run_uuid});
}

}  // namespace

Reconciled reconcile_chunks(RunContext& run, Pg& staging, Pg& target) {
    commit_durably(run, target);
    const std::string ledger = run.ledger->chunks_json(target);
    const Result r = staging.query("SELECT regained, lost FROM lakemover._reconcile_chunks($1, $2, $3)",
                                   {run.id(), run.loader_id, ledger});
    return {r.integer(0, 0), r.integer(0, 1)};
}

bool load_lost_chunks_again(RunContext& run, Pg& staging) {
    Reconciled result;
    with_target(run, [&](Pg& target) {
        run.ledger->fence(target);
        result = reconcile_chunks(run, staging, target);
    });
    if (result.lost == 0) return false;
    run.events.emit(Level::kWarning, "commits_lost",
                    "the target lost " + std::to_string(result.lost) +
                        (result.lost == 1 ? " committed batch" : " committed batches") +
                        " when it went down; loading again what is not in its ledger",
                    {{"chunks", result.lost}});
    return true;
}

void check_ledger(RunContext& run, Pg& staging, Pg& target) {
    commit_durably(run, target);
    const std::vector<ChunkRecord> ledger = run.ledger->chunks(target);
    const Result r = staging.query(
        "SELECT table_id, chunk_no, rows_copied, digest[1]::text, digest[2]::text FROM lakemover.run_chunk "
        "WHERE run_id = $1 AND state = 'done' AND table_id IN (SELECT table_id FROM lakemover.run_table "
        "WHERE run_id = $1 AND state NOT IN ('failed', 'blocked')) ORDER BY 1, 2",
        {run.id()});
    // Both are in the same order; the ledger may hold more: what was committed of a table that failed and is kept.
    std::size_t k = 0;
    for (int i = 0; i < r.rows(); ++i) {
        const std::pair wanted{r.integer(i, 0), static_cast<int>(r.integer(i, 1))};
        while (k < ledger.size() && std::pair{ledger[k].table_id, ledger[k].chunk_no} < wanted) ++k;
        const bool same = k < ledger.size() && std::pair{ledger[k].table_id, ledger[k].chunk_no} == wanted &&
                          ledger[k].rows == r.integer(i, 2) && ledger[k].lane1 == r.get(i, 3) &&
                          ledger[k].lane2 == r.get(i, 4);
        if (!same)
            throw Error(Exit::kIncomplete, "the ledger on the target does not hold what was committed",
                        "table " + r.text(i, 0) + " chunk " + r.text(i, 1),
                        "the target lost commits (a restart or failover without durable storage); load again");
    }
}

}  // namespace lakemover::loader
