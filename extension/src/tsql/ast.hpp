// The syntax tree of T-SQL as far as the converter understands it. Zone: pure; plain data.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tsql/lexer.hpp"

namespace lakemover::tsql {

struct Expr;
struct Query;
struct Stmt;
using ExprPtr = std::unique_ptr<Expr>;
using QueryPtr = std::unique_ptr<Query>;
using StmtPtr = std::unique_ptr<Stmt>;
using Name = std::vector<std::string>;  // parts of a dotted name, unquoted; empty parts for db..table

struct TypeName {
    std::string name;               // upper case; "schema.name" in lower case for user types
    std::vector<std::string> args;  // "10", "MAX"
    bool user = false;
};

struct OrderItem {
    ExprPtr expr;
    bool descending = false;
};

enum class Ex {
    kNull,
    kNumber,
    kMoney,
    kString,
    kBinary,
    kVariable,
    kGlobal,
    kColumn,
    kStar,
    kDefault,
    kUnary,     // text: - + ~ NOT; args[0]
    kBinaryOp,  // text: operator, AND, OR, comparison; args[0], args[1]
    kCase,      // args: [operand or null, when, then, …, else or null]
    kCast,      // text: CAST, TRY_CAST, CONVERT, TRY_CONVERT, PARSE, TRY_PARSE; args[0], style in args[1]
    kCall,      // name, args; over, order (WITHIN GROUP), distinct
    kSubquery,
    kExists,
    kIn,  // args[0] IN (args[1…] or query)
    kBetween,
    kLike,
    kIsNull,
    kCollate,
    kAtTimeZone,
    kParen,
    kQuantified,  // text: ALL, ANY, SOME; query
    kMethod       // args[0].name(args[1…]): XML and CLR types
};

struct Over {
    std::vector<ExprPtr> partition;
    std::vector<OrderItem> order;
    std::string frame;  // as written, in upper case
};

struct Expr {
    Ex kind = Ex::kNull;
    Position at;
    std::size_t end = 0;
    int depth = 1;  // of the tree below: limited, so that walking it needs bounded stack
    std::string text;
    Name name;
    std::vector<ExprPtr> args;
    TypeName type;
    bool negated = false;
    bool distinct = false;
    std::unique_ptr<Over> over;
    std::vector<OrderItem> order;
    QueryPtr query;
};

struct Column {
    std::string name;
    TypeName type;
    bool identity = false;
    bool not_null = false;
    bool primary_key = false;
    bool unique = false;
    ExprPtr default_value;
    ExprPtr computed;  // then without a type
};

struct TableDef {
    std::vector<Column> columns;
    std::vector<std::string> primary_key;
    std::string unsupported;  // what was written and has no place here
};

struct JsonColumn {  // of OPENJSON … WITH
    std::string name;
    TypeName type;
    std::string path;
    bool json = false;
};

enum class Fr { kTable, kVariable, kDerived, kFunction, kJoin, kValues, kPivot };

struct From {
    Fr kind = Fr::kTable;
    Position at;
    int depth = 1;
    Name name;  // table, or the variable
    std::string alias;
    std::vector<std::string> columns;  // alias (a, b)
    std::vector<std::string> hints;    // upper case
    QueryPtr query;
    ExprPtr function;
    std::vector<JsonColumn> with;
    std::vector<std::vector<ExprPtr>> rows;
    std::string join;  // INNER, LEFT, RIGHT, FULL, CROSS, CROSS APPLY, OUTER APPLY; "," for a list
    std::unique_ptr<From> left, right;
    ExprPtr on;
    bool pivot = false;  // a derived table that stands for a PIVOT
};

struct SelectItem {
    ExprPtr expr;
    std::string alias;
    std::string variable;  // @x = expr
    std::string op;        // = or +=
    Position at;
};

struct Top {
    ExprPtr count;
    bool percent = false;
    bool ties = false;
};

struct Select {
    bool distinct = false;
    std::unique_ptr<Top> top;
    std::vector<SelectItem> items;
    Name into;
    std::unique_ptr<From> from;
    ExprPtr where;
    std::vector<ExprPtr> group_by;
    bool grouping_with = false;  // WITH ROLLUP or WITH CUBE
    ExprPtr having;
};

struct Cte {
    std::string name;
    std::vector<std::string> columns;
    QueryPtr query;
};

struct Query {
    Position at;
    std::size_t end = 0;
    int depth = 1;
    std::vector<Cte> ctes;
    std::unique_ptr<Select> select;  // or a set operation:
    std::string set_op;              // UNION, UNION ALL, EXCEPT, INTERSECT
    QueryPtr left, right;
    std::vector<std::vector<ExprPtr>> values;  // VALUES as the source of INSERT
    std::vector<OrderItem> order;
    ExprPtr offset, fetch;
    std::string for_clause;  // FOR XML …, FOR JSON …
    std::string option;      // OPTION (…)
};

struct Assignment {
    Name column;
    std::string variable;  // UPDATE t SET @x = column = expr
    std::string op = "=";
    ExprPtr value;
};

struct Output {
    std::vector<SelectItem> items;
    Name into;  // table or @variable
    std::vector<std::string> into_columns;
};

struct MergeWhen {
    std::string match;  // MATCHED, NOT MATCHED, NOT MATCHED BY SOURCE
    ExprPtr condition;
    std::string action;  // UPDATE, DELETE, INSERT
    std::vector<Assignment> set;
    std::vector<std::string> columns;
    std::vector<ExprPtr> values;
};

struct Variable {
    std::string name;  // @x
    TypeName type;
    bool is_table = false;
    bool is_cursor = false;
    bool output = false;
    bool readonly = false;
    ExprPtr value;  // default or initialiser
    TableDef table;
    Position at;
};

struct ExecArgument {
    std::string name;  // @p of @p = …
    ExprPtr value;
    bool output = false;
};

enum class St {
    kUnknown,
    kDeclare,
    kSet,
    kSetOption,
    kSelect,
    kInsert,
    kUpdate,
    kDelete,
    kMerge,
    kIf,
    kWhile,
    kBlock,
    kTry,
    kReturn,
    kBreak,
    kContinue,
    kPrint,
    kRaiserror,
    kThrow,
    kExec,
    kBeginTran,
    kCommit,
    kRollback,
    kSaveTran,
    kDeclareCursor,
    kOpen,
    kFetch,
    kClose,
    kDeallocate,
    kCreateTable,
    kCreateType,  // an alias (returns) or a table (table)
    kAlterTable,  // ADD columns (table)
    kCreateIndex,
    kDropTable,
    kDropObject,  // a procedure, function, view or trigger
    kTruncate,
    kGoto,
    kLabel,
    kCreateProcedure,
    kCreateFunction,
    kCreateView,
    kCreateTrigger,
    kUse,
    kGo
};

struct Stmt {
    St kind = St::kUnknown;
    Position at;
    std::size_t end = 0;
    std::string text;  // option, cursor, variable, transaction name; for kUnknown what went wrong
    std::string op;
    Position error_at;  // kUnknown: where
    Name name;
    std::vector<Name> more_names;     // of DROP: those behind the first
    std::vector<Variable> variables;  // DECLARE, parameters
    ExprPtr value, condition;
    std::vector<ExprPtr> args;
    std::vector<ExecArgument> exec;
    QueryPtr query;
    std::vector<Cte> ctes;  // before INSERT, UPDATE, DELETE, MERGE
    std::unique_ptr<Top> top;
    std::unique_ptr<From> target, from;
    std::vector<std::string> columns;
    std::vector<OrderItem> keys;  // of an index; columns are those it includes
    std::vector<Assignment> set;
    std::unique_ptr<Output> output;
    std::vector<MergeWhen> whens;
    std::vector<StmtPtr> body, otherwise;  // ELSE and CATCH
    TableDef table;
    TypeName returns;
    std::string return_variable;     // @t of RETURNS @t TABLE
    std::vector<std::string> words;  // options, events: upper case
};

struct Script {
    std::vector<StmtPtr> statements;
};

}  // namespace lakemover::tsql
