// The reject ledger on the target: rows that it refused for their data, set aside in the transaction that committed
// the rest of their batch. Throws Error.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "codec/digest.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

struct RejectedRow {
    int chunk_no = 0;
    int ordinal = 0;   // within the batch, from 1
    std::string key;   // for people: id=5
    Value key_values;  // JSON array of the key's values as text; nothing without a key
    std::string column;
    std::string sqlstate;
    std::string reason;
    std::string row;           // as COPY takes it: a binary tuple or a line
    std::string lane1, lane2;  // the row's digest
};

class RejectLedger {
public:
    explicit RejectLedger(std::string run_uuid) : run_uuid_(std::move(run_uuid)) {}

    static void create(Pg& target);
    static bool exists(Pg& target);

    // Inside the batch's transaction.
    void add(Pg& target, std::int64_t table_id, const std::vector<RejectedRow>& rows) const;
    // The same: keeps other batches of the table from adding rejects until this one has ended; how many there are.
    std::int64_t count_locked(Pg& target, std::int64_t table_id) const;
    // All of the run without the rows themselves, as a JSON array for staging.
    std::string list(Pg& target) const;
    codec::Digest digest(Pg& target, std::int64_t table_id) const;
    std::vector<std::int64_t> tables(Pg& target) const;
    // The next rejects of a table behind one of them, of so many bytes together, and at least one.
    std::vector<RejectedRow> next(Pg& target, std::int64_t table_id, const RejectedRow& behind,
                                  std::int64_t bytes) const;
    // False when one of them is not there any more: then the transaction must not commit.
    bool remove(Pg& target, std::int64_t table_id, const std::vector<RejectedRow>& rows) const;
    void update_reasons(Pg& target, std::int64_t table_id, const std::vector<RejectedRow>& rows) const;

private:
    std::string run_uuid_;
};

// Text that any server takes: what is not UTF-8, and U+0000, replaced.
std::string safe_text(const std::string& text);

}  // namespace lakemover::loader
