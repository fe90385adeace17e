// See known_answers.hpp.
#include "source/odbc/known_answers.hpp"

#include <cstdint>

#include "source/odbc/canonical.hpp"
#include "source/odbc/dialect.hpp"
#include "source/odbc/types.hpp"

namespace lakemover::source::odbc {

namespace {

constexpr std::size_t kMostTold = 40;            // bytes of a value in a message
constexpr std::size_t kPieceCharacters = 40000;  // more than one piece of 64 KB

std::string bytes(std::string_view hex) {
    std::string text;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        text += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    }
    return text;
}

std::string shown_bytes(std::string_view value) {
    const std::string text = hex(value.substr(0, kMostTold));
    return value.size() > kMostTold ? text + "... (" + std::to_string(value.size()) + " bytes)" : text;
}

std::string told(const TextValue& value) {
    if (!value) {
        return "NULL";
    }
    return value->size() > kMostTold ? "\"" + value->substr(0, kMostTold) + "\"..." : "\"" + *value + "\"";
}

std::vector<KnownAnswer> bound_answers() {
    // The fields are what a PostgreSQL server sends of the same values.
    return {
        {"bit", "bool", "CAST(1 AS bit)", bytes("01"), "t"},
        {"tinyint", "int2", "CAST(255 AS tinyint)", bytes("00ff"), "255"},
        {"smallint", "int2", "CAST(-32768 AS smallint)", bytes("8000"), "-32768"},
        {"int", "int4", "CAST(-2147483648 AS int)", bytes("80000000"), "-2147483648"},
        {"bigint", "int8", "CAST(9223372036854775807 AS bigint)", bytes("7fffffffffffffff"), "9223372036854775807"},
        {"real", "float4", "CAST(-1.0000000149011612E-01 AS real)", bytes("bdcccccd"), "bdcccccd"},
        {"float", "float8", "CAST(1.0000000000000001E-01 AS float)", bytes("3fb999999999999a"), "3fb999999999999a"},
        {"decimal(38,10)", "numeric", "CAST('-9999999999999999999999999999.9999999999' AS decimal(38,10))",
         bytes("000a00064000000a270f270f270f270f270f270f270f270f270f26ac"), "-9999999999999999999999999999.9999999999"},
        {"money", "numeric", "CAST('-922337203685477.5808' AS money)", bytes("0005000340000004039a0d2c0170156516b0"),
         "-922337203685477.5808"},
        {"smallmoney", "numeric", "CAST('-0.0001' AS smallmoney)", bytes("0001ffff400000040001"), "-0.0001"},
        {"date", "date", "CONVERT(date, '0001-01-01', 23)", bytes("fff4dbf9"), "0001-01-01"},
        {"time(7)", "time", "CAST('23:59:59.999999' AS time(7))", bytes("000000141dd75fff"), "23:59:59.999999"},
        {"datetime", "timestamp", "CONVERT(datetime, '2024-02-29 23:59:59.997', 121)", bytes("0002b58cd363b448"),
         "2024-02-29 23:59:59.997000"},
        {"smalldatetime", "timestamp", "CONVERT(smalldatetime, '2079-06-06 23:59:00', 120)", bytes("0008e7c5d877f900"),
         "2079-06-06 23:59:00.000000"},
        {"datetime2(7)", "timestamp", "CONVERT(datetime2(7), '9999-12-31 23:59:59.999999', 121)",
         bytes("0380e70b913b7fff"), "9999-12-31 23:59:59.999999"},
        {"datetimeoffset(7)", "timestamptz", "CONVERT(datetimeoffset(7), '2024-02-29 23:59:59.123456 +05:30', 121)",
         bytes("0002b588372a5a00"), "2024-02-29 18:29:59.123456"},
        {"char(4)", "bpchar", "CAST('ab' AS char(4))", "ab", "ab"},
        {"varchar(9)", "varchar", "CAST(N'a\xC3\xA9 ' COLLATE Latin1_General_CI_AS AS varchar(9))", "a\xC3\xA9 ",
         "a\xC3\xA9 "},
        {"nchar(3)", "bpchar", "CAST(N'\xC3\xA9' AS nchar(3))", "\xC3\xA9", "\xC3\xA9"},
        {"nvarchar(9)", "varchar", "CAST(N'\xE6\x97\xA5\xF0\x9F\x98\x80' AS nvarchar(9))",
         "\xE6\x97\xA5\xF0\x9F\x98\x80", "\xE6\x97\xA5\xF0\x9F\x98\x80"},
        {"binary(4)", "bytea", "CAST(0xDEADBE00 AS binary(4))", bytes("deadbe00"), "deadbe00"},
        {"varbinary(9)", "bytea", "CAST(0x00FF AS varbinary(9))", bytes("00ff"), "00ff"},
        {"uniqueidentifier", "uuid", "CAST('00112233-4455-6677-8899-AABBCCDDEEFF' AS uniqueidentifier)",
         bytes("00112233445566778899aabbccddeeff"), "00112233-4455-6677-8899-aabbccddeeff"},
    };
}

std::string repeated(std::string_view text, std::size_t n) {
    std::string whole;
    for (std::size_t i = 0; i < n; ++i) {
        whole += text;
    }
    return whole;
}

std::vector<KnownAnswer> answers_in_pieces() {
    const std::string n = std::to_string(kPieceCharacters);
    const std::string wide = repeated("\xE6\x97\xA5", kPieceCharacters);
    const std::string narrow(kPieceCharacters, 'y');
    return {
        {"nvarchar(max)", "text", "REPLICATE(CAST(N'\xE6\x97\xA5' AS nvarchar(max)), " + n + ")", wide, wide},
        {"varchar(max)", "text", "REPLICATE(CAST('y' AS varchar(max)), " + n + ")", narrow, narrow},
        {"varbinary(max)", "bytea", "CAST(0x00FF AS varbinary(max))", bytes("00ff"), "00ff"},
        {"xml", "text", "CAST(N'<a>\xC3\xA9</a>' AS xml)", "<a>\xC3\xA9</a>", "<a>\xC3\xA9</a>"},
        // The bound types among them are read by SQLGetData, too.
        {"int", "int4", "CAST(-2 AS int)", bytes("fffffffe"), "-2"},
        {"nvarchar(9)", "varchar", "CAST(N'' AS nvarchar(9))", "", ""},
    };
}

std::uint32_t big_endian(std::string_view data, std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
        value = value << 8U | static_cast<unsigned char>(data[at + i]);
    }
    return value;
}

}  // namespace

std::vector<KnownAnswer> known_answers(Reading reading) {
    return reading == Reading::kBound ? bound_answers() : answers_in_pieces();
}

TableSpec known_answer_table(const std::vector<KnownAnswer>& answers) {
    TableSpec spec;
    spec.source_schema = "known answers";
    spec.source_table = "of each type";
    for (const KnownAnswer& answer : answers) {
        ColumnSpec column;
        column.name = answer.type;
        column.source_type = answer.type;
        column.codec = answer.codec;
        column.target_codec = answer.codec;
        column.select = answer.literal;
        spec.columns.push_back(std::move(column));
    }
    return spec;
}

std::string known_answer_query(const std::vector<KnownAnswer>& answers, bool raw_unicode) {
    return "SELECT " + copied_columns(known_answer_table(answers), raw_unicode);
}

std::string known_text_query(const std::vector<KnownAnswer>& answers, bool raw_unicode) {
    std::string list;
    for (const KnownAnswer& answer : answers) {
        list += (list.empty() ? "SELECT " : ", ") +
                canonical_expression(parse_sql_type(answer.type), answer.literal, answer.codec, raw_unicode);
    }
    return list;
}

std::vector<std::string> wrong_fields(const std::vector<KnownAnswer>& answers, std::string_view tuple) {
    if (tuple.size() < 2 || big_endian(tuple, 0, 2) != answers.size()) {
        return {"the driver did not return one row of " + std::to_string(answers.size()) + " columns"};
    }
    std::vector<std::string> wrong;
    std::size_t at = 2;
    for (const KnownAnswer& answer : answers) {
        if (tuple.size() - at < 4) {
            return {"the row ends before " + answer.type};
        }
        const std::uint32_t length = big_endian(tuple, at, 4);
        at += 4;
        if (length == UINT32_MAX) {
            wrong.push_back(answer.type + ": NULL instead of " + shown_bytes(answer.field));
            continue;
        }
        if (tuple.size() - at < length) {
            return {"the row ends within " + answer.type};
        }
        const std::string_view field = tuple.substr(at, length);
        at += length;
        if (field != answer.field) {
            wrong.push_back(answer.type + ": " + shown_bytes(field) + " instead of " + shown_bytes(answer.field));
        }
    }
    if (at != tuple.size()) {
        wrong.emplace_back("the driver returned more than one row");
    }
    return wrong;
}

std::vector<std::string> wrong_texts(const std::vector<KnownAnswer>& answers, const TextRow& row, bool raw_unicode) {
    std::vector<std::string> wrong;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const KnownAnswer& answer = answers[i];
        const TextValue text =
            canonical_value(parse_sql_type(answer.type), answer.codec, Policy(), raw_unicode, row.at(i));
        if (text != TextValue(answer.text)) {
            wrong.push_back(answer.type + ": " + told(text) + " instead of " + told(answer.text));
        }
    }
    return wrong;
}

namespace {

// A connection beside the main one, which a failed stream may break.
std::shared_ptr<Lane> spare_lane(OdbcConnection& connection) {
    const auto main = connection.main_lane();  // held, so that it is not the idle one
    return connection.idle_lane();
}

std::vector<std::string> ask(OdbcConnection& connection, const std::shared_ptr<Lane>& lane,
                             const std::vector<KnownAnswer>& answers) {
    const Abilities& abilities = connection.abilities();
    const TableSpec table = known_answer_table(answers);
    std::string row;
    {
        const auto stream = make_copy_stream(lane, connection.waiter(), abilities, table,
                                             known_answer_query(answers, abilities.raw_unicode));
        while (stream->read(row, 1U << 20U)) {}
    }
    std::vector<std::string> wrong = wrong_fields(answers, row);
    const TextResult texts = connection.query(known_text_query(answers, abilities.raw_unicode), {});
    const std::vector<std::string> more = texts.rows.size() == 1
                                              ? wrong_texts(answers, texts.rows[0], abilities.raw_unicode)
                                              : std::vector<std::string>{"no row of canonical texts came back"};
    wrong.insert(wrong.end(), more.begin(), more.end());
    return wrong;
}

bool says_nothing_about_types(const Error& e) {
    return e.kind == ErrorKind::kConnect || e.kind == ErrorKind::kAuth || e.kind == ErrorKind::kCancelled ||
           e.kind == ErrorKind::kTransient;
}

}  // namespace

std::vector<std::string> ask_known_answers(OdbcConnection& connection) {
    std::vector<std::string> wrong;
    auto lane = spare_lane(connection);
    for (const Reading reading : {Reading::kBound, Reading::kPieces}) {
        const std::vector<KnownAnswer> answers = known_answers(reading);
        std::vector<std::string> more;
        try {
            more = ask(connection, lane, answers);
        } catch (const Error& whole) {
            if (says_nothing_about_types(whole)) {
                throw;
            }
            for (const KnownAnswer& answer : answers) {
                lane = spare_lane(connection);
                try {
                    const std::vector<std::string> one = ask(connection, lane, {answer});
                    more.insert(more.end(), one.begin(), one.end());
                } catch (const Error& e) {
                    if (says_nothing_about_types(e)) {
                        throw;
                    }
                    more.push_back(answer.type + ": " + e.what() + (e.detail.empty() ? "" : ": " + e.detail));
                }
            }
            lane = spare_lane(connection);
        }
        wrong.insert(wrong.end(), more.begin(), more.end());
    }
    return wrong;
}

void require_known_types(OdbcConnection& connection, const TableSpec& spec) {
    for (const std::string& wrong : connection.type_faults()) {
        const std::size_t colon = wrong.find(": ");
        for (const ColumnSpec& column : spec.columns) {
            // A message without a type is about the row, and so about all of them.
            if (colon != std::string::npos &&
                parse_sql_type(column.source_type).kind != parse_sql_type(wrong.substr(0, colon)).kind) {
                continue;
            }
            throw Error(ErrorKind::kUnsupported, "0A000",
                        "the ODBC driver does not deliver values of type " + column.source_type + " as it should",
                        "column \"" + column.name + "\"; a known value of " + wrong,
                        "use another driver, or plan a transform for the column");
        }
    }
}

}  // namespace lakemover::source::odbc
