// CREATE PROCEDURE, FUNCTION, VIEW, TRIGGER and TABLE. Zone: pure; throws ParseError.
#include "tsql/parser.hpp"

namespace lakemover::tsql {

void Parser::create(Stmt& s) {
    const bool alter = is("ALTER");
    ++pos_;
    if (!alter && take2("OR", "ALTER")) s.words.emplace_back("OR ALTER");
    if (take("PROCEDURE") || take("PROC")) {
        s.kind = St::kCreateProcedure;
        s.name = dotted_name();
        if (take(";")) ++pos_;  // the old group number
        const bool parens = take("(");
        if (peek().kind == Tok::kVariable) parameters(s);
        if (parens) expect(")");
        routine_options(s);
        if (take2("FOR", "REPLICATION")) fail("FOR REPLICATION is not supported");
        expect("AS");
        if (is("EXTERNAL")) fail("CLR routines are not supported");
        batch_body(s.body);
    } else if (take("FUNCTION")) {
        create_function(s);
    } else if (take("VIEW")) {
        s.kind = St::kCreateView;
        s.name = dotted_name();
        if (is("(")) s.columns = name_list();
        routine_options(s);
        expect("AS");
        s.query = query();
        if (take("WITH")) {
            expect("CHECK");
            expect("OPTION");
            s.words.emplace_back("CHECK OPTION");
        }
    } else if (take("TRIGGER")) {
        create_trigger(s);
    } else if (!alter && take("TABLE")) {
        s.kind = St::kCreateTable;
        s.name = dotted_name();
        s.table = table_definition();
        storage();
    } else if (!alter && take("SCHEMA")) {
        // Schemas come with the tables, whose plan knows their names; one with objects in its statement has no rule.
        s.kind = St::kUse;
        if (!is("AUTHORIZATION")) s.name = {name_part()};
        if (take("AUTHORIZATION")) name_part();
        if (is_any({"CREATE", "GRANT", "DENY", "REVOKE"})) fail("CREATE SCHEMA with objects is not supported");
    } else if (!alter && take("TYPE")) {
        create_type(s);
    } else if (!alter && is_any({"UNIQUE", "CLUSTERED", "NONCLUSTERED", "INDEX"})) {
        create_index(s);
    } else if (alter && take("TABLE")) {
        alter_table(s);
    } else {
        fail((alter ? "ALTER " : "CREATE ") + peek().upper + " is not supported");
    }
}

void Parser::parameters(Stmt& s) {
    do {
        Variable v;
        v.at = peek().at;
        if (peek().kind != Tok::kVariable) fail("a parameter was expected here");
        v.name = peek().text;
        ++pos_;
        take("AS");
        v.type = type_name();
        if (take("VARYING")) fail("cursor parameters are not supported");
        if (take("NOT")) expect("NULL");
        take("NULL");
        if (take("=")) v.value = unary();
        for (;;) {
            if (take("OUTPUT") || take("OUT")) {
                v.output = true;
            } else if (take("READONLY")) {
                v.readonly = true;
            } else {
                break;
            }
        }
        s.variables.push_back(std::move(v));
    } while (take(","));
}

// WITH RECOMPILE, SCHEMABINDING, ENCRYPTION, EXECUTE AS …
void Parser::routine_options(Stmt& s) {
    if (!take("WITH")) return;
    do {
        std::string option = upper_ascii(name_part());
        if (option == "EXECUTE" || option == "EXEC") {
            expect("AS");
            option = "EXECUTE AS " + upper_ascii(peek().value);
            ++pos_;
        } else if (option == "RETURNS" || option == "CALLED") {
            while (!is(",") && !is("AS") && !is("BEGIN") && peek().kind == Tok::kWord)
                option += " " + upper_ascii(name_part());
            if (is("NULL")) option += " " + upper_ascii(name_part());
        }
        s.words.push_back(std::move(option));
    } while (take(","));
}

void Parser::create_function(Stmt& s) {
    s.kind = St::kCreateFunction;
    s.name = dotted_name();
    expect("(");
    if (!is(")")) parameters(s);
    expect(")");
    expect("RETURNS");
    if (peek().kind == Tok::kVariable) {  // multi-statement table-valued
        s.return_variable = peek().text;
        ++pos_;
        expect("TABLE");
        s.table = table_definition();
    } else if (take("TABLE")) {  // inline table-valued
        routine_options(s);
        take("AS");
        expect("RETURN");
        s.query = query();
        return;
    } else {
        s.returns = type_name();
    }
    routine_options(s);
    take("AS");
    if (is("EXTERNAL")) fail("CLR routines are not supported");
    if (!is("BEGIN")) fail("BEGIN was expected here");
    batch_body(s.body);
}

void Parser::create_trigger(Stmt& s) {
    s.kind = St::kCreateTrigger;
    s.name = dotted_name();
    expect("ON");
    if (is("DATABASE") || (is("ALL") && is("SERVER", 1))) fail("DDL and logon triggers are not supported");
    s.target = std::make_unique<From>();
    s.target->at = peek().at;
    s.target->name = dotted_name();
    routine_options(s);
    if (take2("INSTEAD", "OF")) {
        s.op = "INSTEAD OF";
    } else if (take("FOR") || take("AFTER")) {
        s.op = "AFTER";
    } else {
        fail("AFTER or INSTEAD OF was expected here");
    }
    do {
        if (!is_any({"INSERT", "UPDATE", "DELETE"})) fail("INSERT, UPDATE or DELETE was expected here");
        s.columns.push_back(peek().upper);
        ++pos_;
    } while (take(","));
    if (is("WITH") || is("NOT")) fail("trigger options are not supported");
    expect("AS");
    batch_body(s.body);
}

// The body of a routine is the rest of its batch.
void Parser::batch_body(std::vector<StmtPtr>& body) {
    while (peek().kind != Tok::kEnd && peek().kind != Tok::kGo) {
        if (take(";")) continue;
        body.push_back(statement());
    }
}

// Filegroups and options of an index or a table have no counterpart and no effect on the rows.
// True when rows with a known key are left out instead of refused: that one changes what a statement does.
bool Parser::storage() {
    bool drops_duplicates = false;
    for (;;) {
        if (is("WITH") && is("(", 1)) {
            ++pos_;
            std::string options = upper_ascii(skip_parens());
            std::erase_if(options, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
            drops_duplicates = drops_duplicates || options.find("IGNORE_DUP_KEY=ON") != std::string::npos;
        } else if (take("ON") || take("TEXTIMAGE_ON") || take("FILESTREAM_ON")) {
            name_part();
            if (is("(")) skip_parens();
        } else {
            return drops_duplicates;
        }
    }
}

// CREATE [UNIQUE] [CLUSTERED] INDEX i ON t (a, b DESC) INCLUDE (c) WHERE …
void Parser::create_index(Stmt& s) {
    s.kind = St::kCreateIndex;
    if (take("UNIQUE")) s.words.emplace_back("UNIQUE");
    if (!take("CLUSTERED")) take("NONCLUSTERED");
    expect("INDEX");
    s.text = name_part();
    expect("ON");
    s.name = dotted_name();
    expect("(");
    s.keys = order_items();
    expect(")");
    if (take("INCLUDE")) s.columns = name_list();
    if (take("WHERE")) s.condition = expression();
    if (storage()) fail("an index with IGNORE_DUP_KEY is not supported");
}

// ALTER TABLE t ADD columns; constraints come with the schema.
void Parser::alter_table(Stmt& s) {
    s.kind = St::kAlterTable;
    s.name = dotted_name();
    if (is("WITH")) pos_ += 2;  // CHECK or NOCHECK
    if (!take("ADD") || is_any({"CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "DEFAULT", "PERIOD"}))
        fail("ALTER TABLE other than ADD of columns is not supported");
    do {
        s.table.columns.push_back(column_definition(s.table));
    } while (take(","));
}

void Parser::create_type(Stmt& s) {
    s.kind = St::kCreateType;
    s.name = dotted_name();
    if (take("AS")) {
        expect("TABLE");
        s.table = table_definition();
        storage();
        return;
    }
    expect("FROM");
    s.returns = type_name();
    if (take("NOT")) expect("NULL");
    take("NULL");
}

TableDef Parser::table_definition() {
    TableDef table;
    expect("(");
    do {
        if (is(")")) break;
        std::size_t from = pos_;
        if (take("CONSTRAINT")) name_part();
        if (is("PRIMARY") || (is("UNIQUE"))) {
            const bool primary = is("PRIMARY");
            pos_ += primary ? 2 : 1;
            if (!take("CLUSTERED")) take("NONCLUSTERED");
            if (!is("(")) fail("columns were expected here");
            std::vector<std::string> columns;
            expect("(");
            do {
                columns.push_back(name_part());
                if (!take("ASC")) take("DESC");
            } while (take(","));
            expect(")");
            if (storage()) table.unsupported = "IGNORE_DUP_KEY";
            if (primary) {
                table.primary_key = columns;
            } else {
                table.unsupported =
                    std::string(source_.substr(tokens_[from].at.offset, last_end() - tokens_[from].at.offset));
            }
            continue;
        }
        if (is_any({"CHECK", "FOREIGN", "INDEX", "PERIOD"})) {
            from = pos_;
            for (int depth = 0; depth > 0 || (!is(",") && !is(")")); ++pos_) {
                if (peek().kind == Tok::kEnd || peek().kind == Tok::kGo) fail("\")\" was expected here");
                if (is("(")) ++depth;
                if (is(")")) --depth;
            }
            table.unsupported =
                std::string(source_.substr(tokens_[from].at.offset, last_end() - tokens_[from].at.offset));
            continue;
        }
        Column column = column_definition(table);
        table.columns.push_back(std::move(column));
    } while (take(","));
    expect(")");
    if (table.columns.empty()) fail("a column was expected here");
    return table;
}

Column Parser::column_definition(TableDef& table) {
    Column c;
    c.name = name_part();
    if (take("AS")) {
        c.computed = expression();
        c.type.name = "computed";
        take("PERSISTED");
    } else {
        c.type = type_name();
    }
    while (!is(",") && !is(")") && !is(";") && peek().kind != Tok::kEnd && peek().kind != Tok::kGo) {
        if (is("END") || (starts_statement(peek()) && !is("WITH"))) break;  // of ALTER TABLE … ADD
        if (is("NOT") && is("FOR", 1) && is("REPLICATION", 2)) {
            pos_ += 3;
        } else if (take("NOT")) {
            expect("NULL");
            c.not_null = true;
        } else if (take("NULL")) {
            c.not_null = false;
        } else if (take("IDENTITY")) {
            c.identity = true;
            if (is("(")) {
                std::string seed = skip_parens();
                std::erase_if(seed, [](char ch) { return ch == ' '; });
                if (seed != "1,1") table.unsupported = "IDENTITY(" + seed + ")";
            }
        } else if (take("CONSTRAINT")) {
            name_part();
        } else if (take("DEFAULT")) {
            c.default_value = unary();
        } else if (take("PRIMARY")) {
            expect("KEY");
            if (!take("CLUSTERED")) take("NONCLUSTERED");
            if (!is("(")) {
                c.primary_key = true;
                continue;
            }
            expect("(");  // the table's key: the comma in front of it may be left out
            do {
                table.primary_key.push_back(name_part());
                if (!take("ASC")) take("DESC");
            } while (take(","));
            expect(")");
        } else if (take("UNIQUE")) {
            c.unique = true;
        } else if (take("CLUSTERED") || take("NONCLUSTERED") || take("ROWGUIDCOL") || take("SPARSE")) {
            // of no effect on the rows
        } else if (is("WITH") || is("ON")) {
            if (storage()) table.unsupported = "IGNORE_DUP_KEY";
        } else if (take("COLLATE")) {
            table.unsupported = "COLLATE " + name_part();
        } else if (is_any({"CHECK", "REFERENCES", "FOREIGN"})) {
            const std::size_t from = peek().at.offset;
            for (int depth = 0; depth > 0 || (!is(",") && !is(")")); ++pos_) {
                if (peek().kind == Tok::kEnd || peek().kind == Tok::kGo) fail("\")\" was expected here");
                if (is("(")) ++depth;
                if (is(")")) --depth;
            }
            table.unsupported = std::string(source_.substr(from, last_end() - from));
        } else {
            fail("\"" + peek().text + "\" was not expected in a column definition");
        }
    }
    return c;
}

}  // namespace lakemover::tsql
