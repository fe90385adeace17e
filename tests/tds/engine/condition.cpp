// Conditions of T-SQL, in three-valued logic. See compile.hpp.
#include "engine/compile.hpp"
#include "engine/context.hpp"
#include "engine/convert.hpp"
#include "engine/text.hpp"

namespace tds {

using ts::Ex;

Test Compiler::comparison(const std::string& op, const ts::Expr& left, const ts::Expr& right) {
    Compiled a = expression(left);
    Compiled b = expression(right);
    if (a.null_literal) a.type = b.type;
    if (b.null_literal) b.type = a.type;
    const Type type = common_type(a.type, b.type);
    // A collation that one side states is the comparison's.
    Type used = type;
    used.collation = !a.type.collation.empty() ? a.type.collation : b.type.collation;
    const auto x = converted(std::move(a), type).value;
    const auto y = converted(std::move(b), type).value;
    return [x, y, op, used](const Frame& f) {
        const Value l = x(f);
        const Value r = y(f);
        if (is_null(l) || is_null(r)) return -1;
        const int order = compare(l, r, used);
        const bool holds = op == "="                  ? order == 0
                           : op == "<"                ? order < 0
                           : op == ">"                ? order > 0
                           : op == "<=" || op == "!>" ? order <= 0
                           : op == ">=" || op == "!<" ? order >= 0
                                                      : order != 0;
        return holds ? 1 : 0;
    };
}

Test Compiler::membership(const ts::Expr& e) {
    if (!e.query) {
        std::vector<Test> tests;
        for (std::size_t i = 1; i < e.args.size(); ++i) {
            tests.push_back(comparison("=", *e.args[0], *e.args[i]));
        }
        return [tests, negated = e.negated](const Frame& f) {
            int result = 0;
            for (const Test& test : tests) {
                const int one = test(f);
                if (one == 1) return negated ? 0 : 1;
                result = one < 0 ? -1 : result;
            }
            return result < 0 ? -1 : negated ? 1 : 0;
        };
    }
    const Compiled value = expression(*e.args[0]);
    return [this_context = &context_, query = e.query.get(), source = source_, scope = scope_, value,
            negated = e.negated](const Frame& f) {
        const Value wanted = value.value(f);
        const Relation found = run_query(*this_context, *query, source, &scope, &f);
        const Type type = common_type(value.type, found.columns.at(0).type);
        if (is_null(wanted)) return -1;
        const Value mine = convert(wanted, value.type, type);
        bool null = false;
        for (const Row& row : *found.rows) {
            if (is_null(row[0])) {
                null = true;
            } else if (compare(mine, convert(row[0], found.columns[0].type, type), type) == 0) {
                return negated ? 0 : 1;
            }
        }
        return null ? -1 : negated ? 1 : 0;
    };
}

namespace {

// Whether a pattern's element at j matches c; j is behind it then. An element is a character, _ or [set].
bool one_matches(const std::u16string& wanted, std::size_t& j, char16_t c, bool fold) {
    const auto same = [fold](char16_t x) { return fold ? tds::folded(x) : x; };
    if (wanted[j] != u'[') {
        const bool hit = wanted[j] == u'_' || same(wanted[j]) == same(c);
        ++j;
        return hit;
    }
    const std::size_t end = std::min(wanted.find(u']', j + 1), wanted.size());
    const bool negated = j + 1 < end && wanted[j + 1] == u'^';
    bool hit = false;
    for (std::size_t k = j + (negated ? 2 : 1); k < end; ++k) {
        if (k + 2 < end && wanted[k + 1] == u'-') {
            hit = hit || (same(wanted[k]) <= same(c) && same(c) <= same(wanted[k + 2]));
            k += 2;
        } else {
            hit = hit || same(wanted[k]) == same(c);
        }
    }
    j = end + 1;
    return hit != negated;
}

bool matches(const std::u16string& text, std::size_t i, const std::u16string& wanted, std::size_t j, bool fold) {
    for (; j < wanted.size(); ++i) {
        if (wanted[j] == u'%') {
            for (std::size_t k = i; k <= text.size(); ++k) {
                if (matches(text, k, wanted, j + 1, fold)) return true;
            }
            return false;
        }
        if (i >= text.size() || !one_matches(wanted, j, text[i], fold)) return false;
    }
    return i == text.size();
}

}  // namespace

Test Compiler::like(const ts::Expr& e) {
    Compiled given = expression(*e.args[0]);
    const std::string collation = given.type.collation;
    const bool fold = !is_binary_collation(collation) && !is_case_sensitive(collation);
    const Compiled value = converted(std::move(given), {Kind::kNvarchar, kMaxLength});
    const Compiled pattern = converted(expression(*e.args[1]), {Kind::kNvarchar, kMaxLength});
    return [value, pattern, fold, negated = e.negated](const Frame& f) {
        const Value v = value.value(f);
        const Value p = pattern.value(f);
        if (is_null(v) || is_null(p)) return -1;
        return matches(std::get<std::u16string>(v), 0, std::get<std::u16string>(p), 0, fold) != negated ? 1 : 0;
    };
}

Test Compiler::condition(const ts::Expr& e) {
    switch (e.kind) {
        case Ex::kParen: return condition(*e.args[0]);
        case Ex::kUnary:
            if (e.text == "NOT") {
                return [inner = condition(*e.args[0])](const Frame& f) {
                    const int value = inner(f);
                    return value < 0 ? -1 : 1 - value;
                };
            }
            break;
        case Ex::kBinaryOp: {
            if (e.text == "AND") {
                return [a = condition(*e.args[0]), b = condition(*e.args[1])](const Frame& f) {
                    const int x = a(f);
                    if (x == 0) return 0;
                    const int y = b(f);
                    return y == 0 ? 0 : x < 0 || y < 0 ? -1 : 1;
                };
            }
            if (e.text == "OR") {
                return [a = condition(*e.args[0]), b = condition(*e.args[1])](const Frame& f) {
                    const int x = a(f);
                    if (x == 1) return 1;
                    const int y = b(f);
                    return y == 1 ? 1 : x < 0 || y < 0 ? -1 : 0;
                };
            }
            if (e.args[1]->kind == Ex::kQuantified) {
                unknown(e, "a quantified comparison");
            }
            return comparison(e.text, *e.args[0], *e.args[1]);
        }
        case Ex::kIsNull:
            return [value = expression(*e.args[0]).value, negated = e.negated](const Frame& f) {
                return is_null(value(f)) != negated ? 1 : 0;
            };
        case Ex::kBetween: {
            const Test low = comparison(">=", *e.args[0], *e.args[1]);
            const Test high = comparison("<=", *e.args[0], *e.args[2]);
            return [low, high, negated = e.negated](const Frame& f) {
                const int x = low(f);
                const int y = high(f);
                const int both = x == 0 || y == 0 ? 0 : x < 0 || y < 0 ? -1 : 1;
                return both < 0 ? -1 : negated ? 1 - both : both;
            };
        }
        case Ex::kIn: return membership(e);
        case Ex::kLike: return like(e);
        case Ex::kExists:
            return [this_context = &context_, query = e.query.get(), source = source_, scope = scope_](const Frame& f) {
                return run_query(*this_context, *query, source, &scope, &f).rows->empty() ? 0 : 1;
            };
        default: break;
    }
    unknown(e, "this condition");
}

}  // namespace tds
