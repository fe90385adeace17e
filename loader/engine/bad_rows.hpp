// A batch that the target refused for its data: which rows it does not take, and the batch loaded without them. The
// batch is read twice more, so that its rows are still written by one COPY in one transaction, as those of any other
// batch, and no more than a few megabytes are held. Throws Error.
#pragma once
#include <map>
#include <string>
#include <utility>

#include "loader/engine/context.hpp"
#include "loader/engine/pump.hpp"
#include "loader/engine/row_probe.hpp"
#include "loader/target/rejects.hpp"

namespace lakemover::loader {

// Refused rows by a hash of their bytes: the source need not send a batch's rows in the same order again.
class RefusedRows {
public:
    explicit RefusedRows(const codec::HashKey& key) : hasher_(key, "refused rows") {}
    void add(std::string_view row, Refusal why);
    // Whether the row is one of them, and why; of rows that are the same each is taken once.
    std::optional<Refusal> take(std::string_view row);
    std::size_t size() const { return size_; }

private:
    codec::RowHasher hasher_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::pair<std::size_t, Refusal>> rows_;
    std::size_t size_ = 0;
};

struct BadChunk {
    std::string chunk_id;
    int chunk_no = 0;
    std::string bounds;  // for people; empty: the whole table
    const TableSpec& spec;
    const std::string& copy_in;
};

// Reads the batch and tries it on the target, in a transaction that is rolled back. Throws an Error that names the first
// refused row where rows may not be rejected, or where there are more than may be.
RefusedRows find_refused(RunContext& run, Pg& staging, Pg& target, const BadChunk& chunk);

// Reads the batch and loads it without those rows, which go to the reject ledger, inside the open transaction. The
// digest is that of what was loaded.
PumpResult load_without(RunContext& run, Pg& staging, Pg& target, const BadChunk& chunk,
                        codec::StreamDigester& digester, RefusedRows refused);

}  // namespace lakemover::loader
