// From the syntax tree to PL/pgSQL. Zone: pure. What has no known equivalent is thrown as
// Unconvertible up to its statement, which then becomes a FIXME that fails when it is reached.
#pragma once
#include <functional>
#include <set>

#include "tsql/catalog.hpp"
#include "tsql/convert.hpp"
#include "tsql/types.hpp"

namespace lakemover::tsql {

struct Unconvertible {
    Position at;
    std::string construct, why, todo;
};

// Around a line's number at its start, until the routine is whole; nothing else in the output holds it.
inline constexpr char kLineMark = '\x01';

struct Out {  // an expression in PostgreSQL's words
    std::string sql;
    Type type;
};

// The value beside others whose common type is type: a bit beside numbers is one of them.
std::string bit_as(const Out& value, const Type& type);
// Of no effect on rows: it declares, assigns, sets, prints or is a label.
bool is_quiet(const Stmt& s);
// Whether DATEPART and its like know the word.
bool date_part_name(const std::string& word);
// Forms of a date that every language and DATEFORMAT reads alike: 20240131, 2024-01-31, with a time behind.
bool plain_date(const std::string& text);
// Eight hex digits that stand for a name which is too long, or has characters that are not allowed.
std::string name_digest(std::string_view text);

class Emitter {
public:
    Emitter(std::string_view source, const Lexed& lexed, const Options& options, const Catalog& catalog,
            std::size_t first_comment)
        : source_(source), lexed_(lexed), options_(options), names_(options.names), catalog_(catalog),
          first_comment_(first_comment) {}
    Converted routine(const Stmt& s);
    // A statement outside a routine, or a text that could not be parsed.
    Converted left_over(const Stmt& s);
    // A table of the schema, by its columns and keys.
    Converted table(const Stmt& s);
    // An alias of a type is replaced by the type; a table type becomes a composite one.
    Converted type(const Stmt& s);
    // How others see what was converted last: its columns, or how it is called. Names are the source's.
    const Columns& made_relation() const { return made_relation_; }
    const Signature& made_routine() const { return made_routine_; }
    // An expression of the catalogs: its only names are columns, given by name as written or in lower case.
    std::string lone_expression(const Expr& e, std::map<std::string, Out> columns);
    const std::vector<Note>& notes() const { return result_.notes; }

private:
    struct Var {
        std::string pg;
        Type type;
    };
    struct Scope {
        std::vector<std::pair<std::string, Columns>> tables;  // by alias or name, in lower case
    };

    // emit_names.cpp
    static std::string one_line(std::string text);
    std::string ident(std::string_view name) const;
    std::string table_name(const Name& name, const Position& at);
    std::string object_name(const Name& name, const Position& at);
    std::string literal(std::string_view text) const;
    const Var& variable(const std::string& name, const Position& at) const;
    Type column_type(const Name& name) const;
    std::string schema_of(const Name& name) const;
    Name resolved(const Name& name) const;
    Columns relation(const Name& name) const;
    Columns columns_of(const TableDef& table) const;
    Type type_of(const TypeName& type, bool in_cast = false) const;
    std::string type_name(const TypeName& type, const Position& at, bool in_cast = false) const;
    std::string slice(std::size_t from, std::size_t to) const;
    void review(const Position& at, std::string construct, std::string why, std::string todo);
    void feature(const std::string& name, const Position& at);
    [[noreturn]] static void refuse(const Position& at, std::string construct, std::string why, std::string todo);

    // emit_pattern.cpp
    Out patindex(const Expr& e);
    std::string regex_of(const std::string& pattern, const Position& at, bool anywhere);

    // emit_json.cpp
    Out json_function(const Expr& e, bool& found);
    std::string json_path(const Expr& e);
    std::string open_json(const From& f);
    Columns open_json_columns(const From& f) const;

    // emit_cast.cpp
    Out as_text(const Out& value, const Position& at);
    Out try_cast(const Expr& e, const Type& type);
    Out format(const Expr& e);
    // The library on the target can be used: not in the schema itself, which is made before it.
    bool library() const { return lone_columns_ == nullptr; }

    // emit_expr.cpp
    Out expr(const Expr& e);
    Out expr_of(const Expr& e);
    std::string text(const Expr& e) { return expr(e).sql; }
    Out binary(const Expr& e);
    Out plus(const Expr& e, const Out& a, const Out& b);
    Out comparison(const Expr& e, Out a, Out b);
    Out cast(const Expr& e);
    Out to_type(const Out& value, const Type& type, const Position& at, bool explicit_cast);
    Out like(const Expr& e);
    Out global(const Expr& e);
    Out case_of(const Expr& e);
    std::string list(const std::vector<ExprPtr>& args, std::size_t from = 0);
    std::string order_by(const std::vector<OrderItem>& items, const Columns& result = nullptr);

    // emit_doubts.cpp
    void doubt(const Position& at, const std::string& construct, const std::string& why, const std::string& todo);
    void strings_compared(const Position& at, const Type& a, const Type& b);
    void padded(const Position& at, const Type& type);
    void names_clash(const Columns& columns, const Position& at);
    void string_sorted(const Expr& e, const Columns& result = nullptr);
    void date_as_text(const Expr& e, const Type& value, const Type& wanted);
    void scale_differs(const Position& at, const std::string& what, const Type& type);
    void written_as_text(const Position& at, const std::string& what, const Type& type);

    // emit_function.cpp
    Out call(const Expr& e);
    Type common_of(const std::vector<ExprPtr>& args, std::size_t from);
    Out string_function(const Expr& e, bool& found);
    Out number_function(const Expr& e, bool& found);
    Out aggregate(const Expr& e, bool& found);
    std::string over(const Expr& e, bool required);
    Out joined_rows(const Expr& e);

    // emit_date.cpp
    Out date_function(const Expr& e, bool& found);
    Out datediff(const Expr& e);
    std::string clock(const std::string& sql) const;
    Out convert_style(const Expr& e, const Type& type, const Out& value);
    std::string timestamp(const Expr& e);

    // emit_query.cpp
    std::string query(const Query& q, const std::vector<std::string>& names = {}, std::vector<Type>* types = nullptr);
    std::string select(const Select& s, const std::vector<std::string>& names, std::vector<Type>* types);
    std::string star_table(const std::string& alias, const Position& at);
    std::string with_clause(const std::vector<Cte>& ctes);
    std::string from(const From& f);
    void enter_scope(const From* f);
    void collect(const From& f, std::size_t scope);
    std::string lock_clause(const From* f, const Position& at);
    std::string values(const std::vector<std::vector<ExprPtr>>& rows);
    static const Select* first_select(const Query& q);
    bool result_columns(const Query& q, std::vector<std::string>& columns, std::vector<Type>& types);
    Columns query_columns(const Query& q);
    bool append_star(const Expr& star, std::vector<ColumnInfo>& columns, std::vector<std::string>* tables) const;
    Columns renamed(const Columns& columns, const std::vector<std::string>& names) const;
    Columns merged(const Columns& a, const Columns& b) const;

    // emit_dml.cpp
    void begin_dml(const Stmt& s);
    void insert(const Stmt& s);
    std::vector<Type> column_types(const Stmt& s);
    std::string identity_of(const Stmt& s) const;
    void survey_identity(const std::vector<StmtPtr>& list);
    void update(const Stmt& s);
    void remove(const Stmt& s);
    void merge(const Stmt& s);
    struct Split {  // UPDATE/DELETE … FROM: the target and the rest
        std::string target, name, others, where;
    };
    Split split_from(const Stmt& s);
    bool inner_tables(const From& f, const std::string& target, Split& split);
    std::string returning(const Output& o, const char* which);
    void finish_dml(const Stmt& s, const std::string& sql, const char* which);
    std::string set_list(const std::vector<Assignment>& set, const std::string& table);

    // emit_stmt.cpp
    void statement(const Stmt& s);
    void convert_statement(const Stmt& s);
    void statements(const std::vector<StmtPtr>& list);
    void sequence(const std::vector<StmtPtr>& list);
    std::map<std::size_t, std::size_t> labelled_blocks(const std::vector<StmtPtr>& list) const;
    void set_option(const Stmt& s);
    void declare(const Stmt& s);
    void assign(const std::string& variable, const std::string& op, const Expr& value, const Position& at);
    void if_statement(const Stmt& s);
    void select_statement(const Stmt& s);
    void select_assign(const Stmt& s, const Select& select);
    void select_accumulate(const Stmt& s, const Select& select);
    void result_set(const std::string& sql, const Position& at, bool known = false);
    void return_statement(const Stmt& s);
    void undone(const Stmt& s);
    void raise(const Stmt& s);
    void cursor(const Stmt& s);
    void declare_cursor(const Stmt& s, const std::string& name);
    bool may_see_changes(const Stmt& s) const;
    void fixme(const Unconvertible& u, const Stmt& s);
    void comments_before(std::size_t offset);
    void skip_comments(std::size_t offset);
    void own_comments(const Stmt& s);
    Converted without_body(const Stmt& s, const char* kind, const std::function<void()>& write);
    Converted whole(const Stmt& s);
    void line(const std::string& text);

    // emit_flow.cpp
    struct Rest {  // what is reached behind a statement
        enum { kAbsent, kEnd, kLeaves, kGoesOn } what = kAbsent;
        bool rolls_back = false;
        const Stmt* raiser = nullptr;  // the first that raises an error
    };
    bool is_severe(const Stmt& s) const;
    bool holds_severity(const std::string& variable) const;
    Rest behind(const std::vector<StmtPtr>& list, const Stmt& s) const;
    Rest behind(const Stmt& s) const;

    // emit_transaction.cpp
    bool rolls_back_if_open(const Stmt& s) const;
    bool is_certain(const Stmt& s, bool in_loop);
    void settle_tries(const std::vector<StmtPtr>& list, bool in_loop);
    void rollback(const Stmt& s);
    void settle_pair();
    bool settles(const Stmt& s) const;
    bool only_leaves(const std::vector<StmtPtr>& list) const;
    bool names_begun_transaction(const std::string& name) const;
    bool changed_outside_transaction(std::size_t offset) const;
    bool only_raised(const std::string& variable) const;
    bool is_transaction_guard(const Stmt& s) const;
    bool guards_transactions(const Stmt& s) const;
    bool guards_errors(const Stmt& s) const;
    bool changed_before(std::size_t offset) const;
    void try_catch(const Stmt& s);
    void transaction(const Stmt& s);
    Out error_function(const Expr& e, bool& found);

    // emit_trigger.cpp
    void trigger(const Stmt& s);
    Out trigger_function(const Expr& e, bool& found);
    bool fires_itself(const std::vector<StmtPtr>& list, const Stmt& trigger) const;
    std::string missing_rows(const From& f) const;

    // emit_call.cpp
    const Signature* signature(const Name& name) const;
    std::string spare_variable(const Type& type, const std::string& value);
    Out argument(const Expr& e, const Type& type);
    std::string call_arguments(const Stmt& s, const Signature& callee);
    std::string rows_of(const Stmt& s);
    void exec(const Stmt& s);
    void exec_unknown(const Stmt& s);
    Out user_function(const Expr& e);

    // emit_results.cpp
    struct Paths {        // how many result sets the statements return at most
        int through = 0;  // when they are run to their end
        int ended = -1;   // when RETURN or THROW ends them; -1: they never are
    };
    Paths paths(const std::vector<StmtPtr>& list) const;
    Columns result_of(const Stmt& s);
    void collect_results(const std::vector<StmtPtr>& list, std::vector<const Stmt*>& found) const;
    bool returns_rows(const Stmt& s) const;
    int result_count(const Stmt& s) const;
    void decide_results(const Stmt& s);

    // emit_temp.cpp
    std::string temp_name(const std::string& name) const;
    std::string column_sql(const TableDef& table, const Column& column, const Position& at);
    std::string table_columns(const TableDef& table, const Position& at);
    Type computed_type(const TableDef& table, const Column& column);
    const TableDef* table_type(const TypeName& type) const;
    std::string table_type_name(const TypeName& type, const Position& at);
    std::string table_argument(const Expr& e, const ParameterInfo& parameter);
    void create_temp(const std::string& name, const TableDef& table, const Position& at);
    void select_into(const Stmt& s, const Select& first);
    void drop_table(const Stmt& s, bool if_exists);
    void create_index(const Stmt& s);
    void refuse_recursion(const std::string& callee, const Position& at);

    // emit_routine.cpp
    void survey(const std::vector<StmtPtr>& list);
    std::string parameters(const Stmt& s);
    std::string body(const Stmt& s, const std::string& before, const std::string& after);
    void procedure(const Stmt& s);
    void function(const Stmt& s);
    void view(const Stmt& s);
    std::string quoted_body(const std::string& body) const;
    void finish(const Stmt& s);
    void prepare(const Stmt& s);

    std::string_view source_;
    const Lexed& lexed_;
    const Options& options_;
    const NameMap& names_;
    const Catalog& catalog_;
    std::size_t first_comment_;  // comments before this offset belong to the statements before
    Converted result_;
    std::vector<std::string> pending_;  // FIXME lines of the statement at hand
    std::string out_;
    int indent_ = 0;
    const std::map<const Expr*, Out>* row_columns_ = nullptr;   // what stands for a column in the loop over rows
    const std::map<std::string, Out>* lone_columns_ = nullptr;  // of lone_expression()
    std::size_t next_comment_ = 0;
    std::map<std::string, Var> variables_;
    std::map<std::string, Columns> local_tables_;  // temporary ones, table variables, inserted and deleted
    std::string routine_key_;                      // part of the names of its temporary tables
    std::map<const Query*, Columns> query_columns_;
    int line_of_source_ = 0;  // of the statement at hand
    std::size_t work_ = 0;    // expressions of the statement at hand, against those that grow without end
    bool typing_ = false;     // only the type of an expression is wanted
    std::string with_;        // of the INSERT, UPDATE, DELETE or MERGE at hand
    Columns made_relation_;
    Signature made_routine_;
    std::vector<std::string> declarations_;
    std::set<std::string> declared_;
    std::vector<Scope> scopes_;
    std::map<std::string, Columns> ctes_;
    // What the survey of the body found.
    enum class Results { kNone, kTable, kCursors } results_ = Results::kNone;
    int result_sets_ = 0;
    int next_result_ = 0;
    int spare_variables_ = 0;
    std::vector<std::string> after_call_;  // what gives OUTPUT parameters of another type back
    Columns result_rows_;                  // of a procedure that becomes a function
    std::string returned_table_;           // of a multi-statement table-valued function
    bool returns_code_ = false;
    bool uses_rowcount_ = false;
    bool rowcount_fresh_ = false;
    bool in_catch_ = false;
    int loop_depth_ = 0;
    std::string event_;  // of the trigger function at hand, where each event has its own
    bool uses_identity_ = false;
    bool identity_known_ = true;  // each INSERT so far told the value it made
    bool uses_error_detail_ = false;
    bool atomic_ = false;                  // inside a TRY that undoes alike on both sides
    bool harmless_ = false;                // what the value at hand goes into is only told with an error
    int try_depth_ = 0;                    // of the TRY blocks around, not of their handlers
    std::set<const Stmt*> certain_;        // TRY blocks that undo alike on both sides
    std::set<const Stmt*> settled_;        // statements of transactions that need no counterpart
    std::set<const Stmt*> undoing_;        // errors that undo what T-SQL undoes by itself
    std::set<std::string> made_by_query_;  // temporary tables of SELECT INTO
    std::vector<std::string> functions_;   // whose bodies stand in the result, when it is not the one of its name
    std::string trigger_end_;              // what a trigger's function does before it returns
    std::map<std::string, const TableDef*> table_parameters_;
    const Stmt* routine_ = nullptr;
    struct Cursor {
        std::string query;
        std::vector<std::string> spare;  // variables that a FETCH goes to first; none: the types are not known
        std::vector<Type> types;
    };
    std::map<std::string, Cursor> cursors_;
    std::string returning_target_;              // how the statement at hand calls its table
    const std::vector<Type>* casts_ = nullptr;  // what the next SELECT's columns are cast to
    std::vector<std::string> result_columns_;   // of RETURNS TABLE
    std::vector<Type> result_types_;
};

}  // namespace lakemover::tsql
