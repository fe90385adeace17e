// The schema's statements on the target: what is made before the load in one transaction, what
// comes after it stage by stage in parallel. Each statement's outcome is recorded. Throws Error
// for what ends the run; a failed statement makes its table incomplete and the others go on.
#pragma once
#include <string>
#include <vector>

#include "loader/engine/context.hpp"

namespace lakemover::loader {

// Schemas, types, sequences, bare tables, and routines that they need: all in one transaction, so that a crash leaves nothing.
void create_schema(RunContext& run, Pg& staging, Pg& target);

// Keys and indexes that are not made yet, with what they may need.
void make_keys(RunContext& run, Pg& staging);

// Keys, indexes, checks, defaults, sequence values, foreign keys, views, triggers, comments, privileges, statistics.
void finish_schema(RunContext& run, Pg& staging);

// Drops the tables that failed, and their ledger rows. What cannot be dropped is emptied and reported.
void undo_failed_tables(RunContext& run, Pg& staging, Pg& target);

}  // namespace lakemover::loader
