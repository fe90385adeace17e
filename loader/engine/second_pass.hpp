// Columns that the plan leaves to a second pass (plan_column.pass): whole rows are read once more, in the same snapshot,
// and their columns of that pass are put into the rows that the first pass loaded, found by their key. One chunk is one
// transaction on the target with its ledger row, as in the first pass. Throws Error.
#pragma once
#include "loader/engine/context.hpp"
#include "loader/engine/point.hpp"
#include "loader/engine/pump.hpp"

namespace lakemover::loader {

// Whether any table of the run still waits for its second pass.
bool has_second_pass(RunContext& run, Pg& staging);

// After all keys and indexes are made. A table whose key could not be made keeps its rows without those columns and is
// incomplete; one whose second pass fails has failed.
void second_pass(RunContext& run, Pg& staging, SharedPoint& point);

// How one table is filled: statements from the dialect.
struct Fill {
    std::string create;  // the session's temporary table, outside of a transaction
    std::string update;
};

// Inside the chunk's transaction, behind the COPY of its rows into the temporary table. Each of them must find its row.
void fill_rows(Pg& target, const Fill& fill, PumpResult& moved);

}  // namespace lakemover::loader
