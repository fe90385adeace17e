// See store.hpp.
#include "engine/store.hpp"

#include <algorithm>

#include "engine/text.hpp"

namespace tds {

namespace {

const std::string& or_dbo(const std::string& schema) {
    static const std::string dbo = "dbo";
    return schema.empty() ? dbo : schema;
}

}  // namespace

const StoredColumn* StoredTable::column(const std::string& wanted) const {
    const auto found =
        std::find_if(columns.begin(), columns.end(), [&](const StoredColumn& c) { return same_name(c.name, wanted); });
    return found == columns.end() ? nullptr : &*found;
}

std::size_t StoredTable::index_of(int column_id) const {
    const auto found =
        std::find_if(columns.begin(), columns.end(), [&](const StoredColumn& c) { return c.id == column_id; });
    return static_cast<std::size_t>(found - columns.begin());
}

std::optional<int> Database::schema(const std::string& wanted) const {
    for (const auto& [id, known] : schemas) {
        if (same_name(known, or_dbo(wanted))) {
            return id;
        }
    }
    return std::nullopt;
}

void Database::named(int id, int schema_id, const std::string& object) { names[{schema_id, lower_name(object)}] = id; }

void Database::forget(int id, int schema_id, const std::string& object) {
    const auto found = names.find({schema_id, lower_name(object)});
    if (found != names.end() && found->second == id) {
        names.erase(found);
    }
}

StoredTable* Database::table(const std::string& schema_name, const std::string& wanted) {
    const auto id = object_id(schema_name, wanted);
    const auto found = id ? tables.find(*id) : tables.end();
    return found == tables.end() ? nullptr : &found->second;
}

StoredTable& Database::table_or_error(const std::vector<std::string>& wanted) {
    StoredTable* found = table(wanted.size() > 1 ? wanted[wanted.size() - 2] : "", wanted.back());
    if (found == nullptr) {
        std::string whole;
        for (const std::string& part : wanted) {
            whole += (whole.empty() ? "" : ".") + part;
        }
        throw SqlError(208, 16, "Invalid object name '" + whole + "'.");
    }
    return *found;
}

std::optional<int> Database::object_id(const std::string& schema_name, const std::string& wanted) const {
    const auto in = schema(schema_name);
    if (!in) {
        return std::nullopt;
    }
    const auto found = names.find({*in, lower_name(wanted)});
    return found == names.end() ? std::nullopt : std::optional<int>(found->second);
}

StoredSequence* Database::sequence(const std::string& schema_name, const std::string& wanted) {
    const auto id = object_id(schema_name, wanted);
    const auto found = id ? sequences.find(*id) : sequences.end();
    return found == sequences.end() ? nullptr : &found->second;
}

const AliasType* Database::alias_type(const std::string& schema_name, const std::string& wanted) const {
    const auto in = schema(schema_name);
    const auto found = std::find_if(alias_types.begin(), alias_types.end(), [&](const AliasType& t) {
        return in && t.schema == *in && same_name(t.name, wanted);
    });
    return found == alias_types.end() ? nullptr : &*found;
}

void Database::append(StoredTable& table, Rows rows) {
    if (table.rows.use_count() > 1) {
        table.rows = std::make_shared<Rows>(*table.rows);
    }
    std::move(rows.begin(), rows.end(), std::back_inserter(*table.rows));
    wrote();
}

}  // namespace tds
