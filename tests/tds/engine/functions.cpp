// Functions of T-SQL that the test server knows. See compile.hpp.
#include <algorithm>
#include <array>
#include <random>

#include "engine/catalog_types.hpp"
#include "engine/compile.hpp"
#include "engine/context.hpp"
#include "engine/convert.hpp"
#include "engine/moments.hpp"
#include "engine/text.hpp"

namespace tds {

namespace {

using Values = std::vector<Value>;
using Body = std::function<Value(const Values&)>;

const Type kName = {Kind::kNvarchar, 128};
const Type kInteger = {Kind::kInt};
const Type kText = {Kind::kNvarchar, kMaxLength};

// A function of its arguments' values; NULL when one is, unless it looks for itself.
Compiled pure(std::vector<Compiled> arguments, const Type& result, Body body, bool sees_null = false) {
    bool constant = true;
    std::vector<std::function<Value(const Frame&)>> values;
    for (Compiled& argument : arguments) {
        constant = constant && argument.constant;
        values.push_back(argument.value);
    }
    return Compiler::folded(
        {result, true, constant, false, [values, body = std::move(body), sees_null](const Frame& f) -> Value {
             Values given;
             for (const auto& value : values) {
                 given.push_back(value(f));
                 if (!sees_null && is_null(given.back())) return {};
             }
             return body(given);
         }});
}

std::vector<Compiled> as(std::vector<Compiled> arguments, const std::vector<Type>& types) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        arguments[i] = Compiler::converted(arguments[i], types[std::min(i, types.size() - 1)]);
    }
    return arguments;
}

const std::u16string& text(const Value& value) { return std::get<std::u16string>(value); }
std::int64_t integer(const Value& value) { return std::get<std::int64_t>(value); }

std::string bracketed(const std::string& name) {
    std::string quoted = "[";
    for (const char c : name) {
        quoted += c;
        if (c == ']') quoted += c;
    }
    return quoted + "]";
}

// [schema].[name], or name.
std::vector<std::string> split_name(const std::string& written) {
    std::vector<std::string> parts{""};
    bool quoted = false;
    for (std::size_t i = 0; i < written.size(); ++i) {
        const char c = written[i];
        if (quoted && c == ']' && i + 1 < written.size() && written[i + 1] == ']') {
            parts.back() += ']';
            ++i;
        } else if (c == '[' && !quoted) {
            quoted = true;
        } else if (c == ']' && quoted) {
            quoted = false;
        } else if (c == '.' && !quoted) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

StoredTable* table_named(Context& context, const std::string& written) {
    const auto parts = split_name(written);
    return context.database().table(parts.size() > 1 ? parts[parts.size() - 2] : "", parts.back());
}

Value server_property(Context& context, const std::string& name) {
    const ServerFacts& facts = context.facts();
    const auto variant = [](const std::string& value) -> Value { return std::vector<Variant>{{kName, utf16(value)}}; };
    if (same_name(name, "ProductVersion")) return variant(facts.version);
    if (same_name(name, "Edition")) return variant(facts.edition);
    if (same_name(name, "ServerName")) return variant(facts.name);
    if (same_name(name, "EngineEdition")) return std::vector<Variant>{{kInteger, std::int64_t{facts.engine_edition}}};
    throw SqlError(20002, 16, "the test server has no property " + name);
}

std::string random_bytes() {
    static thread_local std::mt19937_64 engine{std::random_device{}()};
    std::string bytes;
    for (int i = 0; i < 16; ++i) {
        bytes += static_cast<char>(engine() & 0xFFU);
    }
    return bytes;
}

Compiled moment_function(Compiler& compiler, const ts::Expr& e) {
    const std::string& name = e.text;
    if (name == "DATEADD") {
        const std::string part = compiler.word(*e.args[0]);
        Compiled number = Compiler::converted(compiler.expression(*e.args[1]), {Kind::kBigint});
        Compiled moment = compiler.expression(*e.args[2]);
        const Type type = moment.type.is_moment() ? moment.type : Type{Kind::kDatetime};
        moment = Compiler::converted(moment, type);
        return pure({number, moment}, type, [part, type](const Values& v) -> Value {
            return fitted(added(std::get<Moment>(v[1]), part, integer(v[0])), type);
        });
    }
    if (name == "DATEDIFF") {
        const std::string part = compiler.word(*e.args[0]);
        const Type type{Kind::kDatetime2, 0, 0, 7};
        return pure({Compiler::converted(compiler.expression(*e.args[1]), type),
                     Compiler::converted(compiler.expression(*e.args[2]), type)},
                    kInteger, [part](const Values& v) -> Value {
                        return difference(part, std::get<Moment>(v[0]), std::get<Moment>(v[1]));
                    });
    }
    const std::string part = name == "DATEPART" ? compiler.word(*e.args[0]) : name;
    return pure({Compiler::converted(compiler.expression(*e.args.back()), {Kind::kDatetime2, 0, 0, 7})}, kInteger,
                [part](const Values& v) -> Value { return std::int64_t{part_of(part, std::get<Moment>(v[0]))}; });
}

Compiled object_function(Compiler& compiler, const ts::Expr& e) {
    Context& context = compiler.context();
    Database& database = context.database();
    const std::string& name = e.text;
    std::vector<Compiled> arguments = compiler.arguments(e);
    const Type number{Kind::kDecimal, 0, 38, 0};
    if (name == "DB_ID")
        return pure(as(arguments, {kName}), {Kind::kSmallint}, [](const Values&) -> Value { return std::int64_t{5}; });
    if (name == "DB_NAME") return pure({}, kName, [&database](const Values&) -> Value { return utf16(database.name); });
    if (name == "SUSER_SNAME" || name == "CURRENT_USER" || name == "SYSTEM_USER") {
        return pure({}, kName, [user = context.login().user](const Values&) -> Value { return utf16(user); });
    }
    if (name == "SERVERPROPERTY") {
        return pure(as(arguments, {kName}), {Kind::kVariant},
                    [&context](const Values& v) { return server_property(context, utf8(text(v[0]))); });
    }
    if (name == "SCHEMA_NAME") {
        return pure(as(arguments, {kInteger}), kName, [&database](const Values& v) -> Value {
            const auto found = database.schemas.find(v.empty() ? 1 : static_cast<int>(integer(v[0])));
            return found == database.schemas.end() ? Value() : utf16(found->second);
        });
    }
    if (name == "SCHEMA_ID") {
        return pure(as(arguments, {kName}), kInteger, [&database](const Values& v) -> Value {
            const auto found = database.schema(utf8(text(v[0])));
            return found ? Value(std::int64_t{*found}) : Value();
        });
    }
    if (name == "OBJECT_ID") {
        arguments.resize(1);
        return pure(as(arguments, {kText}), kInteger, [&database](const Values& v) -> Value {
            const auto parts = split_name(utf8(text(v[0])));
            const auto found = database.object_id(parts.size() > 1 ? parts[parts.size() - 2] : "", parts.back());
            return found ? Value(std::int64_t{*found}) : Value();
        });
    }
    if (name == "TYPE_NAME") {
        return pure(as(arguments, {kInteger}), kName, [&context](const Values& v) -> Value {
            const auto found = type_name_of(context.database(), static_cast<int>(integer(v[0])));
            return found ? Value(utf16(*found)) : Value();
        });
    }
    if (name == "HAS_PERMS_BY_NAME") {
        const auto permitted = [&context](const Values& v) -> Value {
            // Of the server or the database: whoever is let in may do everything.
            if (is_null(v[1]) || utf8(text(v[1])) == "DATABASE") return std::int64_t{1};
            const StoredTable* table = is_null(v[0]) ? nullptr : table_named(context, utf8(text(v[0])));
            return table == nullptr ? Value()
                                    : Value(std::int64_t{table->unreadable_for.count(context.login().user) == 0});
        };
        return pure(as(arguments, {kText}), kInteger, permitted, true);
    }
    if (name == "IDENT_SEED" || name == "IDENT_INCR") {
        return pure(as(arguments, {kText}), number, [&context, seed = name == "IDENT_SEED"](const Values& v) -> Value {
            const StoredTable* table = table_named(context, utf8(text(v[0])));
            for (const StoredColumn& column : table == nullptr ? std::vector<StoredColumn>() : table->columns) {
                if (column.identity) return seed ? column.seed : column.increment;
            }
            return {};
        });
    }
    compiler.unknown(e, "the function " + name);
}

// CHARINDEX(what, where) and REPLACE(where, what, by); case counts only where a collation says so.
Compiled searching(std::vector<Compiled> arguments, bool replaces, Type result) {
    const std::string first = arguments.at(0).type.collation;
    const std::string collation = first.empty() ? arguments.at(1).type.collation : first;
    const bool fold = !is_binary_collation(collation) && !is_case_sensitive(collation);
    const auto find = [fold](const std::u16string& where, const std::u16string& what, std::size_t from) {
        const auto found =
            std::search(where.begin() + static_cast<std::ptrdiff_t>(from), where.end(), what.begin(), what.end(),
                        [fold](char16_t a, char16_t b) { return fold ? folded(a) == folded(b) : a == b; });
        return what.empty() || found == where.end() ? std::u16string::npos
                                                    : static_cast<std::size_t>(found - where.begin());
    };
    if (!replaces) {
        return pure(as(std::move(arguments), {kText}), {Kind::kBigint}, [find](const Values& v) -> Value {
            const std::size_t at = find(text(v[1]), text(v[0]), 0);
            return at == std::u16string::npos ? std::int64_t{0} : static_cast<std::int64_t>(at) + 1;
        });
    }
    result.length = kMaxLength;
    return pure(as(std::move(arguments), {kText}), result, [find](const Values& v) -> Value {
        std::u16string made;
        std::size_t from = 0;
        for (std::size_t at = 0; (at = find(text(v[0]), text(v[1]), from)) != std::u16string::npos;) {
            made += text(v[0]).substr(from, at - from) + text(v[2]);
            from = at + text(v[1]).size();
        }
        return made + text(v[0]).substr(from);
    });
}

Compiled text_function(Compiler& compiler, const ts::Expr& e) {
    const std::string& name = e.text;
    std::vector<Compiled> arguments = compiler.arguments(e);
    const auto same_kind = [&](const Type& of) {
        Type type = of.is_character() || of.is_binary() ? of : kText;
        if (type.kind == Kind::kChar) type.kind = Kind::kVarchar;
        if (type.kind == Kind::kNchar) type.kind = Kind::kNvarchar;
        return type;
    };
    if (name == "REPLICATE") {
        Type type = same_kind(arguments.at(0).type);
        // Without a (max) argument it ends at 8000 bytes.
        const std::size_t most = type.length == kMaxLength ? SIZE_MAX : type.is_wide() ? 4000 : 8000;
        if (type.length != kMaxLength) type.length = static_cast<int>(most);
        return pure({Compiler::converted(arguments[0], type), Compiler::converted(arguments.at(1), kInteger)}, type,
                    [most](const Values& v) -> Value {
                        std::u16string whole;
                        for (std::int64_t i = 0; i < integer(v[1]) && whole.size() < most; ++i) whole += text(v[0]);
                        if (whole.size() > most) whole.resize(most);
                        return whole;
                    });
    }
    if (name == "QUOTENAME") {
        return pure(as(arguments, {kName}), {Kind::kNvarchar, 258},
                    [](const Values& v) -> Value { return utf16(bracketed(utf8(text(v[0])))); });
    }
    if (name == "NCHAR" || name == "CHAR") {
        const Type type = name == "NCHAR" ? Type{Kind::kNchar, 1} : Type{Kind::kChar, 1};
        return pure(as(arguments, {kInteger}), type, [narrow = name == "CHAR"](const Values& v) -> Value {
            const std::int64_t code = integer(v[0]);
            if (narrow) return from_code_page(std::string(1, static_cast<char>(code)), kDatabaseCollation);
            return std::u16string(1, static_cast<char16_t>(code));
        });
    }
    if (name == "UPPER" || name == "LOWER" || name == "LTRIM" || name == "RTRIM") {
        const Type type = same_kind(arguments.at(0).type);
        return pure({Compiler::converted(arguments[0], type)}, type, [name](const Values& v) -> Value {
            std::u16string result = text(v[0]);
            if (name == "RTRIM")
                result.resize(result.find_last_not_of(u' ') + 1);
            else if (name == "LTRIM")
                result.erase(0, std::min(result.find_first_not_of(u' '), result.size()));
            for (char16_t& c : result) {
                if (name == "LOWER") c = folded(c);
                if (name == "UPPER" && c >= u'a' && c <= u'z') c = static_cast<char16_t>(c - 32);
            }
            return result;
        });
    }
    if (name == "LEN") {
        return pure(as(arguments, {kText}), kInteger, [](const Values& v) -> Value {
            return static_cast<std::int64_t>(text(v[0]).find_last_not_of(u' ') + 1);
        });
    }
    if (name == "DATALENGTH") {
        const Type type = arguments.at(0).type;
        return pure(std::move(arguments), {Kind::kBigint}, [type](const Values& v) -> Value {
            if (type.is_binary()) return static_cast<std::int64_t>(std::get<std::string>(v[0]).size());
            if (type.is_wide() || type.kind == Kind::kXml) return static_cast<std::int64_t>(2 * text(v[0]).size());
            if (type.is_narrow()) return static_cast<std::int64_t>(to_code_page(text(v[0]), collation_of(type)).size());
            return std::int64_t{storage_bytes(type)};
        });
    }
    if (name == "SUBSTRING" || name == "LEFT" || name == "RIGHT") {
        const Type type = same_kind(arguments.at(0).type);
        return pure(as(std::move(arguments), {type, kInteger}), type, [name](const Values& v) -> Value {
            const std::u16string& whole = text(v[0]);
            const auto size = static_cast<std::int64_t>(whole.size());
            if (name == "LEFT") return whole.substr(0, static_cast<std::size_t>(integer(v[1])));
            if (name == "RIGHT")
                return whole.substr(static_cast<std::size_t>(std::max<std::int64_t>(size - integer(v[1]), 0)));
            const std::int64_t from = std::clamp<std::int64_t>(integer(v[1]) - 1, 0, size);
            return whole.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(integer(v[2])));
        });
    }
    if (name == "CHARINDEX" || name == "REPLACE") {
        return searching(std::move(arguments), name == "REPLACE", same_kind(arguments.at(0).type));
    }
    compiler.unknown(e, "the function " + name);
}

Compiled coalesced(Compiler& compiler, const ts::Expr& e) {
    std::vector<Compiled> all = compiler.arguments(e);
    // ISNULL takes its first argument's type, COALESCE the highest of all.
    const Type type = e.text == "ISNULL" ? all.at(0).type : type_of_all(all);
    for (Compiled& one : all) one = Compiler::converted(one, type);
    return pure(
        std::move(all), type,
        [](const Values& v) -> Value {
            for (const Value& value : v) {
                if (!is_null(value)) return value;
            }
            return {};
        },
        true);
}

}  // namespace

Compiled call_function(Compiler& compiler, const ts::Expr& e) {
    const std::string& name = e.text;
    if (e.over) {
        compiler.unknown(e, "a window function here");
    }
    const auto is_one = [&](std::initializer_list<const char*> names) {
        return std::any_of(names.begin(), names.end(), [&](const char* n) { return name == n; });
    };
    if (is_one({"COALESCE", "ISNULL"})) return coalesced(compiler, e);
    if (name == "NULLIF") {
        std::vector<Compiled> all = compiler.arguments(e);
        const Type type = all.at(0).type;
        all[1] = Compiler::converted(all.at(1), type);
        return pure(
            std::move(all), type,
            [type](const Values& v) -> Value {
                return !is_null(v[0]) && !is_null(v[1]) && compare(v[0], v[1], type) == 0 ? Value() : v[0];
            },
            true);
    }
    if (is_one({"DATEADD", "DATEDIFF", "DATEPART", "YEAR", "MONTH", "DAY"})) return moment_function(compiler, e);
    if (is_one({"GETDATE", "GETUTCDATE"}))
        return Compiler::constant({Kind::kDatetime}, fitted(now_utc(), {Kind::kDatetime}));
    if (is_one({"SYSDATETIME", "SYSUTCDATETIME"})) return Compiler::constant({Kind::kDatetime2, 0, 0, 7}, now_utc());
    if (name == "SYSDATETIMEOFFSET") return Compiler::constant({Kind::kDatetimeoffset, 0, 0, 7}, now_utc());
    if (name == "NEWID") {
        return {{Kind::kUniqueidentifier}, false, false, false, [](const Frame&) -> Value { return random_bytes(); }};
    }
    if (name == "SWITCHOFFSET") {
        std::vector<Compiled> all = compiler.arguments(e);
        const Type type =
            all.at(0).type.kind == Kind::kDatetimeoffset ? all[0].type : Type{Kind::kDatetimeoffset, 0, 0, 7};
        return pure({Compiler::converted(all[0], type), Compiler::converted(all.at(1), {Kind::kVarchar, 10})}, type,
                    [](const Values& v) -> Value {
                        const auto zone = parse_moment("2000-01-01 00:00 " + utf8(text(v[1])));
                        if (!zone)
                            throw SqlError(9812, 16,
                                           "The timezone provided to builtin function switchoffset is invalid.");
                        return at_offset(std::get<Moment>(v[0]), zone->offset);
                    });
    }
    if (name == "SQL_VARIANT_PROPERTY") {
        std::vector<Compiled> all = compiler.arguments(e);
        return pure({all.at(0), Compiler::converted(all.at(1), kName)}, {Kind::kVariant}, [](const Values& v) -> Value {
            if (!same_name(utf8(text(v[1])), "BaseType"))
                throw SqlError(20002, 16, "the test server knows BaseType only");
            const auto* variant = std::get_if<std::vector<Variant>>(&v[0]);
            if (variant == nullptr) throw SqlError(20002, 16, "SQL_VARIANT_PROPERTY is for a sql_variant");
            return std::vector<Variant>{{kName, utf16(base_name(variant->at(0).type))}};
        });
    }
    if (name == "ABS") {
        std::vector<Compiled> all = compiler.arguments(e);
        const Type type = all.at(0).type;
        return pure(std::move(all), type, [](const Values& v) -> Value {
            if (const auto* n = std::get_if<std::int64_t>(v.data())) return std::abs(*n);
            if (const auto* x = std::get_if<Int128>(v.data())) return *x < 0 ? -*x : *x;
            return std::abs(std::get<double>(v[0]));
        });
    }
    if (is_one({"REPLICATE", "QUOTENAME", "NCHAR", "CHAR", "UPPER", "LOWER", "LTRIM", "RTRIM", "LEN", "DATALENGTH",
                "SUBSTRING", "LEFT", "RIGHT", "CHARINDEX", "REPLACE"})) {
        return text_function(compiler, e);
    }
    return object_function(compiler, e);
}

}  // namespace tds
