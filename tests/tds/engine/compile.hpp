// Expressions of T-SQL as functions of a row. What the test server does not know is an error that names it.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/store.hpp"
#include "tsql/ast.hpp"

namespace tds {

namespace ts = lakemover::tsql;

class Context;

struct ScopeColumn {
    std::string table;  // the alias that it is known under
    std::string name;
    Type type;
    bool nullable = true;
    bool clr = false;  // only its methods can be called
};

struct Scope {
    std::vector<ScopeColumn> columns;
    const Scope* outer = nullptr;
};

struct Frame {
    const Row* row = nullptr;
    const Frame* outer = nullptr;
};

struct Compiled {
    Type type;
    bool nullable = true;
    bool constant = false;      // the same for each row
    bool null_literal = false;  // takes the type of what stands beside it
    std::function<Value(const Frame&)> value;
};

using Test = std::function<int(const Frame&)>;  // 1 true, 0 false, -1 unknown

class Compiler {
public:
    Compiler(Context& context, const Scope& scope, const std::string& source)
        : context_(context), scope_(scope), source_(source) {}

    Compiled expression(const ts::Expr& e);
    Test condition(const ts::Expr& e);
    // Aggregates and window functions stand in the row, behind the scope's own columns.
    void replace(const ts::Expr* call, std::size_t column, const Type& type) { replaced_[call] = {column, type}; }

    static Compiled constant(Type type, Value value);
    static Compiled converted(Compiled e, const Type& to);
    static Compiled folded(Compiled e);  // evaluates a constant once
    [[noreturn]] void unknown(const ts::Expr& e, const std::string& what) const;
    Context& context() { return context_; }
    const std::string& source() const { return source_; }
    std::vector<Compiled> arguments(const ts::Expr& e, std::size_t from = 0);
    std::string word(const ts::Expr& e) const;  // a bare word, such as a date part

private:
    Compiled column(const ts::Expr& e);
    Compiled number(const ts::Expr& e) const;
    Compiled string(const ts::Expr& e) const;
    Compiled unary(const ts::Expr& e);
    Compiled arithmetic(const ts::Expr& e);
    Compiled concatenation(Compiled a, Compiled b);
    Compiled case_of(const ts::Expr& e);
    Compiled cast(const ts::Expr& e);
    Compiled method(const ts::Expr& e);
    Compiled subquery(const ts::Expr& e);
    Test comparison(const std::string& op, const ts::Expr& a, const ts::Expr& b);
    Test membership(const ts::Expr& e);
    Test like(const ts::Expr& e);

    Context& context_;
    const Scope& scope_;
    const std::string& source_;
    std::map<const ts::Expr*, std::pair<std::size_t, Type>> replaced_;
};

// functions.cpp
Compiled call_function(Compiler& compiler, const ts::Expr& e);

// Which of the given types an expression of them all has: of CASE, COALESCE, set operations.
Type type_of_all(const std::vector<Compiled>& all);

}  // namespace tds
