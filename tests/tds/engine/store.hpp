// What the test server holds: schemas, tables with their rows, sequences, modules. Rows are shared and never changed
// in place while a reader holds them: that is the snapshot.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "value.hpp"

namespace tds {

using Row = std::vector<Value>;
using Rows = std::vector<Row>;

struct StoredColumn {
    int id = 0;  // from 1; ids of dropped columns stay free
    std::string name;
    Type type;
    std::string alias_type;  // a user's own type's name
    bool nullable = true;
    bool identity = false;
    Int128 seed = 1;
    Int128 increment = 1;
    bool sparse = false;
    std::optional<std::string> computed;  // its definition
    bool persisted = false;
    bool resolved = false;  // its type is the definition's
    std::string default_name;
    std::string default_text;  // "((0))"; empty: none
    int default_id = 0;

    // A type of the CLR: held as the text that its methods give; only those read it.
    bool is_clr() const { return alias_type == "hierarchyid" || alias_type == "geography" || alias_type == "geometry"; }
};

struct StoredIndex {
    int id = 0;
    std::string name;
    bool clustered = false;
    bool unique = false;
    bool primary_key = false;
    bool constraint = false;  // UNIQUE
    bool columnstore = false;
    bool disabled = false;
    std::string filter;
    struct Part {
        int column = 0;
        bool descending = false;
        bool included = false;
    };
    std::vector<Part> parts;
    int constraint_id = 0;
};

struct StoredCheck {
    int id = 0;
    std::string name;
    std::string definition;
    bool disabled = false;
    bool untrusted = false;
};

struct StoredForeignKey {
    int id = 0;
    std::string name;
    std::vector<int> columns;
    int referenced = 0;  // object id
    std::vector<int> referenced_columns;
    int on_delete = 0;  // 0 NO ACTION, 1 CASCADE, 2 SET NULL, 3 SET DEFAULT
    int on_update = 0;
    bool disabled = false;
    bool untrusted = false;
};

struct StoredTable {
    int id = 0;
    int schema = 0;
    std::string name;
    std::vector<StoredColumn> columns;
    std::vector<StoredIndex> indexes;
    std::vector<StoredCheck> checks;
    std::vector<StoredForeignKey> foreign_keys;
    std::optional<Int128> last_identity;
    bool memory_optimized = false;
    int temporal_type = 0;
    std::shared_ptr<Rows> rows = std::make_shared<Rows>();
    std::set<std::string> unreadable_for;  // users without SELECT

    const StoredColumn* column(const std::string& name) const;
    std::size_t index_of(int column_id) const;
};

struct StoredSequence {
    int id = 0;
    int schema = 0;
    std::string name;
    Type type;
    Int128 start = 1, increment = 1, minimum = 0, maximum = 0, current = 0;
    std::optional<Int128> last_used;
    bool cycles = false;
    int cache = 0;
};

struct StoredModule {
    int id = 0;
    int schema = 0;
    std::string name;
    std::string type;  // 'P ', 'V ', 'TR', 'FN', 'IF', 'TF'
    std::string definition;
    int parent = 0;
    bool disabled = false;
    bool instead_of = false;
    std::vector<StoredColumn> columns;  // of a view
};

struct StoredSynonym {
    int id = 0;
    int schema = 0;
    std::string name;
    std::string base;
};

struct AliasType {
    int schema = 0;
    std::string name;
    Type type;
    bool nullable = true;
};

struct StoredProperty {
    int object_class = 1;
    int major = 0;
    int minor = 0;
    std::string name;
    std::string value;
};

struct Database {
    std::recursive_mutex mutex;
    std::string name;
    std::string collation;
    bool snapshot_isolation = true;
    bool read_committed_snapshot = false;
    bool read_only = false;
    bool database_snapshot = false;
    int compatibility = 160;
    int next_id = 1000000;
    bool restless = false;  // rows without an order are numbered differently by every statement
    std::size_t scans = 0;
    std::uint64_t log_end = 1;  // grows with every write
    // Numbers of transactions: every write takes one, every snapshot too. Open are snapshots, and what lm_fact made up.
    std::int64_t last_number = 100;
    std::set<std::int64_t> open_numbers;
    std::int64_t passing_number = 0;  // ends after the next snapshot has found it open
    void wrote() {
        ++log_end;
        ++last_number;
    }
    std::map<int, std::string> schemas{{1, "dbo"}, {2, "guest"}, {3, "INFORMATION_SCHEMA"}, {4, "sys"}};
    std::map<int, StoredTable> tables;
    std::map<int, StoredSequence> sequences;
    std::map<int, StoredModule> modules;
    std::map<int, StoredSynonym> synonyms;
    std::vector<AliasType> alias_types;
    std::vector<StoredProperty> properties;

    // Ids by schema and lower-case name, of all kinds.
    std::map<std::pair<int, std::string>, int> names;

    int new_id() { return next_id += 16; }
    void named(int id, int schema_id, const std::string& name);
    void forget(int id, int schema_id, const std::string& name);
    std::optional<int> schema(const std::string& name) const;
    // By "schema", "name"; an empty schema is dbo. Null when there is none.
    StoredTable* table(const std::string& schema_name, const std::string& name);
    StoredTable& table_or_error(const std::vector<std::string>& name);
    std::optional<int> object_id(const std::string& schema_name, const std::string& name) const;
    StoredSequence* sequence(const std::string& schema_name, const std::string& name);
    const AliasType* alias_type(const std::string& schema_name, const std::string& name) const;
    // Adds rows where no reader sees them before they are whole.
    void append(StoredTable& table, Rows rows);
};

}  // namespace tds
