// PIVOT as the grouped query that it stands for, which all later rules then see:
//   (SELECT g, c, v …) AS s PIVOT (SUM(v) FOR c IN ([a], [b])) AS p
//   (SELECT g, SUM(CASE WHEN c = 'a' THEN v END) AS [a], SUM(CASE WHEN c = 'b' THEN v END) AS [b] FROM (SELECT g, c, v …) AS s GROUP BY g) AS p
// Zone: pure; throws ParseError to its statement.
#include <algorithm>

#include "tsql/parser.hpp"

namespace lakemover::tsql {

namespace {

// What the columns of a derived table are called; none where one has no name that stands there.
std::vector<std::string> column_names(const From& f) {
    if (f.kind != Fr::kDerived || f.alias.empty() || !f.query->select) return {};
    if (!f.columns.empty()) return f.columns;
    std::vector<std::string> names;
    for (const SelectItem& item : f.query->select->items) {
        if (!item.variable.empty()) return {};
        if (!item.alias.empty()) {
            names.push_back(item.alias);
        } else if (item.expr->kind == Ex::kColumn) {
            names.push_back(item.expr->name.back());
        } else {
            return {};
        }
    }
    return names;
}

bool same(const std::string& a, const std::string& b) { return lower_ascii(a) == lower_ascii(b); }

}  // namespace

// f is taken only when it can be done; else the parser stays where it is.
std::unique_ptr<From> Parser::pivoted(std::unique_ptr<From>& f) {
    const std::size_t start = pos_;
    const Position at = peek().at;
    std::vector<std::string> groups = column_names(*f);
    pos_ += 2;
    const std::string function = peek().upper;
    if (!is_any({"SUM", "COUNT", "MIN", "MAX", "AVG"}) || !is("(", 1) || !is_name(2) || !is(")", 3) || !is("FOR", 4) ||
        !is_name(5) || !is("IN", 6) || !is("(", 7)) {
        pos_ = start;
        return nullptr;
    }
    pos_ += 2;
    const std::string value = name_part();
    pos_ += 2;
    const std::string by = name_part();
    pos_ += 2;
    const auto column = [&](const std::string& name) {
        ExprPtr e = make(Ex::kColumn, at);
        e->name = {f->alias, name};
        return done(std::move(e));
    };
    std::vector<SelectItem> sums;
    do {
        SelectItem& item = sums.emplace_back();
        item.at = peek().at;
        item.alias = name_part();
        ExprPtr wanted = make(Ex::kString, at);
        wanted->text = item.alias;
        ExprPtr choice = make(Ex::kCase, at);
        choice->args.push_back(nullptr);
        choice->args.push_back(binary(column(by), "=", done(std::move(wanted))));
        choice->args.push_back(column(value));
        choice->args.push_back(nullptr);
        item.expr = make(Ex::kCall, at);
        item.expr->name = {function};
        item.expr->text = function;
        item.expr->args.push_back(done(std::move(choice)));
        item.expr = done(std::move(item.expr));
    } while (take(","));
    expect(")");
    expect(")");
    const auto named = [](const std::string& name) { return [&name](const std::string& g) { return same(g, name); }; };
    const auto found = std::count_if(groups.begin(), groups.end(), named(value)) == 1 &&
                       std::count_if(groups.begin(), groups.end(), named(by)) == 1 && !same(value, by);
    std::erase_if(groups, [&](const std::string& g) { return same(g, value) || same(g, by); });
    // Without a column to group by there would be a row of nothing, too, where T-SQL has none.
    if (!found || groups.empty()) {
        pos_ = start;
        return nullptr;
    }
    auto q = std::make_unique<Query>();
    q->at = f->at;
    q->end = last_end();
    q->select = std::make_unique<Select>();
    for (const std::string& g : groups) {
        SelectItem& item = q->select->items.emplace_back();
        item.at = at;
        item.expr = column(g);
        q->select->group_by.push_back(column(g));
    }
    std::move(sums.begin(), sums.end(), std::back_inserter(q->select->items));
    constexpr int kOwnDepth = 6;
    q->depth = f->depth + kOwnDepth;
    if (q->depth > kMaxTree) fail("nested too deeply");
    q->select->from = std::move(f);
    auto p = std::make_unique<From>();
    p->kind = Fr::kDerived;
    p->at = at;
    p->pivot = true;
    p->depth = q->depth + 1;
    p->query = std::move(q);
    table_alias(*p);
    return p;
}

}  // namespace lakemover::tsql
