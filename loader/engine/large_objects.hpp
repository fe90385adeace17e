// Large objects of a run on the target: made with the source's OIDs before the load, all in one transaction, written in
// batches as the rows of tables are, and unlinked when the run is undone. lakemover.run_large_object lists them; the
// register in the ledger says whether those are the run's own. Throws Error.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "loader/engine/context.hpp"

namespace lakemover::loader {

inline constexpr const char* kLargeObjectsKind = "large objects";  // in the register of what a run made
inline constexpr const char* kLargeObjectsName = "of the source";

// The table_id that stands for them.
std::int64_t large_objects_table(Pg& staging);

// Before anything is written: refuses when the target has objects with the OIDs of the run, or lets nobody make temporary
// tables. Returns those that an earlier run from this staging made there and that --on-existing=drop removes, as an array.
std::string existing_large_objects(RunContext& run, Pg& staging, Pg& target);

// So many objects, a thousand in a transaction each: every one of them is a lock. fenced: with the run's epoch.
std::int64_t unlink_large_objects(Pg& target, const std::string& objects, const Ledger* fenced);

// In the transaction that makes the schema; nothing when they are there, or not to be moved. Returns what was executed.
std::vector<std::string> create_large_objects(RunContext& run, Pg& staging, Pg& target);

// Around the COPY of a batch, in its transaction: where its pieces wait, and into their objects with them.
void open_waiting_room(Pg& target);
void write_pieces(Pg& target, std::int64_t rows);

// Of a table that failed: unlinks what the run made, in several transactions; called again it goes on with what is left.
void undo_large_objects(RunContext& run, Pg& staging, Pg& target);

// At the run's present point: unlinked, listed and made anew.
void begin_large_objects_again(RunContext& run, Pg& staging);

// An earlier loader was at unlinking them, and they are to be loaded all the same.
bool large_objects_are_half_gone(RunContext& run, Pg& staging, Pg& target);

// What the run has made by now, for rolling it back.
std::string large_objects_of(Pg& staging, const std::string& run_id);

}  // namespace lakemover::loader
