// Statements, their boundaries and the recovery after an error; token helpers. Zone: pure.
#include <algorithm>
#include <set>

#include "tsql/parser.hpp"

namespace lakemover::tsql {

namespace {

const std::set<std::string, std::less<>>& reserved() {
    static const std::set<std::string, std::less<>> words = {
        "ADD",        "ALL",     "ALTER",   "AND",     "ANY",         "AS",     "ASC",      "BEGIN",  "BETWEEN",
        "BREAK",      "BY",      "CASE",    "CLOSE",   "COLLATE",     "COMMIT", "CONTINUE", "CREATE", "CROSS",
        "DEALLOCATE", "DECLARE", "DEFAULT", "DELETE",  "DENY",        "DESC",   "DISTINCT", "DROP",   "ELSE",
        "END",        "EXCEPT",  "EXEC",    "EXECUTE", "EXISTS",      "FETCH",  "FOR",      "FROM",   "FULL",
        "GOTO",       "GRANT",   "GROUP",   "HAVING",  "IF",          "IN",     "INNER",    "INSERT", "INTERSECT",
        "INTO",       "IS",      "JOIN",    "LEFT",    "LIKE",        "MERGE",  "NOT",      "NULL",   "OF",
        "OFFSET",     "ON",      "OPEN",    "OPTION",  "OR",          "ORDER",  "OUTER",    "OUTPUT", "OVER",
        "PERCENT",    "PIVOT",   "PRIMARY", "PRINT",   "RAISERROR",   "RETURN", "REVOKE",   "RIGHT",  "ROLLBACK",
        "SAVE",       "SELECT",  "SET",     "SOME",    "TABLESAMPLE", "THEN",   "THROW",    "TOP",    "TRAN",
        "TRUNCATE",   "UNION",   "UNIQUE",  "UNPIVOT", "UPDATE",      "USE",    "USING",    "VALUES", "WAITFOR",
        "WHEN",       "WHERE",   "WHILE",   "WITH",    "WITHIN"};
    return words;
}

}  // namespace

bool Parser::is_any(std::initializer_list<std::string_view> words, std::size_t ahead) const {
    const std::string& upper = peek(ahead).upper;
    return std::any_of(words.begin(), words.end(), [&](std::string_view w) { return upper == w; });
}

bool Parser::take(std::string_view upper) {
    if (!is(upper)) return false;
    ++pos_;
    return true;
}

bool Parser::take2(std::string_view first, std::string_view second) {
    if (!is(first) || !is(second, 1)) return false;
    pos_ += 2;
    return true;
}

void Parser::expect(std::string_view upper) {
    if (!take(upper)) fail("\"" + std::string(upper) + "\" was expected here");
}

void Parser::fail(const std::string& message) const { throw ParseError{peek().at, message}; }

bool Parser::is_name(std::size_t ahead) const {
    const Token& t = peek(ahead);
    return t.kind == Tok::kQuoted || (t.kind == Tok::kWord && reserved().count(t.upper) == 0);
}

bool Parser::first_on_line() const { return pos_ == 0 || tokens_[pos_ - 1].at.line != peek().at.line; }

std::string Parser::name_part() {
    if (peek().kind != Tok::kQuoted && peek().kind != Tok::kWord) fail("a name was expected here");
    return tokens_[pos_++].value;
}

Name Parser::dotted_name() {
    if (!is_name()) fail("a name was expected here");
    Name name{name_part()};
    while (take(".")) {
        if (is(".")) {
            name.emplace_back();
        } else {
            name.push_back(name_part());
        }
    }
    return name;
}

std::string Parser::alias() { return is_name() && !is(":", 1) ? name_part() : std::string(); }

std::vector<std::string> Parser::name_list() {
    std::vector<std::string> names;
    expect("(");
    do {
        names.push_back(name_part());
    } while (take(","));
    expect(")");
    return names;
}

std::string Parser::skip_parens() {
    const std::size_t from = peek().end;
    expect("(");
    for (int depth = 1;; ++pos_) {
        if (peek().kind == Tok::kEnd || peek().kind == Tok::kGo) fail("\")\" was expected here");
        if (is("(")) ++depth;
        if (is(")") && --depth == 0) break;
    }
    const std::size_t to = peek().at.offset;
    ++pos_;
    return std::string(source_.substr(from, to - from));
}

bool Parser::starts_statement(const Token& t) {
    static const std::set<std::string, std::less<>> words = {
        "SELECT",   "INSERT", "UPDATE",   "DELETE",  "MERGE",   "WITH",       "IF",        "WHILE", "BEGIN",
        "DECLARE",  "SET",    "EXEC",     "EXECUTE", "RETURN",  "PRINT",      "RAISERROR", "THROW", "COMMIT",
        "ROLLBACK", "SAVE",   "OPEN",     "CLOSE",   "FETCH",   "DEALLOCATE", "TRUNCATE",  "DROP",  "CREATE",
        "ALTER",    "BREAK",  "CONTINUE", "GOTO",    "WAITFOR", "USE",        "GRANT",     "DENY",  "REVOKE"};
    return t.kind == Tok::kWord && words.count(t.upper) > 0;
}

Script Parser::script() {
    Script script;
    while (peek().kind != Tok::kEnd) {
        if (take(";")) continue;
        script.statements.push_back(statement());
    }
    return script;
}

StmtPtr Parser::statement() {
    auto s = std::make_unique<Stmt>();
    s->at = peek().at;
    const std::size_t start = pos_;
    const int nesting = nesting_;
    try {
        statement_into(*s);
        if (s->kind != St::kGo) take(";");
    } catch (const ParseError& e) {
        auto unknown = std::make_unique<Stmt>();
        unknown->at = s->at;
        unknown->error_at = e.at;
        unknown->text = e.message;
        s = std::move(unknown);
        nesting_ = nesting;
        const bool definition = is_definition(start);
        if (pos_ == start) ++pos_;
        if (definition) {
            while (peek().kind != Tok::kEnd && peek().kind != Tok::kGo) ++pos_;
        } else {
            recover();
        }
    }
    s->end = last_end();
    return s;
}

// CREATE PROCEDURE and its like own the rest of their batch, also when their head is not understood.
bool Parser::is_definition(std::size_t at) const {
    for (std::size_t i = at; i < at + 4 && i < tokens_.size(); ++i) {
        const std::string& w = tokens_[i].upper;
        if (w == "PROC" || w == "PROCEDURE" || w == "FUNCTION" || w == "VIEW" || w == "TRIGGER") {
            return tokens_[at].upper == "CREATE" || tokens_[at].upper == "ALTER";
        }
    }
    return false;
}

void Parser::recover() {
    int parens = 0;
    int cases = 0;
    for (; peek().kind != Tok::kEnd && peek().kind != Tok::kGo; ++pos_) {
        if (is("(")) ++parens;
        if (is(")")) --parens;
        if (is("CASE")) ++cases;
        if (is("END")) {
            if (cases == 0) return;
            --cases;
            continue;
        }
        if (parens <= 0 && take(";")) return;
        if (parens <= 0 && first_on_line() && (starts_statement(peek()) || is("ELSE"))) return;
    }
}

void Parser::statement_into(Stmt& s) {
    const Nested nested(*this);
    const Token& t = peek();
    if (t.kind == Tok::kGo) {
        s.kind = St::kGo;
        ++pos_;
        return;
    }
    if (t.kind == Tok::kError) fail(t.value);
    if (t.kind != Tok::kWord) fail("a statement was expected here");
    const std::string& w = t.upper;
    if (w == "WITH") s.ctes = common_tables();
    const std::string& verb = peek().upper;
    if (verb == "SELECT" || is("(")) {
        s.kind = St::kSelect;
        s.query = query();
        for (Cte& cte : s.ctes) s.query->ctes.push_back(std::move(cte));
        s.ctes.clear();
    } else if (verb == "INSERT") {
        insert(s);
    } else if (verb == "UPDATE") {
        update(s);
    } else if (verb == "DELETE") {
        remove(s);
    } else if (verb == "MERGE") {
        merge(s);
    } else if (!s.ctes.empty()) {
        fail("a statement was expected behind WITH");
    } else if (take("IF") || take("WHILE")) {
        s.kind = w == "IF" ? St::kIf : St::kWhile;
        s.condition = expression();
        body_of(s.body);
        if (s.kind == St::kIf) {
            if (is(";") && is("ELSE", 1)) ++pos_;
            if (take("ELSE")) body_of(s.otherwise);
        }
    } else if (w == "BEGIN") {
        begin(s);
    } else if (w == "DECLARE") {
        declare(s);
    } else if (w == "SET") {
        set(s);
    } else if (w == "EXEC" || w == "EXECUTE") {
        exec(s);
    } else if (w == "CREATE" || w == "ALTER") {
        create(s);
    } else if (take("RETURN")) {
        s.kind = St::kReturn;
        const bool value = peek().kind != Tok::kEnd && peek().kind != Tok::kGo && !is(";") && !is("END") &&
                           !is(":", 1) && !is("ELSE") && !starts_statement(peek());
        if (value) s.value = expression();
    } else if (take("BREAK")) {
        s.kind = St::kBreak;
    } else if (take("CONTINUE")) {
        s.kind = St::kContinue;
    } else if (take("PRINT")) {
        s.kind = St::kPrint;
        s.value = expression();
    } else if (take("RAISERROR")) {
        s.kind = St::kRaiserror;
        expect("(");
        s.args = expressions();
        expect(")");
        if (take("WITH")) {
            do {
                s.words.push_back(upper_ascii(name_part()));
            } while (take(","));
        }
    } else if (take("THROW")) {
        s.kind = St::kThrow;
        if (peek().kind == Tok::kInteger || peek().kind == Tok::kVariable) s.args = expressions();
    } else if (w == "COMMIT") {
        transaction(s, St::kCommit);
    } else if (w == "ROLLBACK") {
        transaction(s, St::kRollback);
    } else if (w == "SAVE") {
        transaction(s, St::kSaveTran);
    } else if (w == "OPEN" || w == "CLOSE" || w == "DEALLOCATE") {
        s.kind = w == "OPEN" ? St::kOpen : w == "CLOSE" ? St::kClose : St::kDeallocate;
        ++pos_;
        if (take("GLOBAL")) fail("global cursors are not supported");
        s.text = peek().value;
        if (peek().kind != Tok::kVariable && !is_name()) fail("a cursor was expected here");
        ++pos_;
    } else if (take("FETCH")) {
        fetch(s);
    } else if (take("TRUNCATE")) {
        s.kind = St::kTruncate;
        expect("TABLE");
        s.name = dotted_name();
    } else if (take("DROP")) {
        drop(s);
    } else if (take("GOTO")) {
        s.kind = St::kGoto;
        s.text = lower_ascii(name_part());
    } else if (is(":", 1)) {
        s.kind = St::kLabel;
        s.text = lower_ascii(name_part());
        expect(":");
    } else if (take("USE")) {
        s.kind = St::kUse;
        s.text = name_part();
    } else {
        fail("\"" + t.text + "\" starts no statement that is supported");
    }
}

void Parser::drop(Stmt& s) {
    if (is_any({"PROCEDURE", "PROC", "FUNCTION", "VIEW", "TRIGGER"})) {
        s.kind = St::kDropObject;
    } else if (is("TABLE")) {
        s.kind = St::kDropTable;
    } else {
        fail("DROP " + peek().upper + " is not supported");
    }
    ++pos_;
    if (take2("IF", "EXISTS")) s.words.emplace_back("IF EXISTS");
    s.name = dotted_name();
    while (take(",")) s.more_names.push_back(dotted_name());
}

void Parser::body_of(std::vector<StmtPtr>& body) {
    while (take(";")) {}
    if (peek().kind == Tok::kEnd || peek().kind == Tok::kGo) fail("a statement was expected here");
    const Nested nested(*this);
    body.push_back(statement());
}

void Parser::statements_until_end(std::vector<StmtPtr>& body) {
    for (;;) {
        if (take(";")) continue;
        if (is("END")) return;
        if (peek().kind == Tok::kEnd || peek().kind == Tok::kGo) fail("END was expected here");
        body.push_back(statement());
    }
}

void Parser::begin(Stmt& s) {
    expect("BEGIN");
    if (take("TRY")) {
        s.kind = St::kTry;
        statements_until_end(s.body);
        expect("END");
        expect("TRY");
        take(";");
        expect("BEGIN");
        expect("CATCH");
        statements_until_end(s.otherwise);
        expect("END");
        expect("CATCH");
    } else if (is("TRAN") || is("TRANSACTION")) {
        --pos_;
        transaction(s, St::kBeginTran);
    } else if (is_any({"DISTRIBUTED", "ATOMIC", "DIALOG", "CONVERSATION"})) {
        fail("BEGIN " + peek().upper + " is not supported");
    } else {
        s.kind = St::kBlock;
        statements_until_end(s.body);
        expect("END");
    }
}

void Parser::transaction(Stmt& s, St kind) {
    s.kind = kind;
    ++pos_;
    if (take("TRAN") || take("TRANSACTION")) {
        if (peek().kind == Tok::kVariable || (is_name() && !first_on_line())) {
            s.text = peek().value;
            ++pos_;
        }
    } else {
        take("WORK");
    }
    if (is("WITH") && is("MARK", 1)) fail("WITH MARK is not supported");
}

void Parser::set(Stmt& s) {
    expect("SET");
    if (peek().kind == Tok::kVariable) {
        s.kind = St::kSet;
        s.text = peek().text;
        ++pos_;
        if (!is_any({"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="})) fail("an assignment was expected here");
        s.op = peek().upper;
        ++pos_;
        if (is("CURSOR")) fail("cursor variables are not supported");
        s.value = expression();
        return;
    }
    s.kind = St::kSetOption;
    if (take("TRANSACTION")) {
        expect("ISOLATION");
        expect("LEVEL");
        s.text = "TRANSACTION ISOLATION LEVEL";
        s.words.push_back(upper_ascii(name_part()));
        if (s.words[0] == "READ" || s.words[0] == "REPEATABLE") s.words.push_back(upper_ascii(name_part()));
        return;
    }
    s.text = upper_ascii(name_part());
    if (s.text == "IDENTITY_INSERT") {
        s.name = dotted_name();
    } else {
        while (take(",")) s.text += "," + upper_ascii(name_part());
    }
    take("-");
    s.words.push_back(upper_ascii(peek().text));
    ++pos_;
}

void Parser::declare(Stmt& s) {
    expect("DECLARE");
    if (peek().kind != Tok::kVariable) {
        s.kind = St::kDeclareCursor;
        s.text = name_part();
        while (!is("CURSOR")) s.words.push_back(upper_ascii(name_part()));
        expect("CURSOR");
        while (peek().kind == Tok::kWord && !is("FOR")) s.words.push_back(upper_ascii(name_part()));
        expect("FOR");
        s.query = query();
        if (take("FOR")) {
            s.words.push_back("FOR " + upper_ascii(name_part()));
            if (take("ONLY")) s.words.back() += " ONLY";
            if (take("OF")) {
                do {
                    dotted_name();
                } while (take(","));
            }
        }
        return;
    }
    s.kind = St::kDeclare;
    do {
        Variable v;
        v.at = peek().at;
        if (peek().kind != Tok::kVariable) fail("a variable was expected here");
        v.name = peek().text;
        ++pos_;
        take("AS");
        if (take("TABLE")) {
            v.is_table = true;
            v.table = table_definition();
        } else if (take("CURSOR")) {
            fail("cursor variables are not supported");
        } else {
            v.type = type_name();
            if (take("=")) v.value = expression();
        }
        s.variables.push_back(std::move(v));
    } while (take(","));
}

void Parser::fetch(Stmt& s) {
    s.kind = St::kFetch;
    if (is_any({"NEXT", "PRIOR", "FIRST", "LAST"}) && is("FROM", 1)) {
        s.words.push_back(peek().upper);
        ++pos_;
    } else if (is_any({"ABSOLUTE", "RELATIVE"})) {
        fail("FETCH " + peek().upper + " is not supported");
    }
    take("FROM");
    s.text = peek().value;
    if (peek().kind != Tok::kVariable && !is_name()) fail("a cursor was expected here");
    ++pos_;
    if (take("INTO")) {
        do {
            if (peek().kind != Tok::kVariable) fail("a variable was expected here");
            s.columns.push_back(peek().text);
            ++pos_;
        } while (take(","));
    }
}

void Parser::exec(Stmt& s) {
    s.kind = St::kExec;
    ++pos_;
    if (take("(")) {  // EXEC ('…' + @x)
        s.value = expression();
        expect(")");
        if (is("AT")) fail("EXEC … AT a linked server is not supported");
        return;
    }
    if (peek().kind == Tok::kVariable && is("=", 1)) {
        s.text = peek().text;
        pos_ += 2;
    }
    if (peek().kind == Tok::kVariable) {
        s.value = primary();  // the name of the procedure is in a variable
    } else {
        s.name = dotted_name();
    }
    if (is(";") || starts_statement(peek()) || is("END") || is("ELSE")) return;
    const bool argument = peek().kind != Tok::kEnd && peek().kind != Tok::kGo && !is("WITH");
    if (!argument) return;
    do {
        ExecArgument a;
        if (peek().kind == Tok::kVariable && is("=", 1)) {
            a.name = peek().text;
            pos_ += 2;
        }
        a.value = expression();
        a.output = take("OUTPUT") || take("OUT");
        s.exec.push_back(std::move(a));
    } while (take(","));
    if (take2("WITH", "RECOMPILE")) s.words.emplace_back("RECOMPILE");
}

Script parse(const Lexed& lexed, std::string_view source) { return Parser(lexed.tokens, source).script(); }

}  // namespace lakemover::tsql
