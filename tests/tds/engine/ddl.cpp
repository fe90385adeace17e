// See ddl.hpp.
#include "engine/ddl.hpp"

#include <algorithm>
#include <map>

#include "engine/convert.hpp"
#include "engine/numbers.hpp"
#include "engine/text.hpp"

namespace tds {

namespace {

std::string upper(const std::string& text) { return lakemover::tsql::upper_ascii(text); }

class Ddl {
public:
    Ddl(Database& database, const std::vector<Token>& tokens, std::size_t at, const std::string& source)
        : database_(database), tokens_(tokens), at_(at), source_(source) {}

    std::size_t run() {
        if (take("CREATE")) {
            create();
        } else if (take("DROP")) {
            drop();
        } else if (take("ALTER")) {
            alter();
        } else if (take("UPDATE") && take("STATISTICS")) {
            name();
        } else if (take("DISABLE")) {
            expect("TRIGGER");
            module_or_error(name()).disabled = true;
            expect("ON");
            name();
        } else if (take("DENY")) {
            deny();
        } else {
            fail();
        }
        take(";");
        return at_;
    }

private:
    struct Condition {
        std::string text;
    };

    const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
    bool is(const char* word, std::size_t ahead = 0) const { return peek(ahead).upper == word; }
    bool take(const char* word) {
        if (!is(word)) {
            return false;
        }
        ++at_;
        return true;
    }
    void expect(const char* word) {
        if (!take(word)) {
            fail();
        }
    }
    [[noreturn]] void fail() const {
        throw SqlError(102, 15,
                       "Incorrect syntax near '" + peek().text + "': the test server does not know this statement: " +
                           source_.substr(tokens_[0].at.offset, 300));
    }
    std::string word() {
        if (peek().kind != Tok::kWord && peek().kind != Tok::kQuoted) {
            fail();
        }
        return tokens_[at_++].value;
    }
    std::vector<std::string> name() {
        std::vector<std::string> parts{word()};
        while (take(".")) {
            parts.push_back(word());
        }
        return parts;
    }
    // Everything between the next pair of parentheses, as written, with the pair.
    std::string parenthesised() {
        const std::size_t from = peek().at.offset;
        expect("(");
        for (int depth = 1; depth > 0; ++at_) {
            if (peek().kind == Tok::kEnd || peek().kind == Tok::kGo) {
                fail();
            }
            depth += is("(") ? 1 : is(")") ? -1 : 0;
        }
        return source_.substr(from, tokens_[at_ - 1].end - from);
    }
    // The server keeps expressions in parentheses of its own.
    std::string expression_text() {
        if (is("(")) {
            return "(" + inner(parenthesised()) + ")";
        }
        const std::size_t from = peek().at.offset;
        take("-");
        const bool number = peek().kind == Tok::kInteger || peek().kind == Tok::kDecimal;
        if (is("NEXT")) {
            at_ += 3;
            name();
        } else {
            ++at_;
            while (take(".")) {
                word();
            }
            if (is("(")) {
                parenthesised();
            }
        }
        const std::string text = source_.substr(from, tokens_[at_ - 1].end - from);
        return number ? "((" + text + "))" : "(" + text + ")";
    }
    static std::string inner(const std::string& text) { return text.substr(1, text.size() - 2); }

    int schema_of(const std::vector<std::string>& parts) {
        const auto id = database_.schema(parts.size() > 1 ? parts[parts.size() - 2] : "");
        if (!id) {
            throw SqlError(2760, 16,
                           "The specified schema name \"" + parts[parts.size() - 2] +
                               "\" either does not exist or you do not have permission to use it.");
        }
        return *id;
    }
    StoredModule& module_or_error(const std::vector<std::string>& parts) {
        for (auto& [id, module] : database_.modules) {
            if (same_name(module.name, parts.back())) {
                return module;
            }
        }
        throw SqlError(208, 16, "Invalid object name '" + parts.back() + "'.");
    }
    void must_be_new(const std::vector<std::string>& parts) {
        if (database_.object_id(parts.size() > 1 ? parts[parts.size() - 2] : "", parts.back())) {
            throw SqlError(2714, 16, "There is already an object named '" + parts.back() + "' in the database.");
        }
    }

    Type type(std::string* alias) {
        std::vector<std::string> parts = name();
        std::vector<std::string> args;
        if (take("(")) {
            do {
                args.push_back(upper(peek().value));
                ++at_;
            } while (take(","));
            expect(")");
        }
        static const std::set<std::string> kClr = {"HIERARCHYID", "GEOGRAPHY", "GEOMETRY"};
        if (alias != nullptr && kClr.count(upper(parts.back())) > 0) {
            *alias = lower_name(parts.back());
        }
        if (alias != nullptr && database_.alias_type(parts.size() > 1 ? parts[0] : "", parts.back()) != nullptr) {
            *alias = parts.back();
        }
        return type_of(database_, parts, args, 1);
    }

    void create() {
        const bool or_alter = is("OR");
        if (or_alter) {
            at_ += 2;
        }
        if (take("TABLE")) {
            table();
        } else if (take("SCHEMA")) {
            const std::string schema = word();
            if (take("AUTHORIZATION")) {
                word();
            }
            if (database_.schema(schema)) {
                throw SqlError(2714, 16, "There is already an object named '" + schema + "' in the database.");
            }
            database_.schemas[static_cast<int>(database_.schemas.size()) + 1] = schema;
        } else if (take("SEQUENCE")) {
            sequence();
        } else if (take("TYPE")) {
            const auto parts = name();
            expect("FROM");
            AliasType alias{schema_of(parts), parts.back(), type(nullptr)};
            alias.nullable = !take("NOT");
            take("NULL");
            database_.alias_types.push_back(std::move(alias));
        } else if (take("SYNONYM")) {
            const auto parts = name();
            expect("FOR");
            const std::size_t from = peek().at.offset;
            name();
            const int id = database_.new_id();
            database_.synonyms[id] = {id, schema_of(parts), parts.back(),
                                      source_.substr(from, tokens_[at_ - 1].end - from)};
            database_.named(id, schema_of(parts), parts.back());
        } else if (is("PROCEDURE") || is("PROC") || is("FUNCTION") || is("VIEW") || is("TRIGGER")) {
            module();
        } else {
            index();
        }
    }

    // A module is the rest of its batch.
    void module() {
        const std::string kind = peek().upper;
        ++at_;
        const auto parts = name();
        StoredModule made;
        made.schema = schema_of(parts);
        made.name = parts.back();
        made.type = kind == "VIEW" ? "V " : kind == "TRIGGER" ? "TR" : kind == "FUNCTION" ? "FN" : "P ";
        if (kind == "TRIGGER") {
            expect("ON");
            made.parent = database_.table_or_error(name()).id;
            made.instead_of = is("INSTEAD");
        }
        std::size_t begin = at_;
        while (begin > 0 && tokens_[begin - 1].kind != Tok::kGo) {
            --begin;
        }
        bool returns_table = false;
        bool body = false;
        for (; peek().kind != Tok::kEnd && peek().kind != Tok::kGo; ++at_) {
            returns_table = returns_table || (is("RETURNS") && is("TABLE", 1));
            body = body || is("BEGIN");
        }
        if (kind == "FUNCTION" && returns_table) {
            made.type = body ? "TF" : "IF";
        }
        made.definition = source_.substr(tokens_[begin].at.offset, tokens_[at_ - 1].end - tokens_[begin].at.offset);
        made.id = database_.new_id();
        database_.named(made.id, made.schema, made.name);
        database_.modules[made.id] = std::move(made);
    }

    void sequence() {
        StoredSequence made;
        const auto parts = name();
        must_be_new(parts);
        made.schema = schema_of(parts);
        made.name = parts.back();
        made.type = take("AS") ? type(nullptr) : Type{Kind::kBigint};
        bool started = false;
        bool bounded = false;
        made.minimum = made.type.kind == Kind::kTinyint    ? 0
                       : made.type.kind == Kind::kSmallint ? -32768
                       : made.type.kind == Kind::kInt      ? INT32_MIN
                                                           : INT64_MIN;
        made.maximum = made.type.kind == Kind::kTinyint    ? 255
                       : made.type.kind == Kind::kSmallint ? 32767
                       : made.type.kind == Kind::kInt      ? INT32_MAX
                                                           : INT64_MAX;
        for (;;) {
            if (take("START")) {
                expect("WITH");
                made.start = number();
                started = true;
            } else if (take("INCREMENT")) {
                expect("BY");
                made.increment = number();
            } else if (take("MINVALUE")) {
                made.minimum = number();
                bounded = true;
            } else if (take("MAXVALUE")) {
                made.maximum = number();
            } else if (take("CYCLE")) {
                made.cycles = true;
            } else if (take("CACHE")) {
                made.cache = static_cast<int>(number());
            } else if (take("NO")) {
                ++at_;
            } else {
                break;
            }
        }
        if (!started) {
            made.start = bounded || made.increment > 0 ? made.minimum : made.maximum;
        }
        made.current = made.start;
        made.id = database_.new_id();
        database_.named(made.id, made.schema, made.name);
        database_.sequences[made.id] = std::move(made);
    }

    Int128 number() {
        const bool minus = take("-");
        if (peek().kind != Tok::kInteger) {
            fail();
        }
        const Int128 value = parse_decimal(peek().text, 0, "numeric");
        ++at_;
        return minus ? -value : value;
    }

    void table() {
        const auto parts = name();
        must_be_new(parts);
        StoredTable made;
        made.id = database_.new_id();
        made.schema = schema_of(parts);
        made.name = parts.back();
        expect("(");
        do {
            if (is(")")) {
                break;
            }
            element(made);
        } while (take(","));
        expect(")");
        if (take("ON")) {
            word();
        }
        if (take("WITH")) {
            const std::string options = upper(parenthesised());
            made.memory_optimized = options.find("MEMORY_OPTIMIZED") != std::string::npos;
            made.temporal_type = options.find("SYSTEM_VERSIONING") != std::string::npos ? 2 : 0;
        }
        database_.named(made.id, made.schema, made.name);
        database_.tables[made.id] = std::move(made);
        database_.wrote();
    }

    void element(StoredTable& made) {
        std::string constraint;
        if (take("CONSTRAINT")) {
            constraint = word();
        }
        if (is("PRIMARY") || is("UNIQUE")) {
            key(made, constraint, nullptr);
        } else if (is("CHECK")) {
            check(made, constraint, false);
        } else if (take("FOREIGN")) {
            expect("KEY");
            foreign_key(made, constraint, column_ids(made), false);
        } else if (take("INDEX")) {
            StoredIndex index;
            index.name = word();
            index.clustered = take("CLUSTERED");
            take("NONCLUSTERED");
            index_parts(made, index);
            add_index(made, std::move(index));
        } else {
            column(made);
        }
    }

    void column(StoredTable& made) {
        StoredColumn column;
        column.id = made.columns.empty() ? 1 : made.columns.back().id + 1;
        column.name = word();
        if (take("AS")) {
            column.computed = expression_text();
            column.persisted = take("PERSISTED");
            column.type = {Kind::kInt};
        } else {
            column.type = type(&column.alias_type);
            if (column.type.rowversion) {
                column.nullable = false;
            }
        }
        const int id = column.id;
        made.columns.push_back(std::move(column));
        std::string constraint;
        while (!is(",") && !is(")")) {
            StoredColumn& it = made.columns.back();
            if (take("CONSTRAINT")) {
                constraint = word();
                continue;
            }
            if (take("NOT")) {
                expect("NULL");
                it.nullable = false;
            } else if (take("NULL") || take("ROWGUIDCOL")) {
            } else if (take("SPARSE")) {
                it.sparse = true;
            } else if (take("COLLATE")) {
                it.type.collation = word();
            } else if (take("IDENTITY")) {
                it.identity = true;
                it.nullable = false;
                if (take("(")) {
                    it.seed = number();
                    expect(",");
                    it.increment = number();
                    expect(")");
                }
            } else if (take("DEFAULT")) {
                it.default_text = expression_text();
                it.default_id = database_.new_id();
                it.default_name =
                    constraint.empty() ? "DF__" + made.name + "__" + std::to_string(it.default_id) : constraint;
            } else if (is("PRIMARY") || is("UNIQUE")) {
                key(made, constraint, &id);
            } else if (is("CHECK")) {
                check(made, constraint, false);
            } else if (take("FOREIGN")) {
                expect("KEY");
                foreign_key(made, constraint, {id}, false);
            } else if (is("REFERENCES")) {
                foreign_key(made, constraint, {id}, false);
            } else {
                fail();
            }
            constraint.clear();
        }
    }

    int column_id(const StoredTable& made, const std::string& column) const {
        const StoredColumn* found = made.column(column);
        if (found == nullptr) {
            throw SqlError(1911, 16, "Column name '" + column + "' does not exist in the target table or view.");
        }
        return found->id;
    }
    std::vector<int> column_ids(const StoredTable& made) {
        std::vector<int> ids;
        expect("(");
        do {
            ids.push_back(column_id(made, word()));
        } while (take(","));
        expect(")");
        return ids;
    }
    void index_parts(const StoredTable& made, StoredIndex& index) {
        expect("(");
        do {
            StoredIndex::Part part;
            part.column = column_id(made, word());
            part.descending = take("DESC");
            take("ASC");
            index.parts.push_back(part);
        } while (take(","));
        expect(")");
    }
    void add_index(StoredTable& made, StoredIndex index) {
        const bool has_clustered =
            std::any_of(made.indexes.begin(), made.indexes.end(), [](const StoredIndex& i) { return i.clustered; });
        if (index.clustered && has_clustered) {
            throw SqlError(1902, 16, "Cannot create more than one clustered index on table '" + made.name + "'.");
        }
        int last = 1;
        for (const StoredIndex& other : made.indexes) {
            last = std::max(last, other.id);
        }
        index.id = index.clustered ? 1 : last + 1;
        made.indexes.push_back(std::move(index));
    }

    void key(StoredTable& made, const std::string& constraint, const int* only) {
        StoredIndex index;
        index.primary_key = take("PRIMARY");
        if (index.primary_key) {
            expect("KEY");
        } else {
            expect("UNIQUE");
            index.constraint = true;
        }
        index.unique = true;
        index.constraint_id = database_.new_id();
        index.clustered = index.primary_key && std::none_of(made.indexes.begin(), made.indexes.end(),
                                                            [](const StoredIndex& i) { return i.clustered; });
        if (take("CLUSTERED")) {
            index.clustered = true;
        } else if (take("NONCLUSTERED")) {
            index.clustered = false;
        }
        index.name = !constraint.empty() ? constraint
                                         : (index.primary_key ? "PK__" : "UQ__") + made.name + "__" +
                                               std::to_string(index.constraint_id);
        if (only != nullptr && !is("(")) {
            index.parts.push_back({*only});
        } else {
            index_parts(made, index);
        }
        if (index.primary_key) {
            for (const StoredIndex::Part& part : index.parts) {
                made.columns[made.index_of(part.column)].nullable = false;
            }
        }
        add_index(made, std::move(index));
    }

    void check(StoredTable& made, const std::string& constraint, bool untrusted) {
        expect("CHECK");
        StoredCheck check;
        check.id = database_.new_id();
        check.name = constraint.empty() ? "CK__" + made.name + "__" + std::to_string(check.id) : constraint;
        check.definition = parenthesised();
        check.untrusted = untrusted;
        made.checks.push_back(std::move(check));
    }

    int action() {
        if (take("CASCADE")) return 1;
        if (take("NO")) {
            expect("ACTION");
            return 0;
        }
        expect("SET");
        if (take("NULL")) return 2;
        expect("DEFAULT");
        return 3;
    }
    void foreign_key(StoredTable& made, const std::string& constraint, std::vector<int> columns, bool untrusted) {
        expect("REFERENCES");
        const auto parts = name();
        const bool itself = same_name(parts.back(), made.name) && schema_of(parts) == made.schema;
        const StoredTable& other = itself ? made : database_.table_or_error(parts);
        StoredForeignKey key;
        key.id = database_.new_id();
        key.name = constraint.empty() ? "FK__" + made.name + "__" + std::to_string(key.id) : constraint;
        key.columns = std::move(columns);
        key.referenced = other.id;
        key.untrusted = untrusted;
        if (is("(")) {
            key.referenced_columns = column_ids(other);
        } else {
            for (const StoredIndex& index : other.indexes) {
                for (const StoredIndex::Part& part : index.parts) {
                    if (index.primary_key) {
                        key.referenced_columns.push_back(part.column);
                    }
                }
            }
        }
        while (take("ON")) {
            if (take("DELETE")) {
                key.on_delete = action();
            } else {
                expect("UPDATE");
                key.on_update = action();
            }
        }
        made.foreign_keys.push_back(std::move(key));
    }

    void index() {
        StoredIndex index;
        index.unique = take("UNIQUE");
        index.clustered = take("CLUSTERED");
        take("NONCLUSTERED");
        index.columnstore = take("COLUMNSTORE");
        expect("INDEX");
        index.name = word();
        expect("ON");
        StoredTable& on = database_.table_or_error(name());
        if (is("(")) {
            index_parts(on, index);
        }
        if (take("INCLUDE")) {
            for (const int id : column_ids(on)) {
                index.parts.push_back({id, false, true});
            }
        }
        if (take("WHERE")) {
            const std::size_t from = peek().at.offset;
            while (!is("WITH") && !is(";") && !is("ON") && peek().kind != Tok::kEnd && peek().kind != Tok::kGo &&
                   peek().at.line == tokens_[at_ - 1].at.line) {
                ++at_;
            }
            index.filter = "(" + source_.substr(from, tokens_[at_ - 1].end - from) + ")";
        }
        if (take("WITH")) {
            parenthesised();
        }
        add_index(on, std::move(index));
    }

    void drop() {
        const std::string kind = peek().upper;
        ++at_;
        const bool if_exists = is("IF");
        if (if_exists) {
            at_ += 2;
        }
        do {
            const auto parts = name();
            if (kind == "TABLE") {
                drop_table(parts, if_exists);
            } else if (kind == "SCHEMA") {
                const auto id = database_.schema(parts.back());
                if (id) {
                    database_.schemas.erase(*id);
                }
            } else {
                const auto id = database_.object_id(parts.size() > 1 ? parts[parts.size() - 2] : "", parts.back());
                if (!id && !if_exists) {
                    throw SqlError(3701, 11,
                                   "Cannot drop the object '" + parts.back() +
                                       "', because it does not exist or you do not have permission.");
                }
                if (id) {
                    database_.forget(*id, schema_of(parts), parts.back());
                    database_.sequences.erase(*id);
                    database_.modules.erase(*id);
                    database_.synonyms.erase(*id);
                }
            }
        } while (take(","));
    }
    void drop_table(const std::vector<std::string>& parts, bool if_exists) {
        StoredTable* found = database_.table(parts.size() > 1 ? parts[parts.size() - 2] : "", parts.back());
        if (found == nullptr) {
            if (if_exists) {
                return;
            }
            throw SqlError(3701, 11,
                           "Cannot drop the table '" + parts.back() +
                               "', because it does not exist or you do not have permission.");
        }
        for (const auto& [id, other] : database_.tables) {
            for (const StoredForeignKey& key : other.foreign_keys) {
                if (key.referenced == found->id && id != found->id) {
                    throw SqlError(3726, 16,
                                   "Could not drop object '" + parts.back() +
                                       "' because it is referenced by a FOREIGN KEY constraint.");
                }
            }
        }
        const int id = found->id;
        for (const auto& [module_id, module] : database_.modules) {
            if (module.parent == id) {
                database_.forget(module_id, module.schema, module.name);
            }
        }
        std::erase_if(database_.modules, [id](const auto& m) { return m.second.parent == id; });
        std::erase_if(database_.properties, [id](const StoredProperty& p) { return p.major == id; });
        database_.forget(id, found->schema, found->name);
        database_.tables.erase(id);
        database_.wrote();
    }

    void alter() {
        if (take("DATABASE")) {
            word();
            expect("SET");
            alter_database();
            return;
        }
        if (take("INDEX")) {
            const std::string wanted = word();
            expect("ON");
            StoredTable& on = database_.table_or_error(name());
            expect("DISABLE");
            for (StoredIndex& index : on.indexes) {
                index.disabled = index.disabled || same_name(index.name, wanted);
            }
            return;
        }
        expect("TABLE");
        StoredTable& table = database_.table_or_error(name());
        if (take("WITH")) {
            const bool untrusted = take("NOCHECK");
            if (!untrusted) {
                expect("CHECK");
            }
            expect("ADD");
            constraint_of(table, untrusted);
        } else if (take("ADD")) {
            if (is("CONSTRAINT") || is("PRIMARY") || is("UNIQUE") || is("CHECK") || is("FOREIGN")) {
                constraint_of(table, false);
            } else {
                fail();
            }
        } else if (take("NOCHECK")) {
            expect("CONSTRAINT");
            const std::string wanted = word();
            for (StoredForeignKey& key : table.foreign_keys) {
                key.disabled = key.disabled || same_name(key.name, wanted);
                key.untrusted = key.untrusted || key.disabled;
            }
            for (StoredCheck& check : table.checks) {
                check.disabled = check.disabled || same_name(check.name, wanted);
                check.untrusted = check.untrusted || check.disabled;
            }
        } else {
            fail();
        }
    }
    void constraint_of(StoredTable& table, bool untrusted) {
        std::string constraint;
        if (take("CONSTRAINT")) {
            constraint = word();
        }
        if (is("PRIMARY") || is("UNIQUE")) {
            key(table, constraint, nullptr);
        } else if (is("CHECK")) {
            check(table, constraint, untrusted);
        } else {
            expect("FOREIGN");
            expect("KEY");
            foreign_key(table, constraint, column_ids(table), untrusted);
        }
    }
    void alter_database() {
        const std::string option = upper(word());
        const auto on = [this] {
            if (take("ON")) {
                return true;
            }
            if (upper(word()) != "OFF") {
                fail();
            }
            return false;
        };
        if (option == "ALLOW_SNAPSHOT_ISOLATION") {
            database_.snapshot_isolation = on();
        } else if (option == "READ_COMMITTED_SNAPSHOT") {
            database_.read_committed_snapshot = on();
        } else if (option == "READ_ONLY" || option == "READ_WRITE") {
            database_.read_only = option == "READ_ONLY";
        } else {
            fail();
        }
    }

    void deny() {
        expect("SELECT");
        expect("ON");
        StoredTable& table = database_.table_or_error(name());
        expect("TO");
        table.unreadable_for.insert(word());
    }

    Database& database_;
    const std::vector<Token>& tokens_;
    std::size_t at_;
    const std::string& source_;
};

}  // namespace

bool is_ddl(const std::vector<Token>& tokens, std::size_t at) {
    const std::string& first = tokens[at].upper;
    return first == "CREATE" || first == "ALTER" || first == "DROP" || first == "DENY" || first == "DISABLE" ||
           (first == "UPDATE" && at + 1 < tokens.size() && tokens[at + 1].upper == "STATISTICS");
}

std::size_t execute_ddl(Database& database, const std::vector<Token>& tokens, std::size_t at,
                        const std::string& source) {
    const std::lock_guard lock(database.mutex);
    return Ddl(database, tokens, at, source).run();
}

}  // namespace tds
