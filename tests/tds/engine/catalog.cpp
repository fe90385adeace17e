// The sys views of the test server, from what it holds.
#include <algorithm>
#include <array>

#include "engine/catalog_types.hpp"
#include "engine/context.hpp"
#include "engine/convert.hpp"
#include "engine/given_views.hpp"
#include "engine/text.hpp"

namespace tds {

namespace {

const Type kId = {Kind::kInt};
const Type kFlag = {Kind::kBit};
const Type kSmall = {Kind::kTinyint};
const Type kBig = {Kind::kBigint};
const Type kName = {Kind::kNvarchar, 128};
const Type kText = {Kind::kNvarchar, kMaxLength};
const Type kKind = {Kind::kChar, 2};
const Type kSequence = {Kind::kVariant};

Value integer(std::int64_t n) { return n; }
Value text(const std::string& value) { return utf16(value); }
Value text_or_null(const std::string& value) { return value.empty() ? Value() : Value(utf16(value)); }
Value variant(Int128 number) { return std::vector<Variant>{{{Kind::kDecimal, 0, 38, 0}, number}}; }

struct View {
    std::vector<std::pair<const char*, Type>> columns;
    Rows rows;

    Relation relation() && {
        Relation made;
        for (const auto& [name, type] : columns) {
            made.columns.push_back({"", name, type});
        }
        made.rows = std::make_shared<Rows>(std::move(rows));
        return made;
    }
};

View databases(const Database& db) {
    View v{{{"database_id", kId},
            {"name", kName},
            {"collation_name", kName},
            {"compatibility_level", kSmall},
            {"snapshot_isolation_state", kSmall},
            {"is_read_committed_snapshot_on", kFlag},
            {"is_read_only", kFlag},
            {"source_database_id", kId},
            {"is_published", kFlag},
            {"is_merge_published", kFlag},
            {"is_subscribed", kFlag},
            {"is_cdc_enabled", kFlag},
            {"is_broker_enabled", kFlag},
            {"is_encrypted", kFlag},
            {"is_auto_close_on", kFlag},
            {"is_trustworthy_on", kFlag}},
           {}};
    v.rows.push_back({integer(5), text(db.name), text(db.collation), integer(db.compatibility),
                      integer(db.snapshot_isolation), integer(db.read_committed_snapshot), integer(db.read_only),
                      db.database_snapshot ? integer(6) : Value(), integer(0), integer(0), integer(0), integer(0),
                      integer(0), integer(0), integer(0), integer(0)});
    return v;
}

View types(const Database& db) {
    View v{{{"name", kName},
            {"system_type_id", kSmall},
            {"user_type_id", kId},
            {"schema_id", kId},
            {"is_user_defined", kFlag}},
           {}};
    for (const SystemType& type : system_types()) {
        v.rows.push_back({text(type.name), integer(type.id), integer(type.user_id), integer(4), integer(0)});
    }
    for (std::size_t i = 0; i < db.alias_types.size(); ++i) {
        const AliasType& alias = db.alias_types[i];
        v.rows.push_back({text(alias.name), integer(system_type_id(alias.type)),
                          integer(kFirstAliasId + static_cast<int>(i)), integer(alias.schema), integer(1)});
    }
    return v;
}

View tables(const Database& db) {
    View v{{{"object_id", kId},
            {"schema_id", kId},
            {"name", kName},
            {"is_memory_optimized", kFlag},
            {"temporal_type", kSmall},
            {"is_ms_shipped", kFlag},
            {"is_filetable", kFlag},
            {"is_external", kFlag},
            {"is_node", kFlag},
            {"is_edge", kFlag}},
           {}};
    for (const auto& [id, t] : db.tables) {
        v.rows.push_back({integer(id), integer(t.schema), text(t.name), integer(t.memory_optimized),
                          integer(t.temporal_type), integer(0), integer(0), integer(0), integer(0), integer(0)});
    }
    return v;
}

View columns(const Database& db) {
    View v{{{"object_id", kId},
            {"column_id", kId},
            {"name", kName},
            {"system_type_id", kSmall},
            {"user_type_id", kId},
            {"max_length", {Kind::kSmallint}},
            {"precision", kSmall},
            {"scale", kSmall},
            {"collation_name", kName},
            {"is_nullable", kFlag},
            {"is_identity", kFlag},
            {"is_computed", kFlag},
            {"is_filestream", kFlag},
            {"is_sparse", kFlag},
            {"encryption_type", kId}},
           {}};
    const auto add = [&](int id, const StoredColumn& c) {
        int precision = 0;
        int scale = 0;
        shape_of(c.type, precision, scale);
        v.rows.push_back(
            {integer(id), integer(c.id), text(c.name), integer(system_type_id(c)), integer(user_type_id(db, c)),
             integer(storage_bytes(c.type)), integer(precision), integer(scale),
             c.type.is_character() ? text(c.type.collation.empty() ? db.collation : c.type.collation) : Value(),
             integer(c.nullable), integer(c.identity), integer(c.computed.has_value()), integer(0), integer(c.sparse),
             Value()});
    };
    for (const auto& [id, t] : db.tables) {
        for (const StoredColumn& c : t.columns) add(id, c);
    }
    for (const auto& [id, m] : db.modules) {
        for (const StoredColumn& c : m.columns) add(id, c);
    }
    return v;
}

View identity_columns(const Database& db) {
    View v{{{"object_id", kId},
            {"column_id", kId},
            {"seed_value", kSequence},
            {"increment_value", kSequence},
            {"last_value", kSequence}},
           {}};
    for (const auto& [id, t] : db.tables) {
        for (const StoredColumn& c : t.columns) {
            if (c.identity) {
                v.rows.push_back({integer(id), integer(c.id), variant(c.seed), variant(c.increment),
                                  t.last_identity ? variant(*t.last_identity) : Value()});
            }
        }
    }
    return v;
}

View computed_columns(const Database& db) {
    View v{{{"object_id", kId}, {"column_id", kId}, {"name", kName}, {"definition", kText}, {"is_persisted", kFlag}},
           {}};
    for (const auto& [id, t] : db.tables) {
        for (const StoredColumn& c : t.columns) {
            if (c.computed)
                v.rows.push_back({integer(id), integer(c.id), text(c.name), text(*c.computed), integer(c.persisted)});
        }
    }
    return v;
}

View default_constraints(const Database& db) {
    View v{{{"object_id", kId},
            {"parent_object_id", kId},
            {"parent_column_id", kId},
            {"name", kName},
            {"definition", kText}},
           {}};
    for (const auto& [id, t] : db.tables) {
        for (const StoredColumn& c : t.columns) {
            if (!c.default_text.empty())
                v.rows.push_back(
                    {integer(c.default_id), integer(id), integer(c.id), text(c.default_name), text(c.default_text)});
        }
    }
    return v;
}

View indexes(const Database& db) {
    View v{{{"object_id", kId},
            {"index_id", kId},
            {"name", kName},
            {"type", kSmall},
            {"type_desc", kName},
            {"is_unique", kFlag},
            {"is_primary_key", kFlag},
            {"is_unique_constraint", kFlag},
            {"is_disabled", kFlag},
            {"is_hypothetical", kFlag},
            {"filter_definition", kText}},
           {}};
    for (const auto& [id, t] : db.tables) {
        if (std::none_of(t.indexes.begin(), t.indexes.end(), [](const StoredIndex& i) { return i.clustered; })) {
            v.rows.push_back({integer(id), integer(0), Value(), integer(0), text("HEAP"), integer(0), integer(0),
                              integer(0), integer(0), integer(0), Value()});
        }
        for (const StoredIndex& i : t.indexes) {
            const int kind = i.columnstore ? (i.clustered ? 5 : 6) : i.clustered ? 1 : 2;
            const char* described = i.columnstore ? (i.clustered ? "CLUSTERED COLUMNSTORE" : "NONCLUSTERED COLUMNSTORE")
                                    : i.clustered ? "CLUSTERED"
                                                  : "NONCLUSTERED";
            v.rows.push_back({integer(id), integer(i.id), text(i.name), integer(kind), text(described),
                              integer(i.unique), integer(i.primary_key), integer(i.constraint), integer(i.disabled),
                              integer(0), text_or_null(i.filter)});
        }
    }
    return v;
}

View index_columns(const Database& db) {
    View v{{{"object_id", kId},
            {"index_id", kId},
            {"index_column_id", kId},
            {"column_id", kId},
            {"key_ordinal", kSmall},
            {"is_descending_key", kFlag},
            {"is_included_column", kFlag}},
           {}};
    for (const auto& [id, t] : db.tables) {
        for (const StoredIndex& i : t.indexes) {
            int number = 0;
            for (const StoredIndex::Part& part : i.parts) {
                ++number;
                v.rows.push_back({integer(id), integer(i.id), integer(number), integer(part.column),
                                  integer(part.included || i.columnstore ? 0 : number), integer(part.descending),
                                  integer(part.included)});
            }
        }
    }
    return v;
}

View key_constraints(const Database& db) {
    View v{{{"object_id", kId}, {"parent_object_id", kId}, {"name", kName}, {"type", kKind}, {"unique_index_id", kId}},
           {}};
    for (const auto& [id, t] : db.tables) {
        for (const StoredIndex& i : t.indexes) {
            if (i.primary_key || i.constraint)
                v.rows.push_back({integer(i.constraint_id), integer(id), text(i.name),
                                  text(i.primary_key ? "PK" : "UQ"), integer(i.id)});
        }
    }
    return v;
}

View check_constraints(const Database& db) {
    View v{{{"object_id", kId},
            {"parent_object_id", kId},
            {"name", kName},
            {"definition", kText},
            {"is_disabled", kFlag},
            {"is_not_trusted", kFlag}},
           {}};
    for (const auto& [id, t] : db.tables) {
        for (const StoredCheck& c : t.checks) {
            v.rows.push_back({integer(c.id), integer(id), text(c.name), text(c.definition), integer(c.disabled),
                              integer(c.untrusted)});
        }
    }
    return v;
}

// The index of the referenced table that has just these columns.
int referenced_index(const Database& db, const StoredForeignKey& key) {
    for (const StoredIndex& i : db.tables.at(key.referenced).indexes) {
        std::vector<int> columns;
        for (const StoredIndex::Part& part : i.parts) {
            if (!part.included) columns.push_back(part.column);
        }
        if (i.unique && columns == key.referenced_columns) return i.id;
    }
    return 0;
}

View foreign_keys(const Database& db) {
    View v{{{"object_id", kId},
            {"parent_object_id", kId},
            {"referenced_object_id", kId},
            {"name", kName},
            {"delete_referential_action", kSmall},
            {"update_referential_action", kSmall},
            {"is_disabled", kFlag},
            {"is_not_trusted", kFlag},
            {"key_index_id", kId}},
           {}};
    for (const auto& [id, t] : db.tables) {
        for (const StoredForeignKey& k : t.foreign_keys) {
            v.rows.push_back({integer(k.id), integer(id), integer(k.referenced), text(k.name), integer(k.on_delete),
                              integer(k.on_update), integer(k.disabled), integer(k.untrusted),
                              integer(referenced_index(db, k))});
        }
    }
    return v;
}

View foreign_key_columns(const Database& db) {
    View v{{{"constraint_object_id", kId},
            {"constraint_column_id", kId},
            {"parent_object_id", kId},
            {"parent_column_id", kId},
            {"referenced_object_id", kId},
            {"referenced_column_id", kId}},
           {}};
    for (const auto& [id, t] : db.tables) {
        for (const StoredForeignKey& k : t.foreign_keys) {
            for (std::size_t i = 0; i < k.columns.size(); ++i) {
                v.rows.push_back({integer(k.id), integer(static_cast<int>(i) + 1), integer(id), integer(k.columns[i]),
                                  integer(k.referenced), integer(k.referenced_columns.at(i))});
            }
        }
    }
    return v;
}

View sequences(const Database& db) {
    View v{{{"object_id", kId},
            {"schema_id", kId},
            {"name", kName},
            {"system_type_id", kSmall},
            {"start_value", kSequence},
            {"increment", kSequence},
            {"minimum_value", kSequence},
            {"maximum_value", kSequence},
            {"is_cycling", kFlag},
            {"cache_size", kId},
            {"current_value", kSequence},
            {"last_used_value", kSequence}},
           {}};
    for (const auto& [id, s] : db.sequences) {
        v.rows.push_back({integer(id), integer(s.schema), text(s.name), integer(system_type_id(s.type)),
                          variant(s.start), variant(s.increment), variant(s.minimum), variant(s.maximum),
                          integer(s.cycles), s.cache > 0 ? integer(s.cache) : Value(), variant(s.current),
                          s.last_used ? variant(*s.last_used) : Value()});
    }
    return v;
}

View objects(const Database& db) {
    View v{{{"object_id", kId},
            {"type", kKind},
            {"schema_id", kId},
            {"name", kName},
            {"parent_object_id", kId},
            {"is_ms_shipped", kFlag}},
           {}};
    for (const auto& [id, t] : db.tables) {
        v.rows.push_back({integer(id), text("U "), integer(t.schema), text(t.name), integer(0), integer(0)});
    }
    for (const auto& [id, m] : db.modules) {
        v.rows.push_back({integer(id), text(m.type), integer(m.schema), text(m.name), integer(m.parent), integer(0)});
    }
    return v;
}

// Some rows to count by, as every server has.
View all_objects(const Database& db) {
    View v = objects(db);
    for (int i = 1; i <= 2000; ++i) {
        v.rows.push_back(
            {integer(-i), text("S "), integer(4), text("sys" + std::to_string(i)), integer(0), integer(1)});
    }
    return v;
}

View sql_modules(const Database& db) {
    View v{{{"object_id", kId}, {"definition", kText}}, {}};
    for (const auto& [id, m] : db.modules) {
        v.rows.push_back({integer(id), text_or_null(m.definition)});
    }
    return v;
}

View triggers(const Database& db) {
    View v{{{"object_id", kId},
            {"parent_class", kSmall},
            {"parent_id", kId},
            {"name", kName},
            {"is_disabled", kFlag},
            {"is_instead_of_trigger", kFlag}},
           {}};
    for (const auto& [id, m] : db.modules) {
        if (m.type == "TR")
            v.rows.push_back(
                {integer(id), integer(1), integer(m.parent), text(m.name), integer(m.disabled), integer(m.instead_of)});
    }
    return v;
}

View synonyms(const Database& db) {
    View v{{{"object_id", kId}, {"schema_id", kId}, {"name", kName}, {"base_object_name", {Kind::kNvarchar, 1035}}},
           {}};
    for (const auto& [id, s] : db.synonyms) {
        v.rows.push_back({integer(id), integer(s.schema), text(s.name), text(s.base)});
    }
    return v;
}

View schemas(const Database& db) {
    View v{{{"schema_id", kId}, {"name", kName}}, {}};
    for (const auto& [id, name] : db.schemas) {
        v.rows.push_back({integer(id), text(name)});
    }
    return v;
}

View partitions(const Database& db) {
    View v{{{"object_id", kId}, {"index_id", kId}, {"partition_number", kId}, {"rows", kBig}}, {}};
    for (const auto& [id, t] : db.tables) {
        const bool heap =
            std::none_of(t.indexes.begin(), t.indexes.end(), [](const StoredIndex& i) { return i.clustered; });
        v.rows.push_back(
            {integer(id), integer(heap ? 0 : 1), integer(1), integer(static_cast<std::int64_t>(t.rows->size()))});
    }
    return v;
}

View partition_stats(const Database& db) {
    View v{{{"object_id", kId}, {"index_id", kId}, {"used_page_count", kBig}, {"row_count", kBig}}, {}};
    for (const auto& [id, t] : db.tables) {
        const auto rows = static_cast<std::int64_t>(t.rows->size());
        v.rows.push_back({integer(id), integer(1), integer(rows / 80 + 1), integer(rows)});
    }
    return v;
}

View extended_properties(const Database& db) {
    View v{{{"class", kSmall}, {"major_id", kId}, {"minor_id", kId}, {"name", kName}, {"value", kSequence}}, {}};
    for (const StoredProperty& p : db.properties) {
        v.rows.push_back({integer(p.object_class), integer(p.major), integer(p.minor), text(p.name),
                          std::vector<Variant>{{{Kind::kNvarchar, 4000}, utf16(p.value)}}});
    }
    return v;
}

}  // namespace

namespace {

const Type kNumber{Kind::kBigint};

// sys.dm_tran_current_transaction
View current_transaction(const Context& context) {
    View v{{{"transaction_id", kNumber}, {"transaction_sequence_num", kNumber}, {"transaction_is_snapshot", kFlag}},
           {}};
    v.rows.push_back({std::int64_t{context.spid()}, context.number(), integer(context.number() != 0)});
    return v;
}

// sys.dm_tran_current_snapshot
View current_snapshot(const Context& context) {
    View v{{{"transaction_sequence_num", kNumber}}, {}};
    for (const std::int64_t number : context.found_open()) {
        v.rows.push_back({number});
    }
    return v;
}

}  // namespace

std::optional<Relation> system_view(Context& context, const std::string& name) {
    if (name == "dm_tran_current_transaction") {
        return current_transaction(context).relation();
    }
    if (name == "dm_tran_current_snapshot") {
        return current_snapshot(context).relation();
    }
    using Maker = View (*)(const Database&);
    static const std::map<std::string, Maker, std::less<>> kViews = {{"databases", databases},
                                                                     {"types", types},
                                                                     {"tables", tables},
                                                                     {"columns", columns},
                                                                     {"identity_columns", identity_columns},
                                                                     {"computed_columns", computed_columns},
                                                                     {"default_constraints", default_constraints},
                                                                     {"indexes", indexes},
                                                                     {"index_columns", index_columns},
                                                                     {"key_constraints", key_constraints},
                                                                     {"check_constraints", check_constraints},
                                                                     {"foreign_keys", foreign_keys},
                                                                     {"foreign_key_columns", foreign_key_columns},
                                                                     {"sequences", sequences},
                                                                     {"objects", objects},
                                                                     {"all_objects", all_objects},
                                                                     {"sql_modules", sql_modules},
                                                                     {"triggers", triggers},
                                                                     {"synonyms", synonyms},
                                                                     {"schemas", schemas},
                                                                     {"partitions", partitions},
                                                                     {"dm_db_partition_stats", partition_stats},
                                                                     {"extended_properties", extended_properties}};
    Database& database = context.database();
    const std::lock_guard lock(database.mutex);
    if (auto view = given_view(database, name)) {
        return view;
    }
    const auto found = kViews.find(name);
    if (found == kViews.end()) {
        return std::nullopt;
    }
    return found->second(database).relation();
}

}  // namespace tds
