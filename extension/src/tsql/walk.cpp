#include "tsql/walk.hpp"

namespace lakemover::tsql {

namespace {

void each(const std::vector<ExprPtr>& list, const ExprVisitor& visit) {
    for (const ExprPtr& e : list) {
        if (e) walk(*e, visit);
    }
}
void each(const std::vector<OrderItem>& list, const ExprVisitor& visit) {
    for (const OrderItem& i : list) walk(*i.expr, visit);
}
void each(const std::vector<SelectItem>& list, const ExprVisitor& visit) {
    for (const SelectItem& i : list) walk(*i.expr, visit);
}
void each(const std::vector<Assignment>& list, const ExprVisitor& visit) {
    for (const Assignment& a : list) walk(*a.value, visit);
}
void maybe(const ExprPtr& e, const ExprVisitor& visit) {
    if (e) walk(*e, visit);
}

}  // namespace

void walk(const Expr& e, const ExprVisitor& visit) {
    visit(e);
    each(e.args, visit);
    each(e.order, visit);
    if (e.over) {
        each(e.over->partition, visit);
        each(e.over->order, visit);
    }
    if (e.query) walk(*e.query, visit);
}

void walk(const From& f, const ExprVisitor& visit) {
    if (f.query) walk(*f.query, visit);
    maybe(f.function, visit);
    for (const std::vector<ExprPtr>& row : f.rows) each(row, visit);
    if (f.left) walk(*f.left, visit);
    if (f.right) walk(*f.right, visit);
    maybe(f.on, visit);
}

void walk(const Query& q, const ExprVisitor& visit) {
    for (const Cte& c : q.ctes) walk(*c.query, visit);
    if (q.select) {
        const Select& s = *q.select;
        if (s.top) walk(*s.top->count, visit);
        each(s.items, visit);
        if (s.from) walk(*s.from, visit);
        maybe(s.where, visit);
        each(s.group_by, visit);
        maybe(s.having, visit);
    }
    if (q.left) walk(*q.left, visit);
    if (q.right) walk(*q.right, visit);
    for (const std::vector<ExprPtr>& row : q.values) each(row, visit);
    each(q.order, visit);
    maybe(q.offset, visit);
    maybe(q.fetch, visit);
}

void walk(const Stmt& s, const ExprVisitor& visit) {
    for (const Variable& v : s.variables) maybe(v.value, visit);
    maybe(s.value, visit);
    maybe(s.condition, visit);
    each(s.args, visit);
    for (const ExecArgument& a : s.exec) walk(*a.value, visit);
    if (s.query) walk(*s.query, visit);
    for (const Cte& c : s.ctes) walk(*c.query, visit);
    if (s.top) walk(*s.top->count, visit);
    if (s.target) walk(*s.target, visit);
    if (s.from) walk(*s.from, visit);
    each(s.keys, visit);
    each(s.set, visit);
    if (s.output) each(s.output->items, visit);
    for (const MergeWhen& w : s.whens) {
        maybe(w.condition, visit);
        each(w.set, visit);
        each(w.values, visit);
    }
    walk(s.body, visit);
    walk(s.otherwise, visit);
}

void walk(const std::vector<StmtPtr>& list, const ExprVisitor& visit) {
    for (const StmtPtr& s : list) walk(*s, visit);
}

void walk_statements(const std::vector<StmtPtr>& list, const std::function<void(const Stmt&)>& visit) {
    for (const StmtPtr& s : list) {
        visit(*s);
        walk_statements(s->body, visit);
        walk_statements(s->otherwise, visit);
    }
}

const From* table_of(const From& f, const std::string& alias) {
    if (f.kind == Fr::kJoin) {
        const From* left = table_of(*f.left, alias);
        return left != nullptr ? left : table_of(*f.right, alias);
    }
    return f.kind == Fr::kTable && lower_ascii(f.alias) == alias ? &f : nullptr;
}

std::string written_table(const Stmt& s) {
    const bool writes = s.kind == St::kInsert || s.kind == St::kUpdate || s.kind == St::kDelete || s.kind == St::kMerge;
    if (!writes || !s.target || s.target->name.empty()) return "";
    const std::string name = lower_ascii(s.target->name.back());
    const From* f = s.from ? table_of(*s.from, name) : nullptr;
    return f != nullptr ? lower_ascii(f->name.back()) : name;
}

const Stmt* find_label(const std::vector<StmtPtr>& list, const std::string& label) {
    const Stmt* found = nullptr;
    walk_statements(list, [&](const Stmt& s) {
        if (s.kind == St::kLabel && s.text == label) found = &s;
    });
    return found;
}

}  // namespace lakemover::tsql
