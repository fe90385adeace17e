// SELECT, FROM, set operations and common table expressions. Zone: pure; throws ParseError.
#include <algorithm>

#include "tsql/parser.hpp"

namespace lakemover::tsql {

QueryPtr Parser::query() {
    const Nested nested(*this);
    std::vector<Cte> ctes;
    const Position at = peek().at;
    if (is("WITH")) ctes = common_tables();
    QueryPtr q = query_body();
    q->at = at;
    for (Cte& cte : ctes) {
        q->depth = std::max(q->depth, cte.query->depth + 1);
        q->ctes.push_back(std::move(cte));
    }
    if (take2("ORDER", "BY")) q->order = order_items();
    if (take("OFFSET")) {
        q->offset = expression();
        if (!take("ROWS")) expect("ROW");
        if (take("FETCH")) {
            if (!take("NEXT")) expect("FIRST");
            q->fetch = expression();
            if (!take("ROWS")) expect("ROW");
            expect("ONLY");
        }
    }
    if (is("FOR") && is_any({"XML", "JSON", "BROWSE"}, 1)) {
        const std::size_t from = peek().at.offset;
        pos_ += 2;
        if (peek().kind == Tok::kWord) ++pos_;
        while (is("(") || is(",")) {
            if (is("(")) {
                skip_parens();
            } else {
                pos_ += 2;
            }
        }
        q->for_clause = std::string(source_.substr(from, last_end() - from));
    }
    if (is("OPTION") && is("(", 1)) {
        ++pos_;
        q->option = skip_parens();
    }
    q->end = last_end();
    return q;
}

QueryPtr Parser::query_body() {
    QueryPtr left = query_term();
    while (is_any({"UNION", "EXCEPT"})) {
        auto q = std::make_unique<Query>();
        q->at = left->at;
        q->set_op = peek().upper;
        ++pos_;
        if (take("ALL")) q->set_op += " ALL";
        q->left = std::move(left);
        q->right = query_term();
        q->depth = std::max(q->left->depth, q->right->depth) + 1;
        if (q->depth > kMaxTree) fail("too many set operations");
        left = std::move(q);
    }
    return left;
}

QueryPtr Parser::query_term() {
    QueryPtr left = query_primary();
    while (take("INTERSECT")) {
        auto q = std::make_unique<Query>();
        q->at = left->at;
        q->set_op = "INTERSECT";
        q->left = std::move(left);
        q->right = query_primary();
        q->depth = std::max(q->left->depth, q->right->depth) + 1;
        if (q->depth > kMaxTree) fail("too many set operations");
        left = std::move(q);
    }
    return left;
}

QueryPtr Parser::query_primary() {
    if (is("(")) {
        ++pos_;
        QueryPtr q = query();
        expect(")");
        return q;
    }
    auto q = std::make_unique<Query>();
    q->at = peek().at;
    q->select = select();
    if (q->select->from) q->depth += q->select->from->depth;
    for (const SelectItem& item : q->select->items) q->depth = std::max(q->depth, item.expr->depth + 1);
    if (q->select->where) q->depth = std::max(q->depth, q->select->where->depth + 1);
    if (q->depth > kMaxTree) fail("nested too deeply");
    q->end = last_end();
    return q;
}

std::unique_ptr<Top> Parser::top() {
    if (!is("TOP")) return nullptr;
    ++pos_;
    auto t = std::make_unique<Top>();
    if (take("(")) {
        t->count = expression();
        expect(")");
    } else {
        t->count = primary();
    }
    t->percent = take("PERCENT");
    t->ties = take2("WITH", "TIES");
    return t;
}

std::unique_ptr<Select> Parser::select() {
    auto s = std::make_unique<Select>();
    expect("SELECT");
    s->distinct = take("DISTINCT");
    if (!s->distinct) take("ALL");
    s->top = top();
    s->items = select_items();
    if (take("INTO")) s->into = dotted_name();
    if (take("FROM")) s->from = from_list();
    if (take("WHERE")) s->where = expression();
    if (take2("GROUP", "BY")) {
        s->group_by = expressions();
        if (is("WITH") && is_any({"ROLLUP", "CUBE"}, 1)) {
            pos_ += 2;
            s->grouping_with = true;
        }
    }
    if (take("HAVING")) s->having = expression();
    return s;
}

std::vector<SelectItem> Parser::select_items() {
    std::vector<SelectItem> items;
    do {
        items.push_back(select_item());
    } while (take(","));
    return items;
}

SelectItem Parser::select_item() {
    SelectItem item;
    item.at = peek().at;
    if (peek().kind == Tok::kVariable && is_any({"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="}, 1)) {
        item.variable = peek().text;
        ++pos_;
        item.op = peek().upper;
        ++pos_;
        item.expr = expression();
        return item;
    }
    // alias = expression
    if ((is_name() || peek().kind == Tok::kString) && is("=", 1)) {
        item.alias = peek().value;
        pos_ += 2;
        item.expr = expression();
        return item;
    }
    item.expr = expression();
    if (take("AS")) {
        if (peek().kind == Tok::kString || peek().kind == Tok::kNString) {
            item.alias = peek().value;
            ++pos_;
        } else {
            item.alias = name_part();
        }
    } else if (peek().kind == Tok::kString) {
        item.alias = peek().value;
        ++pos_;
    } else {
        item.alias = alias();
    }
    return item;
}

std::vector<Cte> Parser::common_tables() {
    std::vector<Cte> ctes;
    expect("WITH");
    do {
        Cte cte;
        cte.name = name_part();
        if (is("(")) cte.columns = name_list();
        expect("AS");
        expect("(");
        cte.query = query();
        expect(")");
        ctes.push_back(std::move(cte));
    } while (take(","));
    return ctes;
}

std::unique_ptr<From> Parser::join(std::unique_ptr<From> left, std::string kind, std::unique_ptr<From> right) const {
    auto j = std::make_unique<From>();
    j->kind = Fr::kJoin;
    j->at = left->at;
    j->join = std::move(kind);
    j->depth = std::max(left->depth, right->depth) + 1;
    if (j->depth > kMaxTree) fail("too many joins");
    j->left = std::move(left);
    j->right = std::move(right);
    return j;
}

std::unique_ptr<From> Parser::from_list() {
    std::unique_ptr<From> left = joined();
    while (take(",")) left = join(std::move(left), ",", joined());
    return left;
}

std::unique_ptr<From> Parser::joined() { return joined_from(from_primary()); }

std::unique_ptr<From> Parser::joined_from(std::unique_ptr<From> left) {
    const Nested nested(*this);
    for (;;) {
        if (is_any({"CROSS", "OUTER"}) && is("APPLY", 1)) {
            const std::string kind = peek().upper + " APPLY";
            pos_ += 2;
            left = join(std::move(left), kind, from_primary());
            continue;
        }
        if (take2("CROSS", "JOIN")) {
            left = join(std::move(left), "CROSS", from_primary());
            continue;
        }
        std::string kind;
        if (is_any({"LEFT", "RIGHT", "FULL"})) {
            kind = peek().upper;
            ++pos_;
            take("OUTER");
        } else if (take("INNER") || is("JOIN")) {
            kind = "INNER";
        } else {
            return left;
        }
        std::string hint;
        if (is_any({"LOOP", "HASH", "MERGE", "REMOTE"}) && is("JOIN", 1)) {
            hint = peek().upper;
            ++pos_;
        }
        expect("JOIN");
        std::unique_ptr<From> right = joined_operand();
        left = join(std::move(left), kind, std::move(right));
        if (!hint.empty()) left->hints.push_back(hint + " JOIN");
        expect("ON");
        left->on = expression();
        left->depth = std::max(left->depth, left->on->depth + 1);
    }
}

// a JOIN b JOIN c ON … ON …: the inner ON belongs to the later join.
std::unique_ptr<From> Parser::joined_operand() {
    std::unique_ptr<From> right = from_primary();
    return is("ON") ? std::move(right) : joined_from(std::move(right));
}

std::unique_ptr<From> Parser::from_primary() {
    auto f = std::make_unique<From>();
    f->at = peek().at;
    if (is("(")) {
        if (is_any({"SELECT", "WITH"}, 1) || (is("(", 1) && is("SELECT", 2))) {
            ++pos_;
            f->kind = Fr::kDerived;
            f->query = query();
            f->depth += f->query->depth;
            expect(")");
        } else if (is("VALUES", 1)) {
            pos_ += 2;
            f->kind = Fr::kValues;
            f->rows = value_rows();
            expect(")");
        } else {
            ++pos_;
            std::unique_ptr<From> inner = joined();
            expect(")");
            return inner;
        }
    } else if (peek().kind == Tok::kVariable) {
        f->kind = Fr::kVariable;
        f->name = {peek().text};
        ++pos_;
        if (is(".")) fail("methods of XML variables are not supported in FROM");
    } else {
        f->name = dotted_name();
        if (is("(") && !(is_any({"NOLOCK", "READPAST", "UPDLOCK", "HOLDLOCK", "ROWLOCK"}, 1))) {
            f->kind = Fr::kFunction;
            f->function = call(f->name, f->at);
            if (f->function->text == "OPENJSON" && take("WITH")) {
                f->with = json_columns();
            } else if (take("WITH")) {
                skip_parens();
                f->hints.emplace_back("WITH COLUMNS");
            }
        }
    }
    table_alias(*f);
    if (is_any({"PIVOT", "UNPIVOT"}) && is("(", 1)) {
        if (is("PIVOT")) {
            if (std::unique_ptr<From> grouped = pivoted(f)) return grouped;
        }
        auto p = std::make_unique<From>();
        p->kind = Fr::kPivot;
        p->at = peek().at;
        p->join = peek().upper;
        p->depth = f->depth + 1;
        ++pos_;
        skip_parens();
        p->left = std::move(f);
        table_alias(*p);
        return p;
    }
    return f;
}

std::vector<JsonColumn> Parser::json_columns() {
    std::vector<JsonColumn> columns;
    expect("(");
    do {
        JsonColumn c;
        c.name = name_part();
        c.type = type_name();
        if (peek().kind == Tok::kString || peek().kind == Tok::kNString) {
            c.path = peek().value;
            ++pos_;
        }
        c.json = take2("AS", "JSON");
        columns.push_back(std::move(c));
    } while (take(","));
    expect(")");
    return columns;
}

void Parser::table_alias(From& from) {
    hints(from);
    if (take("AS")) {
        from.alias = name_part();
    } else {
        from.alias = alias();
    }
    if (!from.alias.empty() && is("(") && from.kind != Fr::kTable) from.columns = name_list();
    if (is("TABLESAMPLE")) {
        ++pos_;
        take("SYSTEM");
        skip_parens();
        take("REPEATABLE");
        if (is("(")) skip_parens();
        from.hints.emplace_back("TABLESAMPLE");
    }
    hints(from);
}

void Parser::hints(From& from) {
    const bool with = is("WITH") && is("(", 1);
    const bool old = is("(") && is_any({"NOLOCK", "READPAST", "UPDLOCK", "HOLDLOCK", "ROWLOCK"}, 1) && is(")", 2);
    if (!with && !old) return;
    if (with) ++pos_;
    expect("(");
    while (!is(")")) {
        if (peek().kind == Tok::kEnd) fail("\")\" was expected here");
        if (is("(")) {
            skip_parens();
            continue;
        }
        if (!is(",")) from.hints.push_back(upper_ascii(peek().text));
        ++pos_;
    }
    expect(")");
}

std::vector<std::vector<ExprPtr>> Parser::value_rows() {
    std::vector<std::vector<ExprPtr>> rows;
    do {
        expect("(");
        rows.push_back(expressions());
        expect(")");
    } while (take(","));
    return rows;
}

}  // namespace lakemover::tsql
