// See expression.hpp. The tree is looked at, and changed where SQL Server compares strings otherwise, before
// the converter's emitter writes it. Zone: pure.
#include "tsql/expression.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "tsql/emitter.hpp"
#include "tsql/parser.hpp"

namespace lakemover::tsql {

namespace {

struct Problem {
    std::string text;
};

struct Known {
    Out out;
    bool folds = false;  // its collation ignores case
};

std::string quoted(std::string_view name) {
    std::string text = "\"";
    for (const char c : name) text += c == '"' ? "\"\"" : std::string(1, c);
    return text + "\"";
}

bool ignores_case(std::string_view collation) {
    const std::string upper = upper_ascii(collation);
    return upper.find("_CS") == std::string::npos && upper.find("_BIN") == std::string::npos;
}

bool is_time(Family f) {
    return f == Family::kDate || f == Family::kTime || f == Family::kDatetime || f == Family::kOffset;
}

class Reader {
public:
    explicit Reader(const std::vector<ExpressionColumn>& columns) {
        for (const ExpressionColumn& c : columns) {
            Known k;
            k.out.sql = quoted(c.name);
            k.out.type = type_of_text(c.type);
            k.folds = ignores_case(c.collation);
            exact_.emplace(c.name, k);
            folded_.emplace(lower_ascii(c.name), k);
        }
    }

    std::map<std::string, Out> outs() const {
        std::map<std::string, Out> all;
        for (const auto& [name, k] : folded_) all.emplace(name, k.out);
        for (const auto& [name, k] : exact_) all.insert_or_assign(name, k.out);
        return all;
    }

    // Refuses what has no certain meaning outside of its database, and makes comparisons of strings explicit.
    void walk(ExprPtr& e) {
        if (!e) return;
        switch (e->kind) {
            case Ex::kColumn:
                if (e->name.size() != 1) throw Problem{"it names something outside of its table"};
                break;
            case Ex::kVariable:
            case Ex::kGlobal:
            case Ex::kSubquery:
            case Ex::kExists:
            case Ex::kQuantified:
            case Ex::kStar:
            case Ex::kDefault: throw Problem{"it holds more than an expression over its row"};
            case Ex::kCall:
                if (e->name.size() > 1) throw Problem{"it calls the function " + e->name.back()};
                if (e->over || e->distinct) throw Problem{"it holds more than an expression over its row"};
                break;
            case Ex::kParen: {
                Expr* in = e->args[0].get();
                if (in->kind == Ex::kNumber || in->kind == Ex::kString || in->kind == Ex::kParen ||
                    in->kind == Ex::kNull || in->kind == Ex::kColumn || in->kind == Ex::kCall) {
                    ExprPtr inside = std::move(e->args[0]);
                    e = std::move(inside);
                    walk(e);
                    return;
                }
                break;
            }
            default: break;
        }
        if (e->kind == Ex::kIn && e->query) throw Problem{"it holds more than an expression over its row"};
        // the first argument of DATEADD and its like is a word, not a column
        const bool part = e->kind == Ex::kCall && e->text.rfind("DATE", 0) == 0 && e->text != "DATEFROMPARTS";
        for (std::size_t i = part ? 1 : 0; i < e->args.size(); ++i) walk(e->args[i]);
        const bool equality = e->kind == Ex::kBinaryOp && (e->text == "=" || e->text == "<>" || e->text == "!=");
        const bool order = e->kind == Ex::kBetween ||
                           (e->kind == Ex::kBinaryOp && (e->text == "<" || e->text == ">" || e->text == "<=" ||
                                                         e->text == ">=" || e->text == "!<" || e->text == "!>"));
        if (equality || order || e->kind == Ex::kIn || e->kind == Ex::kLike) compare(*e, order);
        if (e->kind == Ex::kBinaryOp && e->text == "/" && !(is_integer(*e->args[0]) && is_integer(*e->args[1]))) {
            throw Problem{"it divides numbers with decimals, which the engines round differently"};
        }
    }

private:
    const Known* column(const Expr& e) const {
        if (e.kind != Ex::kColumn) return nullptr;
        const auto exact = exact_.find(e.name[0]);
        if (exact != exact_.end()) return &exact->second;
        const auto folded = folded_.find(lower_ascii(e.name[0]));
        return folded == folded_.end() ? nullptr : &folded->second;
    }

    bool is_integer(const Expr& e) const {
        if (e.kind == Ex::kNumber) return e.text.find_first_of(".eE") == std::string::npos;
        if (e.kind == Ex::kParen || e.kind == Ex::kUnary) return is_integer(*e.args[0]);
        if (e.kind == Ex::kBinaryOp) return is_integer(*e.args[0]) && is_integer(*e.args[1]);
        const Known* c = column(e);
        return c != nullptr && c->out.type.family == Family::kInt;
    }

    bool is_string(const Expr& e) const {
        static const std::set<std::string, std::less<>> functions = {
            "UPPER", "LOWER", "LTRIM", "RTRIM", "TRIM", "LEFT", "RIGHT", "SUBSTRING", "REPLACE", "REPLICATE", "CONCAT"};
        if (e.kind == Ex::kString) return true;
        if (e.kind == Ex::kCall) {
            return functions.count(e.text) > 0 ||
                   ((e.text == "ISNULL" || e.text == "COALESCE") && !e.args.empty() && is_string(*e.args[0]));
        }
        if (e.kind == Ex::kCast) return map_type(e.type, true).family == Family::kString;
        if (e.kind == Ex::kParen) return is_string(*e.args[0]);
        if (e.kind == Ex::kBinaryOp) return e.text == "+" && (is_string(*e.args[0]) || is_string(*e.args[1]));
        const Known* c = column(e);
        return c != nullptr && c->out.type.family == Family::kString;
    }

    // Whether a column in e, or no column at all (the database's collation, which is not known here), ignores case.
    void collations(const Expr& e, bool& any, bool& folds) const {
        if (const Known* c = column(e); c != nullptr && c->out.type.family == Family::kString) {
            any = true;
            folds = folds || c->folds;
        }
        for (const ExprPtr& a : e.args) {
            if (a) collations(*a, any, folds);
        }
    }

    static void wrap(ExprPtr& e, const char* function) {
        auto call = std::make_unique<Expr>();
        call->kind = Ex::kCall;
        call->at = e->at;
        call->text = function;
        call->name = {function};
        call->args.push_back(std::move(e));
        e = std::move(call);
    }

    void compare(Expr& e, bool order) const {
        bool strings = false;
        bool times = false;
        for (const ExprPtr& a : e.args) {
            if (!a) continue;
            const Known* c = column(*a);
            times = times || (c != nullptr && is_time(c->out.type.family)) ||
                    (a->kind == Ex::kCall && a->text == "GETDATE");
            strings = strings || (is_string(*a) && a->kind != Ex::kString);
        }
        for (const ExprPtr& a : e.args) {
            if (times && a->kind == Ex::kString && !plain_date(a->text)) {
                throw Problem{"it compares a date with '" + a->text + "', whose meaning depends on the session"};
            }
        }
        if (times) return;
        if (!strings) return;
        if (order) throw Problem{"it orders strings, which the collations of the engines do differently"};
        bool any = false;
        bool folds = false;
        collations(e, any, folds);
        folds = folds || !any;
        const bool like = e.kind == Ex::kLike;
        // = ignores trailing blanks in every collation, LIKE in none
        for (std::size_t i = 0; i < (like ? std::min<std::size_t>(2, e.args.size()) : e.args.size()); ++i) {
            ExprPtr& a = e.args[i];
            if (a->kind == Ex::kNull || !is_string(*a)) continue;
            if (a->kind == Ex::kString) {
                if (!like) a->text.erase(a->text.find_last_not_of(' ') + 1);
                const bool ascii = std::all_of(a->text.begin(), a->text.end(),
                                               [](char c) { return static_cast<unsigned char>(c) < 128; });
                if (folds && ascii) a->text = lower_ascii(a->text);
                if (folds && !ascii) wrap(a, "LOWER");
                continue;
            }
            if (!like) wrap(a, "RTRIM");
            if (folds) wrap(a, "LOWER");
        }
    }

    std::map<std::string, Known> exact_;
    std::map<std::string, Known> folded_;
};

// (NEXT VALUE FOR [schema].[name]), however many parentheses; empty when it is something else.
std::string next_value(const Lexed& lexed) {
    std::size_t i = 0;
    const std::vector<Token>& t = lexed.tokens;
    while (i < t.size() && t[i].upper == "(") ++i;
    if (i + 3 >= t.size() || t[i].upper != "NEXT" || t[i + 1].upper != "VALUE" || t[i + 2].upper != "FOR") return "";
    std::vector<std::string> name;
    for (i += 3; i < t.size() && (t[i].kind == Tok::kQuoted || t[i].kind == Tok::kWord); ++i) {
        name.push_back(t[i].value);
        if (i + 1 >= t.size() || t[i + 1].upper != ".") break;
        ++i;
    }
    for (++i; i < t.size() && t[i].upper == ")"; ++i) {}
    if (name.size() != 2 || i >= t.size() || t[i].kind != Tok::kEnd)
        throw Problem{"its sequence's name has not two parts"};
    std::string text;
    for (const char c : quoted(name[0]) + "." + quoted(name[1])) text += c == '\'' ? "''" : std::string(1, c);
    return "nextval('" + text + "'::regclass)";
}

}  // namespace

Expression convert_expression(std::string_view text, const std::vector<ExpressionColumn>& columns) {
    try {
        const Lexed lexed = lex(text);
        if (std::string sql = next_value(lexed); !sql.empty()) return {std::move(sql), ""};
        Reader reader(columns);
        ExprPtr e = Parser(lexed.tokens, text).lone_expression();
        reader.walk(e);
        const Options options;
        const Catalog catalog;
        Emitter emitter(text, lexed, options, catalog, 0);
        std::string sql = emitter.lone_expression(*e, reader.outs());
        for (const Note& n : emitter.notes()) return {"", n.construct + ": " + n.why};
        return {std::move(sql), ""};
    } catch (const Problem& p) {
        return {"", p.text};
    } catch (const ParseError& p) {
        return {"", "it was not understood: " + p.message};
    } catch (const Unconvertible& u) {
        return {"", u.construct + ": " + u.why};
    }
}

}  // namespace lakemover::tsql
