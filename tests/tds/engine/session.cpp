// Batches of the test server: statement after statement. See server_engine.hpp.
#include <algorithm>
#include <iostream>

#include "engine/convert.hpp"
#include "engine/ddl.hpp"
#include "engine/dml.hpp"
#include "engine/from.hpp"
#include "engine/server_engine.hpp"
#include "engine/text.hpp"
#include "tsql/parser.hpp"

namespace tds {

namespace {

using ts::St;

class EngineSession final : public Session {
public:
    EngineSession(ServerEngine& engine, Login login, int spid)
        : engine_(engine), context_(engine.database(), engine.facts(), std::move(login), spid) {
        context_.hidden = [&engine](const std::string& view) {
            if (engine.hidden_views().count(view) > 0) {
                throw SqlError(297, 16, "The user does not have permission to perform this action: " + view);
            }
        };
    }

    void batch(const std::string& sql, Answer& answer) override { batch_with(sql, {}, answer); }

    void batch_with(const std::string& sql, const std::vector<Parameter>& parameters, Answer& answer) override {
        if (engine_.logs_statements()) {
            std::string line = sql;
            std::replace(line.begin(), line.end(), '\n', ' ');
            std::cerr << "statement: " + line + "\n" << std::flush;
        }
        context_.variables.clear();
        for (const Parameter& parameter : parameters) {
            context_.variables[ts::upper_ascii(parameter.name)] = Compiler::constant(parameter.type, parameter.value);
        }
        const auto fault = engine_.faults().meet(sql);
        if (!fault) {
            guarded(sql, answer);
            return;
        }
        if (fault->after_rows == 0 && fault->action != "slow") {
            // A lock that is not given costs the statement, everything else the transaction.
            if (fault->action == "error" && fault->argument != 1222) context_.end_transaction();
            carry_out(*fault, &answer);
            guarded(sql, answer);
            return;
        }
        FaultyAnswer faulty(answer, *fault);
        guarded(sql, faulty);
    }

private:
    void guarded(const std::string& sql, Answer& answer) {
        try {
            run(sql, answer);
        } catch (const SqlError& e) {
            if (e.number == 102 || e.number == 195 || (e.number >= 20000 && e.number < 20100)) {
                // What the double does not know is said where a test's log shows it.
                std::cerr << "refused: " << e.what() << "\n  in: " << sql.substr(0, 2000) << std::endl;
            }
            if (e.number == 1205 || e.severity >= 17) {
                context_.end_transaction();
            }
            throw;
        }
    }

    // Statements are parsed together; one for execute_ddl() is read by itself, and the rest anew.
    void run(const std::string& sql, Answer& answer) {
        const std::vector<Token> tokens = ts::lex(sql).tokens;
        std::size_t at = 0;
        while (at < tokens.size() && tokens[at].kind != Tok::kEnd) {
            if (tokens[at].kind == Tok::kGo || tokens[at].upper == ";") {
                ++at;
                continue;
            }
            if (is_ddl(tokens, at)) {
                at = ddl(tokens, at, sql);
                answer.statement_done(-1, at + 1 < tokens.size());
                continue;
            }
            const std::vector<Token> rest(tokens.begin() + static_cast<std::ptrdiff_t>(at), tokens.end());
            const ts::Script script = ts::Parser(rest, sql).script();
            for (const ts::StmtPtr& statement : script.statements) {
                while (at < tokens.size() && tokens[at].at.offset < statement->at.offset) ++at;
                if (is_ddl(tokens, at)) break;
                std::size_t next = at;
                while (next < tokens.size() && tokens[next].kind != Tok::kEnd &&
                       tokens[next].at.offset < statement->end)
                    ++next;
                if (statement->kind != St::kGo) {
                    more_ = tokens[next].kind != Tok::kEnd;
                    execute(*statement, sql, answer);
                }
                at = std::max(next, at + 1);
            }
        }
    }

    std::size_t ddl(const std::vector<Token>& tokens, std::size_t at, const std::string& sql) {
        const std::size_t next = execute_ddl(context_.database(), tokens, at, sql);
        resolve_computed(context_);
        resolve_view();
        return next;
    }

    // What a new view's columns are; a view over what is not there is refused.
    void resolve_view() {
        Database& database = context_.database();
        if (database.modules.empty()) {
            return;
        }
        StoredModule& view = database.modules.rbegin()->second;
        if (view.type != "V " || !view.columns.empty()) {
            return;
        }
        const ViewDefinition definition = view_definition(view);
        for (const ScopeColumn& c : describe_query(context_, definition.query(), definition.source)) {
            StoredColumn column;
            column.id = static_cast<int>(view.columns.size()) + 1;
            column.name = c.name;
            column.type = c.type;
            column.nullable = c.nullable;
            view.columns.push_back(std::move(column));
        }
    }

    void body(const std::vector<ts::StmtPtr>& statements, const std::string& sql, Answer& answer) {
        for (const ts::StmtPtr& statement : statements) {
            execute(*statement, sql, answer);
        }
    }

    void counted(std::int64_t rows, Answer& answer) { answer.statement_done(context_.count_rows ? rows : -1, more_); }

    void execute(const ts::Stmt& s, const std::string& sql, Answer& answer) {
        context_.common_tables.clear();
        const Scope none;
        const Row nothing;
        Compiler compiler(context_, none, sql);
        switch (s.kind) {
            case St::kSelect: counted(stream_query(context_, *s.query, sql, answer), answer); return;
            case St::kInsert:
                if (!s.ctes.empty() || s.output || !s.body.empty() || s.top) break;
                counted(insert_rows(context_, s, sql, identity_insert_), answer);
                return;
            case St::kUpdate: counted(update_rows(context_, s, sql), answer); return;
            case St::kDelete: counted(delete_rows(context_, s, sql), answer); return;
            case St::kIf:
                body(compiler.condition(*s.condition)({&nothing, nullptr}) == 1 ? s.body : s.otherwise, sql, answer);
                return;
            case St::kBlock: body(s.body, sql, answer); return;
            case St::kSetOption:
                option(s);
                break_done(answer);
                return;
            case St::kDeclare:
                for (const ts::Variable& v : s.variables) {
                    const Type type = type_of(context_.database(), {v.type.name}, v.type.args, 1);
                    context_.variables[ts::upper_ascii(v.name)] =
                        v.value ? Compiler::converted(compiler.expression(*v.value), type)
                                : Compiler::constant(type, {});
                }
                return;
            case St::kBeginTran:
                context_.begin_transaction();
                break_done(answer);
                return;
            case St::kCommit:
            case St::kRollback:
                if (context_.transactions() == 0) {
                    throw SqlError(s.kind == St::kCommit ? 3902 : 3903, 16,
                                   "The request has no corresponding BEGIN TRANSACTION.");
                }
                context_.end_transaction();
                break_done(answer);
                return;
            case St::kExec: exec(s, sql, answer); return;
            case St::kPrint:
                answer.message(0, 0, 1,
                               utf8(std::get<std::u16string>(
                                   Compiler::converted(compiler.expression(*s.value), {Kind::kNvarchar, kMaxLength})
                                       .value({&nothing, nullptr}))));
                return;
            case St::kUse: break_done(answer); return;
            case St::kTruncate: {
                const std::lock_guard lock(context_.database().mutex);
                StoredTable& table = context_.database().table_or_error(s.name);
                table.rows = std::make_shared<Rows>();
                table.last_identity.reset();
                break_done(answer);
                return;
            }
            default: break;
        }
        // Inside IF and BEGIN … END a definition is one statement of text.
        const std::string text = sql.substr(s.at.offset, s.end - s.at.offset);
        const std::vector<Token> tokens = ts::lex(text).tokens;
        if (is_ddl(tokens, 0)) {
            ddl(tokens, 0, text);
            break_done(answer);
            return;
        }
        throw SqlError(102, 15,
                       "the test server does not know this statement: " +
                           (s.kind == St::kUnknown ? s.text + ": " : "") + text.substr(0, 300));
    }

    void break_done(Answer& answer) { answer.statement_done(-1, more_); }

    void option(const ts::Stmt& s) {
        static const std::set<std::string> kKnown = {"LANGUAGE",
                                                     "DATEFORMAT",
                                                     "TEXTSIZE",
                                                     "LOCK_TIMEOUT",
                                                     "DEADLOCK_PRIORITY",
                                                     "IMPLICIT_TRANSACTIONS",
                                                     "XACT_ABORT",
                                                     "QUOTED_IDENTIFIER",
                                                     "ANSI_NULLS",
                                                     "ANSI_WARNINGS",
                                                     "ANSI_PADDING",
                                                     "ARITHABORT",
                                                     "CONCAT_NULL_YIELDS_NULL",
                                                     "ANSI_NULL_DFLT_ON",
                                                     "CURSOR_CLOSE_ON_COMMIT",
                                                     "ROWCOUNT",
                                                     "ANSI_DEFAULTS",
                                                     "NUMERIC_ROUNDABORT"};
        const std::string& value = s.words.at(0);
        if (s.text == "NOCOUNT") {
            context_.count_rows = value != "ON";
        } else if (s.text == "IDENTITY_INSERT") {
            context_.database().table_or_error(s.name);
            identity_insert_ = value == "ON";
        } else if (s.text == "TRANSACTION ISOLATION LEVEL") {
            context_.isolation(value == "SNAPSHOT" ? Isolation::kSnapshot
                               : value == "READ"   ? Isolation::kReadCommitted
                                                   : Isolation::kOther);
        } else {
            for (std::size_t from = 0; from <= s.text.size();) {
                const std::size_t comma = std::min(s.text.find(',', from), s.text.size());
                if (kKnown.count(s.text.substr(from, comma - from)) == 0) {
                    throw SqlError(195, 15, "'" + s.text + "' is not a SET option that the test server knows.");
                }
                from = comma + 1;
            }
        }
    }

    // Arguments as texts, in their order; names are those of the procedures' own parameters.
    void exec(const ts::Stmt& s, const std::string& sql, Answer& answer) {
        const Scope none;
        const Row nothing;
        Compiler compiler(context_, none, sql);
        const auto text = [&](const ts::Expr& e) {
            const Value value =
                Compiler::converted(compiler.expression(e), {Kind::kNvarchar, kMaxLength}).value({&nothing, nullptr});
            return is_null(value) ? std::string() : utf8(std::get<std::u16string>(value));
        };
        if (s.name.empty() && s.value) {
            run(text(*s.value), answer);
            return;
        }
        std::map<std::string, std::string> named;
        std::vector<std::string> all;
        for (const ts::ExecArgument& a : s.exec) {
            all.push_back(text(*a.value));
            named[ts::lower_ascii(a.name)] = all.back();
        }
        const std::string name = s.name.empty() ? "" : lower_name(s.name.back());
        const auto argument = [&](std::size_t i, const std::string& otherwise) {
            return i < all.size() ? all[i] : otherwise;
        };
        if (name == "lm_misbehave") {
            const std::string action = argument(1, "");
            const std::size_t blank = action.find(' ');
            engine_.faults().add({argument(0, ""), action.substr(0, blank),
                                  blank == std::string::npos ? 0 : std::stoll(action.substr(blank)),
                                  std::stoi(argument(2, "1")), std::stoll(argument(3, "0"))});
        } else if (name == "lm_behave") {
            engine_.faults().clear();
            engine_.hidden_views().clear();
        } else if (name == "lm_hide") {
            engine_.hidden_views().insert(argument(0, ""));
        } else if (name == "lm_fact") {
            fact(argument(0, ""), argument(1, ""));
        } else if (name == "sp_addextendedproperty") {
            property(named);
        } else if (name == "sp_executesql" && all.size() == 1) {
            run(all[0], answer);
            return;
        } else {
            throw SqlError(2812, 16, "Could not find stored procedure '" + name + "' in the test server.");
        }
        break_done(answer);
    }

    void fact(const std::string& name, const std::string& value) {
        ServerFacts& facts = engine_.facts();
        if (name == "version")
            facts.version = value;
        else if (name == "edition")
            facts.edition = value;
        else if (name == "engine_edition")
            facts.engine_edition = std::stoi(value);
        else if (name == "database_snapshot")
            context_.database().database_snapshot = value == "1";
        else if (name == "restless")
            context_.database().restless = value == "1";
        else if (name == "passing_transaction") {
            Database& database = context_.database();
            const std::lock_guard lock(database.mutex);
            database.passing_number = ++database.last_number;
            database.open_numbers.insert(database.passing_number);
        } else
            throw SqlError(
                2812, 16,
                "lm_fact knows version, edition, engine_edition, database_snapshot, passing_transaction and restless");
    }

    void property(const std::map<std::string, std::string>& named) {
        const auto of = [&](const char* key) {
            const auto found = named.find(key);
            return found == named.end() ? std::string() : found->second;
        };
        Database& database = context_.database();
        const std::lock_guard lock(database.mutex);
        const StoredTable& table = database.table_or_error({of("@level0name"), of("@level1name")});
        StoredProperty made{1, table.id, 0, of("@name"), of("@value")};
        if (!of("@level2name").empty()) {
            const StoredColumn* column = table.column(of("@level2name"));
            if (column == nullptr) throw SqlError(15135, 16, "Object is invalid.");
            made.minor = column->id;
        }
        database.properties.push_back(std::move(made));
    }

    ServerEngine& engine_;
    Context context_;
    bool identity_insert_ = false;
    bool more_ = false;
};

struct NoAnswer final : Answer {
    void columns(const std::vector<ResultColumn>&) override {}
    void row(const std::vector<Value>&) override {}
    void statement_done(std::int64_t, bool) override {}
    void message(int, int, int, const std::string&) override {}
    void flush() override {}
    bool cancelled() override { return false; }
};

}  // namespace

ServerEngine::ServerEngine(EngineOptions options) : options_(std::move(options)) {
    database_.name = options_.database;
    database_.collation = options_.collation.empty() ? kDatabaseCollation : options_.collation;
}

std::unique_ptr<Session> ServerEngine::login(const Login& login, int spid) {
    if (const auto fault = faults_.meet("login")) {
        carry_out(*fault, nullptr);
    }
    const bool reader = login.user == "reader";  // the one that statements can DENY
    if ((login.user != options_.user && !reader) || login.password != options_.password) {
        throw SqlError(18456, 14, "Login failed for user '" + login.user + "'.");
    }
    if (!login.database.empty() && !same_name(login.database, database_.name)) {
        throw SqlError(4060, 11,
                       "Cannot open database \"" + login.database + "\" requested by the login. The login failed.");
    }
    return std::make_unique<EngineSession>(*this, login, spid);
}

void ServerEngine::run_script(const std::string& sql) {
    Login login;
    login.user = options_.user;
    EngineSession session(*this, login, 1);
    NoAnswer answer;
    std::size_t from = 0;
    while (from < sql.size()) {
        std::size_t end = sql.find("\nGO\n", from);
        end = std::min(end, sql.size());
        session.batch(sql.substr(from, end - from), answer);
        from = end + 4;
    }
}

}  // namespace tds
