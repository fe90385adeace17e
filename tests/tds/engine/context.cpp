// See context.hpp.
#include "engine/context.hpp"

#include <algorithm>
#include <utility>

namespace tds {

void Context::end_transaction() {
    transactions_ = 0;
    has_snapshot_ = false;
    snapshot_.clear();
    if (number_ != 0) {
        const std::lock_guard lock(database_.mutex);
        database_.open_numbers.erase(number_);
    }
    number_ = 0;
    found_open_.clear();
}

Relation Context::read(const StoredTable& table, const std::vector<std::string>& hints, const std::string& alias) {
    if (table.unreadable_for.count(login_.user) > 0) {
        throw SqlError(229, 14,
                       "The SELECT permission was denied on the object '" + table.name + "', database '" +
                           database_.name + "', schema '" + database_.schemas.at(table.schema) + "'.");
    }
    const bool in_snapshot = isolation_ == Isolation::kSnapshot && transactions_ > 0;
    if (in_snapshot && !database_.snapshot_isolation && !database_.read_only) {
        throw SqlError(3952, 16,
                       "Snapshot isolation transaction failed accessing database '" + database_.name +
                           "' because snapshot isolation is not allowed in this database.");
    }
    const bool snapshot_hint = std::find(hints.begin(), hints.end(), "SNAPSHOT") != hints.end();
    if (table.memory_optimized && in_snapshot) {
        throw SqlError(41332, 16,
                       "Memory optimized tables and natively compiled modules cannot be accessed or created when the "
                       "session TRANSACTION ISOLATION LEVEL is set to SNAPSHOT.");
    }
    if (table.memory_optimized && transactions_ > 0 && !snapshot_hint) {
        throw SqlError(41368, 16,
                       "Accessing memory optimized tables using the READ COMMITTED isolation level is supported only "
                       "for autocommit transactions.");
    }
    Relation relation;
    for (const StoredColumn& c : table.columns) {
        relation.columns.push_back({alias, c.name, c.type, c.nullable, c.is_clr()});
    }
    if (!in_snapshot) {
        relation.rows = table.rows;
        return relation;
    }
    // The first read of the transaction is its point: all tables as they are now.
    if (!has_snapshot_) {
        has_snapshot_ = true;
        for (const auto& [id, each] : database_.tables) {
            snapshot_[id] = each.rows;
        }
        number_ = ++database_.last_number;
        found_open_ = database_.open_numbers;
        database_.open_numbers.erase(std::exchange(database_.passing_number, 0));
        database_.open_numbers.insert(number_);
    }
    const auto found = snapshot_.find(table.id);
    relation.rows = found == snapshot_.end() ? std::make_shared<Rows>() : found->second;
    return relation;
}

}  // namespace tds
