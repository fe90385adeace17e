// What looks alike and may give other values: strings, decimals, dates as text. Zone: pure; throws nothing.
#include "tsql/emitter.hpp"

namespace lakemover::tsql {

namespace {

const Expr& inner(const Expr& e) { return e.kind == Ex::kParen ? inner(*e.args[0]) : e; }

bool is_time(Family f) {
    return f == Family::kDate || f == Family::kTime || f == Family::kDatetime || f == Family::kOffset;
}

}  // namespace

bool plain_date(const std::string& text) {
    const auto fits = [&](std::string_view pattern) {
        if (text.size() < pattern.size()) return false;
        for (std::size_t i = 0; i < pattern.size(); ++i) {
            const bool digit = text[i] >= '0' && text[i] <= '9';
            if (pattern[i] == '9' ? !digit : text[i] != pattern[i]) return false;
        }
        return true;
    };
    const std::size_t date = fits("99999999") ? 8 : fits("9999-99-99") ? 10 : 0;
    if (date == 0) return false;
    if (text.size() == date) return true;
    if (text[date] != ' ' && text[date] != 'T') return false;
    return text.find_first_not_of("0123456789:.", date + 1) == std::string::npos && text.size() >= date + 6;
}

// A doubt that holds for the whole routine is told once, where it is met first.
void Emitter::doubt(const Position& at, const std::string& construct, const std::string& why, const std::string& todo) {
    if (lone_columns_ != nullptr) return;  // expressions of the catalogs are looked at before
    for (const Note& n : result_.notes) {
        if (n.construct == construct && n.severity == Severity::kReview) return;
    }
    review(at, construct, why, todo);
}

// SQL Server's collations mostly ignore case, and = ignores trailing blanks in all of them.
void Emitter::strings_compared(const Position& at, const Type& a, const Type& b) {
    if (options_.exact_strings) return;
    const bool strings = a.family == Family::kString || b.family == Family::kString;
    const auto other = [](const Type& t) { return t.known() && t.family != Family::kString; };
    if (other(a) || other(b)) return;
    doubt(at, "comparison of strings",
          strings
              ? "SQL Server's collation decides whether case and trailing blanks count, and how strings are ordered; "
                "here all of them count"
              : "the types are not known; of strings, SQL Server's collation decides whether case and trailing "
                "blanks count",
          "check the collation, or say that the source tells case apart (exact strings)");
}

// T-SQL keeps the blanks that fill a char(n); PostgreSQL drops them wherever it becomes another string.
void Emitter::padded(const Position& at, const Type& type) {
    if (type.family == Family::kString && type.pg.rfind("char(", 0) == 0 && type.length != 1)
        doubt(at, "char(n)", "T-SQL keeps the blanks that fill it, PostgreSQL drops them here",
              "use rpad(), or varchar");
}

// Where a function has columns of its own as names, those of the tables go first: also before a variable.
void Emitter::names_clash(const Columns& columns, const Position& at) {
    if (columns == nullptr) return;
    for (const ColumnInfo& c : *columns) {
        const std::string name = lower_ascii(c.name);
        if (name.rfind("p_", 0) != 0 && name.rfind("v_", 0) != 0) continue;
        const std::string pg = ident(name);
        for (const auto& [key, variable] : variables_) {
            if (variable.pg == pg)
                doubt(at, "column " + one_line(c.name), "a variable has the same name here", "rename one of them");
        }
    }
}

// result: what ORDER BY may name besides the columns of its tables.
void Emitter::string_sorted(const Expr& e, const Columns& result) {
    const Expr& i = inner(e);
    if (options_.exact_strings || i.kind == Ex::kNumber || i.kind == Ex::kNull) return;
    Type type = expr(e).type;
    if (!type.known() && i.kind == Ex::kColumn && i.name.size() == 1 && result != nullptr) {
        for (const ColumnInfo& c : *result) {
            if (lower_ascii(c.name) == lower_ascii(i.name[0])) type = c.type;
        }
    }
    if (!type.known() || type.family == Family::kString) strings_compared(e.at, type, type);
}

// A date as text means what the session's language says, but for the forms that every one reads alike.
void Emitter::date_as_text(const Expr& e, const Type& value, const Type& wanted) {
    if (!is_time(wanted.family) || value.family != Family::kString) return;
    const Expr& i = inner(e);
    if (i.kind == Ex::kString && plain_date(i.text)) return;
    doubt(e.at, "text as a date", "its meaning depends on the session's language and DATEFORMAT",
          "use the form 2024-01-31, or a date type");
}

// The scale of a quotient, of a mean, and of what money is multiplied by follows other rules.
void Emitter::scale_differs(const Position& at, const std::string& what, const Type& type) {
    if (type.family == Family::kInt || type.family == Family::kFloat) return;
    doubt(at, what,
          type.known() ? "PostgreSQL keeps more digits of such a result than T-SQL"
                       : "the types are not known; of decimals PostgreSQL keeps more digits than T-SQL",
          "round() it to the scale that is wanted");
}

// T-SQL writes some types in a form of its own.
void Emitter::written_as_text(const Position& at, const std::string& what, const Type& type) {
    switch (type.family) {
        case Family::kString:
        case Family::kInt:
        case Family::kDecimal:
        case Family::kDate: return;
        case Family::kUnknown:
            doubt(at, what, "the type of a value is not known; T-SQL writes dates, floats, money and GUIDs otherwise",
                  "use to_char() for such a one");
            return;
        default:
            doubt(at, what, "T-SQL writes a value of this type in another form",
                  "use to_char() with the format wanted");
    }
}

}  // namespace lakemover::tsql
