// See text_rows.hpp.
#include "source/odbc/text_rows.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "source/odbc/literal.hpp"

namespace lakemover::source::odbc {

namespace {

constexpr SQLULEN kLongestBound = 4000;         // characters; what is longer, or unbounded, is read in pieces
constexpr std::size_t kBlockBytes = 1U << 20U;  // of bound buffers
constexpr std::size_t kPieceBytes = 64U * 1024U;
constexpr SQLSMALLINT kSsTime2 = -154;
constexpr SQLSMALLINT kSsVariant = -150;
constexpr SQLSMALLINT kSsXml = -152;

std::string number_text(double value, bool single) {
    if (value != value) {
        return "NaN";
    }
    std::array<char, 40> text{};
    const auto end = single ? std::to_chars(text.data(), text.data() + text.size(), static_cast<float>(value))
                            : std::to_chars(text.data(), text.data() + text.size(), value);
    return {text.data(), end.ptr};
}

std::string guid_text(const SQLGUID& g) {
    std::array<char, 37> text{};
    std::snprintf(text.data(), text.size(), "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                  static_cast<unsigned>(g.Data1), g.Data2, g.Data3, g.Data4[0], g.Data4[1], g.Data4[2], g.Data4[3],
                  g.Data4[4], g.Data4[5], g.Data4[6], g.Data4[7]);
    return text.data();
}

// Truncated to what PostgreSQL keeps: rounding would move the end of a day into the next one.
std::string timestamp_text(const SQL_TIMESTAMP_STRUCT& t, bool time_only) {
    std::array<char, 48> text{};
    if (time_only) {
        std::snprintf(text.data(), text.size(), "%02d:%02d:%02d.%06u", t.hour, t.minute, t.second,
                      static_cast<unsigned>(t.fraction / 1000));
    } else {
        std::snprintf(text.data(), text.size(), "%04d-%02d-%02d %02d:%02d:%02d.%06u", t.year, t.month, t.day, t.hour,
                      t.minute, t.second, static_cast<unsigned>(t.fraction / 1000));
    }
    return text.data();
}

std::string date_text(const SQL_DATE_STRUCT& d) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02d", d.year, d.month, d.day);
    return text.data();
}

template <class T> T load(const char* data) {
    T value;
    std::memcpy(&value, data, sizeof value);
    return value;
}

}  // namespace

struct TextRows::Column {
    SQLSMALLINT type = 0;
    SQLSMALLINT c_type = SQL_C_WCHAR;
    std::size_t width = 0;  // of a bound element; 0: read in pieces
    std::vector<char> data;
    std::vector<SQLLEN> indicators;

    void choose(SQLULEN size) {
        switch (type) {
            case SQL_BIT:
            case SQL_TINYINT:
            case SQL_SMALLINT:
            case SQL_INTEGER:
            case SQL_BIGINT: set(SQL_C_SBIGINT, 8); return;
            case SQL_REAL: set(SQL_C_FLOAT, 4); return;
            case SQL_FLOAT:
            case SQL_DOUBLE: set(SQL_C_DOUBLE, 8); return;
            case SQL_NUMERIC:
            case SQL_DECIMAL: set(SQL_C_CHAR, 64); return;
            case SQL_GUID: set(SQL_C_GUID, sizeof(SQLGUID)); return;
            case SQL_TYPE_DATE: set(SQL_C_TYPE_DATE, sizeof(SQL_DATE_STRUCT)); return;
            case SQL_TYPE_TIME:
            case kSsTime2:  // a time bound as a time loses its fraction without a word
            case SQL_TYPE_TIMESTAMP: set(SQL_C_TYPE_TIMESTAMP, sizeof(SQL_TIMESTAMP_STRUCT)); return;
            case SQL_BINARY:
            case SQL_VARBINARY:
            case SQL_LONGVARBINARY: set(SQL_C_BINARY, size == 0 || size > 2 * kLongestBound ? 0 : size); return;
            case kSsVariant:
            case kSsXml:
            case SQL_LONGVARCHAR:
            case SQL_WLONGVARCHAR: set(SQL_C_WCHAR, 0); return;
            default: set(SQL_C_WCHAR, size == 0 || size > kLongestBound ? 0 : 2 * (size + 1)); return;
        }
    }
    void set(SQLSMALLINT wanted, std::size_t bytes) {
        c_type = wanted;
        width = bytes;
    }
    bool is_long() const { return width == 0; }

    std::string text(const char* at, std::size_t bytes) const {
        switch (c_type) {
            case SQL_C_SBIGINT: return std::to_string(load<SQLBIGINT>(at));
            case SQL_C_FLOAT: return number_text(static_cast<double>(load<SQLREAL>(at)), true);
            case SQL_C_DOUBLE: return number_text(load<SQLDOUBLE>(at), false);
            case SQL_C_CHAR: return {at, bytes};
            case SQL_C_GUID: return guid_text(load<SQLGUID>(at));
            case SQL_C_TYPE_DATE: return date_text(load<SQL_DATE_STRUCT>(at));
            case SQL_C_TYPE_TIMESTAMP:
                return timestamp_text(load<SQL_TIMESTAMP_STRUCT>(at), type == kSsTime2 || type == SQL_TYPE_TIME);
            case SQL_C_BINARY: return "\\x" + hex({at, bytes});
            default: {
                WideText units(bytes / sizeof(SQLWCHAR));
                if (!units.empty()) {
                    std::memcpy(units.data(), at, units.size() * sizeof(SQLWCHAR));
                }
                return from_wide(units.data(), units.size());
            }
        }
    }
};

TextRows::TextRows(LaneContext& lane, const std::string& sql, const std::vector<TextValue>& params, int batch)
    : statement_(lane.connection()), batch_(static_cast<std::size_t>(std::max(batch, 1))) {
    const auto running = lane.running(statement_.get());
    std::vector<WideText> values;
    std::vector<SQLLEN> lengths(params.size());
    values.reserve(params.size());
    for (std::size_t i = 0; i < params.size(); ++i) {
        values.push_back(to_wide(params[i].value_or("")));
        const auto units = values.back().size() - 1;
        lengths[i] = params[i] ? static_cast<SQLLEN>(units * sizeof(SQLWCHAR)) : SQL_NULL_DATA;
        check(SQLBindParameter(statement_.get(), static_cast<SQLUSMALLINT>(i + 1), SQL_PARAM_INPUT, SQL_C_WCHAR,
                               SQL_WVARCHAR, std::max<SQLULEN>(units, 1), 0, values.back().data(), 0, &lengths[i]),
              SQL_HANDLE_STMT, statement_.get(), "binding a parameter");
    }
    WideText text = to_wide(sql);
    check(SQLExecDirectW(statement_.get(), text.data(), SQL_NTS), SQL_HANDLE_STMT, statement_.get(),
          "a query on the source");
    SQLFreeStmt(statement_.get(), SQL_RESET_PARAMS);
    describe();
    bind();
}

TextRows::~TextRows() = default;

void TextRows::describe() {
    SQLSMALLINT count = 0;
    check(SQLNumResultCols(statement_.get(), &count), SQL_HANDLE_STMT, statement_.get(), "describing a result");
    columns_.resize(static_cast<std::size_t>(count));
    for (SQLSMALLINT i = 0; i < count; ++i) {
        std::array<SQLWCHAR, 300> name{};
        SQLSMALLINT length = 0;
        SQLSMALLINT digits = 0;
        SQLSMALLINT nullable = 0;
        SQLULEN size = 0;
        Column& column = columns_[static_cast<std::size_t>(i)];
        check(SQLDescribeColW(statement_.get(), static_cast<SQLUSMALLINT>(i + 1), name.data(),
                              static_cast<SQLSMALLINT>(name.size()), &length, &column.type, &size, &digits, &nullable),
              SQL_HANDLE_STMT, statement_.get(), "describing a result");
        names_.push_back(from_wide(name.data(), static_cast<std::size_t>(std::max<SQLSMALLINT>(length, 0))));
        column.choose(size);
        row_by_row_ = row_by_row_ || column.is_long();
    }
    done_ = count == 0;
}

void TextRows::bind() {
    std::size_t width = 1;
    for (const Column& column : columns_) {
        width += column.width + sizeof(SQLLEN);
    }
    const std::size_t rows = row_by_row_ ? 1 : std::clamp<std::size_t>(kBlockBytes / width, 1, batch_);
    SQLSetStmtAttr(statement_.get(), SQL_ATTR_ROW_ARRAY_SIZE, reinterpret_cast<SQLPOINTER>(rows), 0);
    SQLSetStmtAttr(statement_.get(), SQL_ATTR_ROWS_FETCHED_PTR, &fetched_, 0);
    if (row_by_row_) {
        return;
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        Column& column = columns_[i];
        column.data.resize(rows * column.width);
        column.indicators.resize(rows);
        check(SQLBindCol(statement_.get(), static_cast<SQLUSMALLINT>(i + 1), column.c_type, column.data.data(),
                         static_cast<SQLLEN>(column.width), column.indicators.data()),
              SQL_HANDLE_STMT, statement_.get(), "binding a result");
    }
}

TextValue TextRows::read_long(std::size_t index) {
    const Column& column = columns_[index];
    const auto number = static_cast<SQLUSMALLINT>(index + 1);
    std::vector<char> piece(kPieceBytes);
    std::string raw;
    for (;;) {
        SQLLEN indicator = 0;
        const SQLRETURN code = SQLGetData(statement_.get(), number, column.c_type, piece.data(),
                                          static_cast<SQLLEN>(piece.size()), &indicator);
        if (code == SQL_NO_DATA) {
            break;
        }
        check(code, SQL_HANDLE_STMT, statement_.get(), "reading a value");
        if (indicator == SQL_NULL_DATA) {
            return std::nullopt;
        }
        const std::size_t terminator = column.c_type == SQL_C_WCHAR  ? sizeof(SQLWCHAR)
                                       : column.c_type == SQL_C_CHAR ? 1
                                                                     : 0;
        const std::size_t room = piece.size() - terminator;
        const bool cut = indicator == SQL_NO_TOTAL || static_cast<std::size_t>(indicator) > room;
        raw.append(piece.data(), cut ? room : static_cast<std::size_t>(indicator));
        if (code == SQL_SUCCESS) {
            break;
        }
    }
    return column.text(raw.data(), raw.size());
}

void TextRows::read_row(std::size_t index, TextRow& row) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const Column& column = columns_[i];
        if (row_by_row_) {
            row[i] = read_long(i);
        } else if (column.indicators[index] != SQL_NULL_DATA) {
            const SQLLEN length = column.indicators[index];
            if (length < 0 || static_cast<std::size_t>(length) > column.width) {
                throw Error(ErrorKind::kData, "22001", "the source gave a value longer than it had described",
                            "column \"" + names_[i] + "\"");
            }
            row[i] = column.text(column.data.data() + index * column.width, static_cast<std::size_t>(length));
        }
    }
}

std::vector<TextRow> TextRows::next(LaneContext& lane) {
    std::vector<TextRow> rows;
    const auto running = lane.running(statement_.get());
    while (!done_ && rows.size() < batch_) {
        fetched_ = 0;
        if (!fetch(statement_.get(), fetched_before_, "a query on the source")) {
            done_ = true;
            break;
        }
        const std::size_t fetched = row_by_row_ ? 1 : fetched_;
        fetched_before_ += static_cast<std::int64_t>(fetched);
        for (std::size_t i = 0; i < fetched; ++i) {
            rows.emplace_back(columns_.size());
            read_row(i, rows.back());
        }
    }
    return rows;
}

void run_to_end(LaneContext& lane, const std::string& sql) {
    const Statement statement(lane.connection());
    const auto running = lane.running(statement.get());
    WideText text = to_wide(sql);
    SQLRETURN code = SQLExecDirectW(statement.get(), text.data(), SQL_NTS);
    while (code != SQL_NO_DATA) {
        check(code, SQL_HANDLE_STMT, statement.get(), "a statement on the source");
        code = SQLMoreResults(statement.get());
    }
}

}  // namespace lakemover::source::odbc
