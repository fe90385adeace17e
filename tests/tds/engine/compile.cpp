// See compile.hpp.
#include "engine/compile.hpp"

#include <algorithm>

#include "engine/context.hpp"
#include "engine/convert.hpp"
#include "engine/ddl.hpp"
#include "engine/dml.hpp"
#include "engine/moments.hpp"
#include "engine/numbers.hpp"
#include "engine/text.hpp"

namespace tds {

using ts::Ex;

namespace {

bool is_number(const Type& type) {
    return type.is_integer() || type.is_money() || type.kind == Kind::kDecimal || type.kind == Kind::kFloat ||
           type.kind == Kind::kReal;
}

Value integer_operation(char op, std::int64_t a, std::int64_t b, const Type& type) {
    Int128 result = 0;
    switch (op) {
        case '+': result = Int128(a) + b; break;
        case '-': result = Int128(a) - b; break;
        case '*': result = Int128(a) * b; break;
        case '&': result = a & b; break;
        case '|': result = a | b; break;
        case '^': result = a ^ b; break;
        default:
            if (b == 0) {
                throw SqlError(8134, 16, "Divide by zero error encountered.");
            }
            result = op == '/' ? Int128(a) / b : Int128(a) % b;
    }
    const Int128 limit = type.kind == Kind::kBigint     ? Int128(INT64_MAX)
                         : type.kind == Kind::kInt      ? INT32_MAX
                         : type.kind == Kind::kSmallint ? 32767
                                                        : 255;
    const Int128 low = type.kind == Kind::kTinyint ? 0 : -limit - 1;
    if (result > limit || result < low) {
        throw overflow(type);
    }
    return static_cast<std::int64_t>(result);
}

}  // namespace

void Compiler::unknown(const ts::Expr& e, const std::string& what) const {
    const std::size_t from = std::min(e.at.offset, source_.size());
    throw SqlError(102, 15,
                   what + " is not known to the test server: " +
                       source_.substr(from, std::min<std::size_t>(e.end > from ? e.end - from : 60, 200)));
}

Compiled Compiler::constant(Type type, Value value) {
    const bool null = is_null(value);
    return {std::move(type), null, true, false, [value = std::move(value)](const Frame&) { return value; }};
}

Compiled Compiler::folded(Compiled e) {
    if (!e.constant) {
        return e;
    }
    Compiled result = constant(e.type, e.value({}));
    result.null_literal = e.null_literal;
    return result;
}

Compiled Compiler::converted(Compiled e, const Type& to) {
    const bool same = e.type.kind == to.kind && e.type.length == to.length && e.type.precision == to.precision &&
                      e.type.scale == to.scale;
    if (same) {
        return e;
    }
    Compiled result{to, e.nullable, e.constant, false,
                    [value = e.value, from = e.type, to](const Frame& f) { return convert(value(f), from, to); }};
    return folded(std::move(result));
}

std::vector<Compiled> Compiler::arguments(const ts::Expr& e, std::size_t from) {
    std::vector<Compiled> all;
    for (std::size_t i = from; i < e.args.size(); ++i) {
        all.push_back(expression(*e.args[i]));
    }
    return all;
}

std::string Compiler::word(const ts::Expr& e) const {
    if (e.kind != Ex::kColumn || e.name.size() != 1) {
        unknown(e, "this word");
    }
    return ts::upper_ascii(e.name[0]);
}

Compiled Compiler::expression(const ts::Expr& e) {
    if (const auto found = replaced_.find(&e); found != replaced_.end()) {
        const std::size_t index = found->second.first;
        return {found->second.second, true, false, false, [index](const Frame& f) { return (*f.row)[index]; }};
    }
    switch (e.kind) {
        case Ex::kNull: {
            Compiled null = constant({Kind::kInt}, {});
            null.null_literal = true;
            return null;
        }
        case Ex::kNumber: return number(e);
        case Ex::kString: return string(e);
        case Ex::kBinary: {
            std::string digits = e.text.substr(2);
            if (digits.size() % 2 == 1) {
                digits.insert(0, "0");
            }
            std::string bytes;
            for (std::size_t i = 0; i < digits.size(); i += 2) {
                bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
            }
            const int length = std::max<int>(static_cast<int>(bytes.size()), 1);
            return constant({Kind::kVarbinary, length > 8000 ? kMaxLength : length}, bytes);
        }
        case Ex::kMoney: {
            std::string text = e.text;
            std::erase(text, '$');
            return constant({Kind::kMoney}, static_cast<std::int64_t>(parse_decimal(text, 4, "money")));
        }
        case Ex::kVariable: {
            const auto found = context_.variables.find(ts::upper_ascii(e.text));
            if (found == context_.variables.end()) {
                throw SqlError(137, 15, "Must declare the scalar variable \"" + e.text + "\".");
            }
            return found->second;
        }
        case Ex::kGlobal: {
            const std::string name = ts::upper_ascii(e.text);
            if (name == "@@SPID") return constant({Kind::kSmallint}, std::int64_t{context_.spid()});
            if (name == "@@TRANCOUNT") return constant({Kind::kInt}, std::int64_t{context_.transactions()});
            if (name == "@@DBTS") return constant({Kind::kBinary, 8}, last_rowversion_bytes());
            if (name == "@@VERSION") return constant({Kind::kNvarchar, 300}, utf16(context_.facts().banner));
            unknown(e, "this variable");
        }
        case Ex::kColumn: return column(e);
        case Ex::kUnary: return unary(e);
        case Ex::kBinaryOp: return arithmetic(e);
        case Ex::kCase: return case_of(e);
        case Ex::kCast: return cast(e);
        case Ex::kCall: return e.name.size() > 1 ? method(e) : call_function(*this, e);
        case Ex::kSubquery: return subquery(e);
        case Ex::kCollate: {
            Compiled inner = expression(*e.args[0]);
            if (!inner.type.is_character()) {
                unknown(e, "COLLATE on what is no text");
            }
            // The characters stay; what they mean in bytes and in comparisons changes.
            inner.type.collation = e.text;
            return inner;
        }
        case Ex::kParen: return expression(*e.args[0]);
        case Ex::kMethod: return method(e);
        default: unknown(e, "this kind of expression");
    }
}

Compiled Compiler::column(const ts::Expr& e) {
    if (e.name.size() == 2 && e.name[0] == "NEXT VALUE") {
        unknown(e, "NEXT VALUE");
    }
    int depth = 0;
    for (const Scope* scope = &scope_; scope != nullptr; scope = scope->outer, ++depth) {
        std::optional<std::size_t> found;
        for (std::size_t i = 0; i < scope->columns.size(); ++i) {
            const ScopeColumn& c = scope->columns[i];
            if (!same_name(c.name, e.name.back()) ||
                (e.name.size() > 1 && !same_name(c.table, e.name[e.name.size() - 2]))) {
                continue;
            }
            if (found) {
                throw SqlError(209, 16, "Ambiguous column name '" + e.name.back() + "'.");
            }
            found = i;
        }
        if (found) {
            const ScopeColumn& c = scope->columns[*found];
            if (c.clr) {
                throw SqlError(20001, 16,
                               "the test server gives values of column '" + c.name + "' only through their methods");
            }
            const std::size_t index = *found;
            if (depth == 0) {
                return {c.type, c.nullable, false, false, [index](const Frame& f) { return (*f.row)[index]; }};
            }
            return {c.type, c.nullable, false, false, [index, depth](const Frame& f) {
                        const Frame* at = &f;
                        for (int i = 0; i < depth; ++i) {
                            at = at->outer;
                        }
                        return (*at->row)[index];
                    }};
        }
    }
    throw SqlError(207, 16, "Invalid column name '" + e.name.back() + "'.");
}

Compiled Compiler::number(const ts::Expr& e) const {
    if (e.text.find_first_of("eE") != std::string::npos) {
        return constant({Kind::kFloat}, std::strtod(e.text.c_str(), nullptr));
    }
    const std::size_t point = e.text.find('.');
    if (point == std::string::npos && e.text.size() <= 10) {
        const std::int64_t value = std::stoll(e.text);
        if (value <= INT32_MAX) {
            return constant({Kind::kInt}, value);
        }
    }
    const int scale = point == std::string::npos ? 0 : static_cast<int>(e.text.size() - point - 1);
    int precision = 0;
    for (const char c : e.text) {
        precision += c >= '0' && c <= '9' ? 1 : 0;
    }
    return constant({Kind::kDecimal, 0, std::max(precision, 1), scale}, parse_decimal(e.text, scale, "numeric"));
}

Compiled Compiler::string(const ts::Expr& e) const {
    const char first = e.at.offset < source_.size() ? source_[e.at.offset] : '\'';
    const std::u16string text = utf16(e.text);
    const bool wide = first == 'N' || first == 'n';
    if (wide) {
        const int length = std::max<int>(static_cast<int>(text.size()), 1);
        return constant({Kind::kNvarchar, length > 4000 ? kMaxLength : length}, text);
    }
    const std::string bytes = to_code_page(text, context_.database().collation);
    const int length = std::max<int>(static_cast<int>(bytes.size()), 1);
    return constant({Kind::kVarchar, length > 8000 ? kMaxLength : length, 0, 0, context_.database().collation},
                    from_code_page(bytes, context_.database().collation));
}

Compiled Compiler::unary(const ts::Expr& e) {
    if (e.text != "-" && e.text != "+") {
        unknown(e, "this operator");
    }
    Compiled inner = expression(*e.args[0]);
    if (e.text == "+") {
        return inner;
    }
    // -2147483648 and -9223372036854775808 are written as the negation of what does not fit.
    if (inner.constant && inner.type.kind == Kind::kDecimal && inner.type.scale == 0) {
        const Int128 value = -std::get<Int128>(inner.value({}));
        if (value == INT32_MIN) {
            return constant({Kind::kInt}, static_cast<std::int64_t>(value));
        }
    }
    return folded({inner.type, inner.nullable, inner.constant, false,
                   [value = inner.value, type = inner.type](const Frame& f) -> Value {
                       const Value v = value(f);
                       if (is_null(v)) return {};
                       if (const auto* n = std::get_if<std::int64_t>(&v)) return -*n;
                       if (const auto* d = std::get_if<double>(&v)) return -*d;
                       if (const auto* x = std::get_if<Int128>(&v)) return -*x;
                       throw SqlError(8117, 16,
                                      "Operand data type " + base_name(type) + " is invalid for minus operator.");
                   }});
}

Compiled Compiler::concatenation(Compiled a, Compiled b) {
    Type type = common_type(a.type, b.type);
    const bool max = a.type.length == kMaxLength || b.type.length == kMaxLength;
    const int most = type.is_wide() ? 4000 : 8000;
    type.kind = type.is_binary() ? Kind::kVarbinary : type.is_wide() ? Kind::kNvarchar : Kind::kVarchar;
    type.length = max ? kMaxLength : std::min(a.type.length + b.type.length, most);
    Type each = type;
    each.length = kMaxLength;
    return folded({type, a.nullable || b.nullable, a.constant && b.constant, false,
                   [x = a.value, y = b.value, from = a.type, other = b.type, each, type](const Frame& f) -> Value {
                       const Value left = convert(x(f), from, each);
                       const Value right = convert(y(f), other, each);
                       if (is_null(left) || is_null(right)) return {};
                       if (type.is_binary()) return std::get<std::string>(left) + std::get<std::string>(right);
                       return convert(std::get<std::u16string>(left) + std::get<std::u16string>(right), each, type);
                   }});
}

Compiled Compiler::arithmetic(const ts::Expr& e) {
    Compiled a = expression(*e.args[0]);
    Compiled b = expression(*e.args[1]);
    if (e.text.size() != 1 || std::string("+-*/%&|^").find(e.text[0]) == std::string::npos) {
        unknown(e, "a condition where a value should be");
    }
    const char op = e.text[0];
    if (a.null_literal) a.type = b.type;
    if (b.null_literal) b.type = a.type;
    const bool text = (a.type.is_character() || a.type.is_binary()) && (b.type.is_character() || b.type.is_binary());
    if (op == '+' && text) {
        return concatenation(std::move(a), std::move(b));
    }
    if (!is_number(a.type) && !is_number(b.type)) {
        unknown(e, "arithmetic over " + base_name(a.type) + " and " + base_name(b.type));
    }
    const Type both = common_type(a.type, b.type);
    const bool nullable = a.nullable || b.nullable;
    const bool constant_result = a.constant && b.constant;
    if (both.kind == Kind::kFloat || both.kind == Kind::kReal) {
        const Compiled x = converted(a, {Kind::kFloat});
        const Compiled y = converted(b, {Kind::kFloat});
        return folded(
            {{Kind::kFloat}, nullable, constant_result, false, [x = x.value, y = y.value, op](const Frame& f) -> Value {
                 const Value left = x(f);
                 const Value right = y(f);
                 if (is_null(left) || is_null(right)) return {};
                 const double m = std::get<double>(left);
                 const double n = std::get<double>(right);
                 if (op == '/' && n == 0) throw SqlError(8134, 16, "Divide by zero error encountered.");
                 return op == '+' ? m + n : op == '-' ? m - n : op == '*' ? m * n : m / n;
             }});
    }
    if (both.is_money() || both.kind == Kind::kDecimal) {
        const Type x_type = as_decimal(a.type);
        const Type y_type = as_decimal(b.type);
        const Type result = both.is_money() ? Type{Kind::kDecimal, 0, 19, 4} : decimal_result(op, x_type, y_type);
        const Compiled x = converted(a, x_type);
        const Compiled y = converted(b, y_type);
        Compiled made = folded({result, nullable, constant_result, false,
                                [x = x.value, y = y.value, op, x_type, y_type, result](const Frame& f) -> Value {
                                    const Value left = x(f);
                                    const Value right = y(f);
                                    if (is_null(left) || is_null(right)) return {};
                                    return decimal_operation(op, std::get<Int128>(left), x_type,
                                                             std::get<Int128>(right), y_type, result);
                                }});
        return both.is_money() ? converted(std::move(made), both) : made;
    }
    const Type type = both.kind == Kind::kBit ? Type{Kind::kInt} : both;
    const Compiled x = converted(a, type);
    const Compiled y = converted(b, type);
    return folded(
        {type, nullable, constant_result, false, [x = x.value, y = y.value, op, type](const Frame& f) -> Value {
             const Value left = x(f);
             const Value right = y(f);
             if (is_null(left) || is_null(right)) return {};
             return integer_operation(op, std::get<std::int64_t>(left), std::get<std::int64_t>(right), type);
         }});
}

Type type_of_all(const std::vector<Compiled>& all) {
    std::optional<Type> type;
    for (const Compiled& e : all) {
        if (!e.null_literal) {
            type = type ? common_type(*type, e.type) : e.type;
        }
    }
    return type.value_or(Type{Kind::kInt});
}

Compiled Compiler::case_of(const ts::Expr& e) {
    std::vector<Test> tests;
    std::vector<Compiled> results;
    for (std::size_t i = 1; i + 2 < e.args.size() + 0; i += 2) {
        tests.push_back(e.args[0] ? comparison("=", *e.args[0], *e.args[i]) : condition(*e.args[i]));
        results.push_back(expression(*e.args[i + 1]));
    }
    if (e.args.back()) {
        results.push_back(expression(*e.args.back()));
    }
    const Type type = type_of_all(results);
    bool nullable = !e.args.back();
    std::vector<std::function<Value(const Frame&)>> values;
    for (Compiled& result : results) {
        nullable = nullable || result.nullable;
        values.push_back(converted(result, type).value);
    }
    return {type, nullable, false, false, [tests, values](const Frame& f) -> Value {
                for (std::size_t i = 0; i < tests.size(); ++i) {
                    if (tests[i](f) == 1) return values[i](f);
                }
                return values.size() > tests.size() ? values.back()(f) : Value();
            }};
}

Compiled Compiler::cast(const ts::Expr& e) {
    Compiled inner = expression(*e.args[0]);
    std::vector<std::string> name;
    std::string rest = e.type.name;
    for (std::size_t dot = rest.find('.'); dot != std::string::npos; dot = rest.find('.')) {
        name.push_back(rest.substr(0, dot));
        rest = rest.substr(dot + 1);
    }
    name.push_back(rest);
    Type to = type_of(context_.database(), name, e.type.args, 30);
    if (to.is_character() && inner.type.is_character()) {
        to.collation = inner.type.collation;
    }
    int style = kNoStyle;
    if (e.args.size() > 1) {
        const Compiled given = folded(expression(*e.args[1]));
        if (!given.constant || given.type.kind != Kind::kInt) {
            unknown(e, "a style that is no constant");
        }
        style = static_cast<int>(std::get<std::int64_t>(given.value({})));
    }
    const bool trying = e.text.starts_with("TRY_");
    if (inner.null_literal) {
        return constant(to, {});
    }
    return folded({to, inner.nullable || trying, inner.constant, false,
                   [value = inner.value, from = inner.type, to, style, trying](const Frame& f) -> Value {
                       try {
                           return convert(value(f), from, to, style);
                       } catch (const SqlError&) {
                           if (trying) return {};
                           throw;
                       }
                   }});
}

// column.Method(), which the parser takes for a call of a function with a dotted name where there is a table before it.
Compiled Compiler::method(const ts::Expr& e) {
    const bool dotted = e.kind == Ex::kCall;
    const std::string& name = dotted ? e.name.back() : e.text;
    const bool known = name == "ToString" || name == "AsTextZM";
    const bool column = dotted ? e.name.size() > 1 : e.args[0]->kind == Ex::kColumn;
    if (!known || !column || e.args.size() != (dotted ? 0U : 1U)) {
        unknown(e, "this method");
    }
    const std::string& on = dotted ? e.name[e.name.size() - 2] : e.args[0]->name.back();
    for (std::size_t i = 0; i < scope_.columns.size(); ++i) {
        const ScopeColumn& c = scope_.columns[i];
        if (same_name(c.name, on) && c.clr) {
            return {{Kind::kNvarchar, name == "ToString" ? 4000 : kMaxLength}, true, false, false, [i](const Frame& f) {
                        return (*f.row)[i];
                    }};
        }
    }
    throw SqlError(258, 15, "Cannot call methods on " + on + ".");
}

Compiled Compiler::subquery(const ts::Expr& e) {
    // Its type is found by running it once over nothing: with an outer row of NULLs.
    const Row nulls(scope_.columns.size() + 64);
    const Frame outermost{&nulls, nullptr};
    const Frame outer{&nulls, &outermost};
    const Frame empty{&nulls, &outer};
    const Relation described = run_query(context_, *e.query, source_, &scope_, &empty);
    if (described.columns.size() != 1) {
        unknown(e, "a subquery of several columns");
    }
    return {
        described.columns[0].type, true, false, false,
        [this_context = &context_, query = e.query.get(), source = source_, scope = scope_](const Frame& f) -> Value {
            const Relation found = run_query(*this_context, *query, source, &scope, &f);
            if (found.rows->size() > 1) {
                throw SqlError(512, 16, "Subquery returned more than 1 value.");
            }
            return found.rows->empty() ? Value() : found.rows->at(0).at(0);
        }};
}

}  // namespace tds
