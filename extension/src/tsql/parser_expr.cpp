// Expressions, by precedence climbing. Zone: pure; throws ParseError to its statement.
#include <algorithm>

#include "tsql/parser.hpp"

namespace lakemover::tsql {

ExprPtr Parser::make(Ex kind, const Position& at) {
    auto e = std::make_unique<Expr>();
    e->kind = kind;
    e->at = at;
    return e;
}

// Fixes the end and the depth of a node whose children are complete.
ExprPtr Parser::done(ExprPtr e) const {
    e->end = last_end();
    for (const ExprPtr& arg : e->args) {
        if (arg) e->depth = std::max(e->depth, arg->depth + 1);
    }
    if (e->query) e->depth = std::max(e->depth, e->query->depth + 1);
    if (e->depth > kMaxTree) fail("expression is too long or nested too deeply");
    return e;
}

ExprPtr Parser::binary(ExprPtr left, std::string op, ExprPtr right) const {
    auto e = std::make_unique<Expr>();
    e->kind = Ex::kBinaryOp;
    e->at = left->at;
    e->text = std::move(op);
    e->args.push_back(std::move(left));
    e->args.push_back(std::move(right));
    return done(std::move(e));
}

ExprPtr Parser::lone_expression() {
    ExprPtr e = expression();
    if (peek().kind != Tok::kEnd) fail("the expression should end here");
    return e;
}

TypeName Parser::lone_type() { return type_name(); }

ExprPtr Parser::expression() {
    const Nested nested(*this);
    ExprPtr left = and_expression();
    while (take("OR")) left = binary(std::move(left), "OR", and_expression());
    return left;
}

ExprPtr Parser::and_expression() {
    ExprPtr left = not_expression();
    while (take("AND")) left = binary(std::move(left), "AND", not_expression());
    return left;
}

ExprPtr Parser::not_expression() {
    if (!is("NOT")) return predicate();
    const Nested nested(*this);
    ExprPtr e = make(Ex::kUnary, peek().at);
    take("NOT");
    e->text = "NOT";
    e->args.push_back(not_expression());
    return done(std::move(e));
}

ExprPtr Parser::predicate() {
    ExprPtr left = additive();
    for (;;) {
        if (is_any({"=", "<>", "!=", "<", ">", "<=", ">=", "!<", "!>"})) {
            std::string op = peek().upper;
            ++pos_;
            if (is_any({"ALL", "ANY", "SOME"}) && is("(", 1)) {
                ExprPtr q = make(Ex::kQuantified, peek().at);
                q->text = peek().upper;
                pos_ += 2;
                q->query = query();
                expect(")");
                left = binary(std::move(left), std::move(op), done(std::move(q)));
            } else {
                left = binary(std::move(left), std::move(op), additive());
            }
            continue;
        }
        if (is("IS")) {
            ExprPtr e = make(Ex::kIsNull, left->at);
            take("IS");
            e->negated = take("NOT");
            expect("NULL");
            e->args.push_back(std::move(left));
            left = done(std::move(e));
            continue;
        }
        const bool negated = is("NOT") && is_any({"IN", "LIKE", "BETWEEN"}, 1);
        if (negated) take("NOT");
        if (take("BETWEEN")) {
            ExprPtr e = make(Ex::kBetween, left->at);
            e->args.push_back(std::move(left));
            e->args.push_back(additive());
            expect("AND");
            e->args.push_back(additive());
            e->negated = negated;
            left = done(std::move(e));
        } else if (take("LIKE")) {
            ExprPtr e = make(Ex::kLike, left->at);
            e->args.push_back(std::move(left));
            e->args.push_back(additive());
            if (take("ESCAPE")) e->args.push_back(additive());
            e->negated = negated;
            left = done(std::move(e));
        } else if (take("IN")) {
            ExprPtr e = make(Ex::kIn, left->at);
            e->negated = negated;
            e->args.push_back(std::move(left));
            expect("(");
            if (is_any({"SELECT", "WITH"})) {
                e->query = query();
            } else {
                for (ExprPtr& value : expressions()) e->args.push_back(std::move(value));
            }
            expect(")");
            left = done(std::move(e));
        } else {
            return left;
        }
    }
}

ExprPtr Parser::additive() {
    ExprPtr left = multiplicative();
    while (is_any({"+", "-", "&", "|", "^"})) {
        std::string op = peek().upper;
        ++pos_;
        left = binary(std::move(left), std::move(op), multiplicative());
    }
    return left;
}

ExprPtr Parser::multiplicative() {
    ExprPtr left = unary();
    while (is_any({"*", "/", "%"})) {
        std::string op = peek().upper;
        ++pos_;
        left = binary(std::move(left), std::move(op), unary());
    }
    return left;
}

ExprPtr Parser::unary() {
    if (is_any({"-", "+", "~"})) {
        const Nested nested(*this);
        ExprPtr e = make(Ex::kUnary, peek().at);
        e->text = peek().upper;
        ++pos_;
        e->args.push_back(unary());
        return done(std::move(e));
    }
    ExprPtr e = primary();
    for (;;) {
        if (take("COLLATE")) {
            ExprPtr c = make(Ex::kCollate, e->at);
            c->text = name_part();
            c->args.push_back(std::move(e));
            e = done(std::move(c));
        } else if (is("AT") && is("TIME", 1) && is("ZONE", 2)) {
            ExprPtr c = make(Ex::kAtTimeZone, e->at);
            pos_ += 3;
            c->args.push_back(std::move(e));
            c->args.push_back(primary());
            e = done(std::move(c));
        } else if (is(".") && is_name(1) && is("(", 2)) {
            ExprPtr m = make(Ex::kMethod, e->at);
            ++pos_;
            m->text = name_part();
            m->args.push_back(std::move(e));
            expect("(");
            if (!is(")")) {
                for (ExprPtr& arg : expressions()) m->args.push_back(std::move(arg));
            }
            expect(")");
            e = done(std::move(m));
        } else {
            return e;
        }
    }
}

ExprPtr Parser::primary() {
    const Token& t = peek();
    ExprPtr e = make(Ex::kNull, t.at);
    e->text = t.value;
    switch (t.kind) {
        case Tok::kInteger:
        case Tok::kDecimal:
        case Tok::kFloat: e->kind = Ex::kNumber; break;
        case Tok::kMoney: e->kind = Ex::kMoney; break;
        case Tok::kString:
        case Tok::kNString: e->kind = Ex::kString; break;
        case Tok::kBinary: e->kind = Ex::kBinary; break;
        case Tok::kVariable: e->kind = Ex::kVariable; break;
        case Tok::kGlobal: e->kind = Ex::kGlobal; break;
        case Tok::kQuoted: return name_expression();
        case Tok::kError: fail(t.value);
        case Tok::kWord: {
            if (t.upper == "NULL") break;
            if (t.upper == "CASE") return case_expression();
            if (t.upper == "EXISTS") {
                ++pos_;
                expect("(");
                e->kind = Ex::kExists;
                e->query = query();
                expect(")");
                return done(std::move(e));
            }
            if (t.upper == "DEFAULT") {
                e->kind = Ex::kDefault;
                break;
            }
            if (is("(", 1) && (t.upper == "CAST" || t.upper == "TRY_CAST" || t.upper == "CONVERT" ||
                               t.upper == "TRY_CONVERT" || t.upper == "PARSE" || t.upper == "TRY_PARSE")) {
                return cast_expression();
            }
            return name_expression();
        }
        case Tok::kOperator:
            if (t.upper == "(") return parenthesised();
            if (t.upper == "*") {
                e->kind = Ex::kStar;
                break;
            }
            [[fallthrough]];
        default: fail("an expression was expected here");
    }
    ++pos_;
    return done(std::move(e));
}

ExprPtr Parser::parenthesised() {
    const Nested nested(*this);
    ExprPtr e = make(Ex::kParen, peek().at);
    expect("(");
    if (is_any({"SELECT", "WITH"})) {
        e->kind = Ex::kSubquery;
        e->query = query();
    } else {
        e->args.push_back(expression());
    }
    expect(")");
    return done(std::move(e));
}

ExprPtr Parser::case_expression() {
    const Nested nested(*this);
    ExprPtr e = make(Ex::kCase, peek().at);
    expect("CASE");
    e->args.push_back(is("WHEN") ? nullptr : expression());
    while (take("WHEN")) {
        e->args.push_back(expression());
        expect("THEN");
        e->args.push_back(expression());
    }
    if (e->args.size() < 3) fail("WHEN was expected here");
    e->args.push_back(take("ELSE") ? expression() : nullptr);
    expect("END");
    return done(std::move(e));
}

ExprPtr Parser::cast_expression() {
    const Nested nested(*this);
    ExprPtr e = make(Ex::kCast, peek().at);
    e->text = peek().upper;
    pos_ += 2;
    if (e->text == "CONVERT" || e->text == "TRY_CONVERT") {
        e->type = type_name();
        expect(",");
        e->args.push_back(expression());
        if (take(",")) e->args.push_back(expression());
    } else {
        e->args.push_back(expression());
        expect("AS");
        e->type = type_name();
        if (take("USING")) e->args.push_back(expression());
    }
    expect(")");
    return done(std::move(e));
}

ExprPtr Parser::name_expression() {
    const Position at = peek().at;
    // LEFT(s, n), RIGHT(s, n) and UPDATE(column) are functions in spite of their reserved names.
    const bool reserved_function = is_any({"LEFT", "RIGHT", "UPDATE"}) && is("(", 1);
    if (!is_name() && !reserved_function) fail("\"" + peek().text + "\" was not expected here");
    Name name{name_part()};
    while (is(".")) {
        if (is("*", 1)) {
            pos_ += 2;
            ExprPtr star = make(Ex::kStar, at);
            star->name = std::move(name);
            return done(std::move(star));
        }
        if (is(".", 1)) {
            ++pos_;
            name.emplace_back();
            continue;
        }
        if (!is_name(1)) break;
        ++pos_;
        name.push_back(name_part());
    }
    if (is("(")) return call(std::move(name), at);
    ExprPtr e = make(Ex::kColumn, at);
    e->name = std::move(name);
    return done(std::move(e));
}

ExprPtr Parser::call(Name name, const Position& at) {
    const Nested nested(*this);
    ExprPtr e = make(Ex::kCall, at);
    e->name = std::move(name);
    if (e->name.size() == 1) e->text = upper_ascii(e->name[0]);
    expect("(");
    e->distinct = take("DISTINCT");
    if (!is(")")) e->args = expressions();
    expect(")");
    if (is("WITHIN") && is("GROUP", 1)) {
        pos_ += 2;
        expect("(");
        expect("ORDER");
        expect("BY");
        e->order = order_items();
        expect(")");
    }
    if (is("OVER") && is("(", 1)) {
        pos_ += 2;
        e->over = std::make_unique<Over>();
        if (take2("PARTITION", "BY")) e->over->partition = expressions();
        if (take2("ORDER", "BY")) e->over->order = order_items();
        while (!is(")")) {
            if (peek().kind == Tok::kEnd) fail("\")\" was expected here");
            e->over->frame += (e->over->frame.empty() ? "" : " ") + (peek().upper.empty() ? peek().text : peek().upper);
            ++pos_;
        }
        expect(")");
    }
    return done(std::move(e));
}

std::vector<ExprPtr> Parser::expressions() {
    std::vector<ExprPtr> list;
    do {
        list.push_back(expression());
    } while (take(","));
    return list;
}

std::vector<OrderItem> Parser::order_items() {
    std::vector<OrderItem> list;
    do {
        OrderItem item;
        item.expr = expression();
        item.descending = take("DESC");
        if (!item.descending) take("ASC");
        list.push_back(std::move(item));
    } while (take(","));
    return list;
}

TypeName Parser::type_name() {
    TypeName type;
    Name name = dotted_name();
    if (name.size() == 2 && lower_ascii(name[0]) == "sys") name.erase(name.begin());
    if (name.size() == 1) {
        type.name = upper_ascii(name[0]);
        if (type.name == "NATIONAL") type.name = "N" + upper_ascii(name_part());
        if (type.name == "DOUBLE" && take("PRECISION")) type.name = "FLOAT";
        if ((type.name == "CHAR" || type.name == "CHARACTER" || type.name == "NCHAR") && take("VARYING")) {
            type.name = type.name == "NCHAR" ? "NVARCHAR" : "VARCHAR";
        }
    } else {
        type.user = true;
        for (const std::string& part : name) type.name += (type.name.empty() ? "" : ".") + lower_ascii(part);
    }
    if (take("(")) {
        do {
            if (peek().kind == Tok::kEnd || is(")")) fail("a length was expected here");
            type.args.push_back(upper_ascii(peek().value));
            ++pos_;
        } while (take(","));
        expect(")");
    }
    return type;
}

}  // namespace lakemover::tsql
