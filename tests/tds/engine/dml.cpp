// See dml.hpp.
#include "engine/dml.hpp"

#include <atomic>

#include "engine/convert.hpp"
#include "engine/text.hpp"
#include "tsql/parser.hpp"

namespace tds {

namespace {

// "(expression)" as a SELECT list of one, with the text that its positions point into.
struct Definition {
    std::string source;
    ts::Script script;

    explicit Definition(const std::string& text) : source("SELECT " + text), script(parsed(source)) {}
    const ts::Expr& expression() const { return *script.statements.at(0)->query->select->items.at(0).expr; }

    static ts::Script parsed(const std::string& text);
};

Scope scope_of(const StoredTable& table) {
    Scope scope;
    for (const StoredColumn& column : table.columns) {
        scope.columns.push_back({table.name, column.name, column.type, column.nullable});
    }
    return scope;
}

std::atomic<std::uint64_t> last_rowversion{2000};

std::string rowversion_bytes(std::uint64_t value) {
    std::string bytes;
    for (int i = 7; i >= 0; --i) {
        bytes += static_cast<char>(value >> static_cast<unsigned>(8 * i) & 0xFFU);
    }
    return bytes;
}

std::string next_rowversion() { return rowversion_bytes(++last_rowversion); }

// Fills what an INSERT leaves out: defaults, identity, rowversion, computed columns. Checks NOT NULL.
class RowMaker {
public:
    RowMaker(Context& context, StoredTable& table, bool identity_insert)
        : table_(table), identity_insert_(identity_insert), scope_(scope_of(table)) {
        for (const StoredColumn& column : table.columns) {
            std::function<Value(const Frame&)> value;
            const std::string text = column.computed ? *column.computed : column.default_text;
            if (!text.empty()) {
                const Definition definition(text);
                Compiler compiler(context, scope_, definition.source);
                value = Compiler::converted(compiler.expression(definition.expression()), column.type).value;
            }
            values_.push_back(std::move(value));
        }
    }

    void finish(Row& row, const std::vector<bool>& given) {
        for (std::size_t i = 0; i < table_.columns.size(); ++i) {
            const StoredColumn& column = table_.columns[i];
            if (column.identity && given[i] && !identity_insert_) {
                throw SqlError(544, 16,
                               "Cannot insert explicit value for identity column in table '" + table_.name +
                                   "' when IDENTITY_INSERT is set to OFF.");
            }
            if (column.identity && !given[i]) {
                table_.last_identity = table_.last_identity ? *table_.last_identity + column.increment : column.seed;
                row[i] = convert(*table_.last_identity, {Kind::kDecimal, 0, 38, 0}, column.type);
            } else if (column.identity) {
                const Int128 value = std::get<Int128>(convert(row[i], column.type, {Kind::kDecimal, 0, 38, 0}));
                const bool further = !table_.last_identity || (column.increment > 0 ? value > *table_.last_identity
                                                                                    : value < *table_.last_identity);
                table_.last_identity = further ? value : *table_.last_identity;
            } else if (column.type.rowversion) {
                row[i] = next_rowversion();
            } else if (!given[i] && !column.computed && values_[i]) {
                row[i] = values_[i]({&row, nullptr});
            }
            if (is_null(row[i]) && !column.nullable && !column.computed) {
                throw SqlError(515, 16,
                               "Cannot insert the value NULL into column '" + column.name + "', table '" + table_.name +
                                   "'; column does not allow nulls. INSERT fails.");
            }
        }
        for (std::size_t i = 0; i < table_.columns.size(); ++i) {
            if (table_.columns[i].computed) row[i] = values_[i]({&row, nullptr});
        }
    }

private:
    StoredTable& table_;
    bool identity_insert_;
    Scope scope_;
    std::vector<std::function<Value(const Frame&)>> values_;
};

ts::Script Definition::parsed(const std::string& text) {
    const ts::Lexed lexed = ts::lex(text);
    const std::vector<ts::Token> tokens = lexed.tokens;
    ts::Script script = ts::Parser(tokens, text).script();
    if (script.statements.size() != 1 || script.statements[0]->kind != ts::St::kSelect) {
        throw SqlError(102, 15, "the test server does not understand the definition " + text.substr(7));
    }
    return script;
}

std::vector<std::size_t> target_columns(const StoredTable& table, const ts::Stmt& statement) {
    std::vector<std::size_t> places;
    if (statement.columns.empty()) {
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            const StoredColumn& column = table.columns[i];
            if (!column.identity && !column.computed && !column.type.rowversion) places.push_back(i);
        }
        return places;
    }
    for (const std::string& name : statement.columns) {
        const StoredColumn* column = table.column(name);
        if (column == nullptr) {
            throw SqlError(207, 16, "Invalid column name '" + name + "'.");
        }
        places.push_back(table.index_of(column->id));
    }
    return places;
}

}  // namespace

std::string last_rowversion_bytes() { return rowversion_bytes(last_rowversion); }

std::int64_t insert_rows(Context& context, const ts::Stmt& statement, const std::string& source, bool identity_insert) {
    Database& database = context.database();
    const std::lock_guard lock(database.mutex);
    StoredTable& table = database.table_or_error(statement.target->name);
    if (database.read_only) {
        throw SqlError(3906, 16,
                       "Failed to update database \"" + database.name + "\" because the database is read-only.");
    }
    RowMaker maker(context, table, identity_insert);
    const std::vector<std::size_t> places = target_columns(table, statement);
    Rows rows;
    const auto add = [&](const std::vector<std::pair<Type, Value>>& cells, const std::vector<bool>& defaulted) {
        if (cells.size() != places.size()) {
            throw SqlError(213, 16, "Column name or number of supplied values does not match table definition.");
        }
        Row row(table.columns.size());
        std::vector<bool> given(table.columns.size(), false);
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const StoredColumn& column = table.columns[places[i]];
            given[places[i]] = !defaulted[i];
            if (!defaulted[i]) row[places[i]] = assigned(cells[i].second, cells[i].first, column.type, column.name);
        }
        maker.finish(row, given);
        rows.push_back(std::move(row));
    };
    if (!statement.query) {
        Row row(table.columns.size());
        maker.finish(row, std::vector<bool>(table.columns.size(), false));
        rows.push_back(std::move(row));
    } else if (!statement.query->values.empty()) {
        const Scope none;
        Compiler compiler(context, none, source);
        const Row nothing;
        for (const auto& values : statement.query->values) {
            std::vector<std::pair<Type, Value>> cells;
            std::vector<bool> defaulted;
            for (const auto& e : values) {
                defaulted.push_back(e->kind == ts::Ex::kDefault);
                if (defaulted.back()) {
                    cells.emplace_back(Type{}, Value());
                    continue;
                }
                const Compiled compiled = compiler.expression(*e);
                cells.emplace_back(compiled.type, compiled.value({&nothing, nullptr}));
            }
            add(cells, defaulted);
        }
    } else {
        const Relation found = run_query(context, *statement.query, source, nullptr, nullptr);
        const std::vector<bool> none(found.columns.size(), false);
        for (const Row& values : *found.rows) {
            std::vector<std::pair<Type, Value>> cells;
            for (std::size_t i = 0; i < values.size(); ++i) {
                cells.emplace_back(found.columns[i].type, values[i]);
            }
            add(cells, none);
        }
    }
    const auto count = static_cast<std::int64_t>(rows.size());
    database.append(table, std::move(rows));
    return count;
}

std::int64_t update_rows(Context& context, const ts::Stmt& statement, const std::string& source) {
    Database& database = context.database();
    const std::lock_guard lock(database.mutex);
    StoredTable& table = database.table_or_error(statement.target->name);
    const Scope scope = scope_of(table);
    Compiler compiler(context, scope, source);
    std::vector<std::pair<std::size_t, Compiled>> changes;
    for (const ts::Assignment& a : statement.set) {
        const StoredColumn* column = a.column.empty() ? nullptr : table.column(a.column.back());
        if (column == nullptr || a.op != "=" || statement.from) {
            throw SqlError(102, 15, "this UPDATE is not known to the test server");
        }
        changes.emplace_back(table.index_of(column->id), compiler.expression(*a.value));
    }
    const Test where = statement.condition ? compiler.condition(*statement.condition) : Test();
    auto rows = std::make_shared<Rows>(*table.rows);
    std::int64_t count = 0;
    for (Row& row : *rows) {
        const Row before = row;
        const Frame frame{&before, nullptr};
        if (where && where(frame) != 1) {
            continue;
        }
        ++count;
        for (const auto& [place, value] : changes) {
            row[place] = assigned(value.value(frame), value.type, table.columns[place].type, table.columns[place].name);
        }
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            if (table.columns[i].type.rowversion) row[i] = next_rowversion();
        }
    }
    table.rows = rows;
    database.wrote();
    return count;
}

std::int64_t delete_rows(Context& context, const ts::Stmt& statement, const std::string& source) {
    Database& database = context.database();
    const std::lock_guard lock(database.mutex);
    StoredTable& table = database.table_or_error(statement.target->name);
    if (statement.from) {
        throw SqlError(102, 15, "this DELETE is not known to the test server");
    }
    const Scope scope = scope_of(table);
    const Test where = statement.condition ? Compiler(context, scope, source).condition(*statement.condition) : Test();
    auto rows = std::make_shared<Rows>();
    for (const Row& row : *table.rows) {
        if (where && where({&row, nullptr}) != 1) {
            rows->push_back(row);
        }
    }
    const auto count = static_cast<std::int64_t>(table.rows->size() - rows->size());
    table.rows = rows;
    database.wrote();
    return count;
}

void resolve_computed(Context& context) {
    const std::lock_guard lock(context.database().mutex);
    if (!context.database().tables.empty()) {
        StoredTable& table = context.database().tables.rbegin()->second;  // the newest
        for (StoredColumn& column : table.columns) {
            if (!column.computed || column.resolved) {
                continue;
            }
            const Scope scope = scope_of(table);
            const Definition definition(*column.computed);
            const Compiled compiled = Compiler(context, scope, definition.source).expression(definition.expression());
            column.type = compiled.type;
            column.nullable = compiled.nullable;
            column.resolved = true;
        }
    }
}

}  // namespace tds
