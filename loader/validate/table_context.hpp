// What the levels of one table share, and the SQL that they ask staging for. Throws Error.
#pragma once
#include <string>
#include <vector>

#include "loader/validate/validate.hpp"

namespace lakemover::loader {

struct ChunkInfo {
    std::string id;
    std::string number;
    std::string lower, upper;  // for people; empty: open
    codec::Digest digest;
    std::vector<codec::ColumnStats> columns;  // empty when they were not kept
    std::string xid;                          // of the transaction that committed it, 32 bits; empty: not known
};

// A row that the target refused and that was set aside: not in the table, and known not to be.
struct DeclaredReject {
    codec::RowHash hash;
    std::string key;  // JSON array of the key's values as text; empty without a key
};

struct TableContext {
    Pg& staging;
    Pg& target;
    const ValidateOptions& options;
    TableSpec spec;
    std::string id;
    std::string state;
    Value source_rows;

    std::string run() const { return std::to_string(options.run_id); }
    // The source does not show the table's point in time any more, or never did to others.
    bool samples_only() const {
        return staging.scalar("SELECT lakemover._samples_are_kept($1, $2)", {run(), id}) == "t";
    }
    bool point_lost() const {
        return samples_only() &&
               staging.scalar("SELECT level = 'same' FROM lakemover.snapshot WHERE run_id = $1", {run()}) == "t";
    }
    // lakemover._target_sql(run, table, kind)
    std::string target_sql(const char* kind) const;
    std::vector<std::string> losses = {};  // declared losses that were met while the rows streamed, in sentences
    std::vector<DeclaredReject> rejects = {};
    // What makes "equal" mean "equal under policy".
    std::vector<std::string> policy() const {
        std::vector<std::string> all = spec.policy();
        all.insert(all.end(), losses.begin(), losses.end());
        return all;
    }
    const char* equal() const {
        return !rejects.empty() ? "equal except rejects" : policy().empty() ? "equal" : "equal under policy";
    }
    TargetReader reader() const { return {spec, options.hash_key, target_sql("copy_out"), options.check_cancel}; }
};

// Chunks of the table with what the load recorded of them; an Error names the one that is not there.
std::vector<ChunkInfo> load_chunks(const TableContext& table);

// Names the rows and fields behind a difference of the digests; fills detail and differences of the result.
void locate(const TableContext& table, std::vector<ChunkInfo> chunks, const ReadResult& found, LevelResult& result);

LevelResult compare_sample(const TableContext& table);  // level 3
LevelResult compare_fields(const TableContext& table);  // level 4

}  // namespace lakemover::loader
