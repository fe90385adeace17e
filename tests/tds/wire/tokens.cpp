// See tokens.hpp.
#include "wire/tokens.hpp"

#include "wire/type_tokens.hpp"

namespace tds {

namespace {

enum Token : std::uint8_t {
    kReturnStatus = 0x79,
    kColumnMetadata = 0x81,
    kErrorToken = 0xAA,
    kInfoToken = 0xAB,
    kReturnValue = 0xAC,
    kLoginAck = 0xAD,
    kFeatureAck = 0xAE,
    kRow = 0xD1,
    kRowWithBitmap = 0xD2,
    kEnvironmentChange = 0xE3
};

constexpr int kNullable = 1;
constexpr int kCaseSensitive = 2;
constexpr int kUpdateable = 8;  // perhaps: nobody asked
constexpr int kSelect = 0xC1;
constexpr std::uint32_t kTimestampUserType = 80;

// A token whose length goes before it.
template <typename Body> void put_counted(std::string& out, int token, const Body& body) {
    put_byte(out, token);
    const std::size_t at = out.size();
    put(out, std::uint16_t{0});
    body();
    put_at(out, at, static_cast<std::uint16_t>(out.size() - at - sizeof(std::uint16_t)));
}

void put_message(std::string& out, int token, const Notice& notice) {
    put_counted(out, token, [&] {
        put(out, static_cast<std::int32_t>(notice.number));
        put_byte(out, notice.state);
        put_byte(out, notice.severity);
        put_text(out, utf16(notice.text));
        put_short_text(out, utf16(notice.server));
        put_short_text(out, u"");    // no procedure
        put(out, std::uint32_t{1});  // line
    });
}

}  // namespace

void put_error(std::string& out, const Notice& notice) { put_message(out, kErrorToken, notice); }

void put_info(std::string& out, const Notice& notice) { put_message(out, kInfoToken, notice); }

void put_notice(std::string& out, const Notice& notice) {
    put_message(out, notice.severity > 10 ? kErrorToken : kInfoToken, notice);
}

void put_done(std::string& out, DoneToken token, int status, bool of_rows, std::int64_t rows) {
    put_byte(out, token);
    put(out, static_cast<std::uint16_t>(status | (rows >= 0 ? kCount : 0)));
    put(out, static_cast<std::uint16_t>(of_rows ? kSelect : 0));
    put(out, rows >= 0 ? rows : std::int64_t{0});
}

void put_return_status(std::string& out, std::int32_t status) {
    put_byte(out, kReturnStatus);
    put(out, status);
}

void put_return_value(std::string& out, std::u16string_view name, std::int32_t value) {
    const WireType wire = wire_type({Kind::kInt}, true);
    put_byte(out, kReturnValue);
    put(out, std::uint16_t{0});  // the first
    put_short_text(out, name);
    put_byte(out, 1);            // an output parameter, no function's result
    put(out, std::uint32_t{0});  // user type
    put(out, std::uint16_t{kNullable});
    put_type_info(out, wire);
    put_value(out, wire, static_cast<std::int64_t>(value));
}

void put_login_ack(std::string& out, std::uint32_t version) {
    put_counted(out, kLoginAck, [&] {
        put_byte(out, 1);  // T-SQL
        for (const int shift : {24, 16, 8, 0}) put_byte(out, static_cast<int>(version >> shift & 0xFFU));
        put_short_text(out, std::u16string_view(u"Microsoft SQL Server\0\0", 22));
        for (const int part : {15, 0, 2000 >> 8, 2000 & 0xFF}) put_byte(out, part);  // 15.0.2000: 2019
    });
}

void put_utf8_ack(std::string& out) {
    put_byte(out, kFeatureAck);
    put_byte(out, 10);  // UTF8_SUPPORT
    put(out, std::uint32_t{1});
    put_byte(out, 1);
    put_byte(out, 0xFF);
}

void put_environment(std::string& out, Environment what, const std::string& now, const std::string& before) {
    put_counted(out, kEnvironmentChange, [&] {
        put_byte(out, static_cast<int>(what));
        put_short_text(out, utf16(now));
        put_short_text(out, utf16(before));
    });
}

void put_collation(std::string& out, std::string_view name) {
    const CollationBytes bytes = collation_bytes(name);
    put_counted(out, kEnvironmentChange, [&] {
        put_byte(out, 7);
        put_byte(out, static_cast<int>(bytes.size()));
        out.append(bytes.data(), bytes.size());
        put_byte(out, 0);
    });
}

RowFormat::RowFormat(const std::vector<ResultColumn>& columns) {
    columns_.reserve(columns.size());
    for (const ResultColumn& column : columns) {
        const Type& type = column.type;
        const bool sensitive = type.is_character() && (type.collation.find("_CS") != std::string::npos ||
                                                       type.collation.find("_BIN") != std::string::npos);
        const int flags = kUpdateable | (column.nullable ? kNullable : 0) | (sensitive ? kCaseSensitive : 0);
        try {
            columns_.push_back(
                {utf16(column.name), static_cast<std::uint16_t>(flags), wire_type(type, column.nullable)});
        } catch (const std::exception& e) {
            throw SqlError(50000, 16, "wire: column \"" + column.name + "\": " + e.what());
        }
    }
}

void RowFormat::put_metadata(std::string& out) const {
    put_byte(out, kColumnMetadata);
    put(out, static_cast<std::uint16_t>(columns_.size()));
    for (const Column& column : columns_) {
        put(out, column.wire.type.rowversion ? kTimestampUserType : 0U);
        put(out, column.flags);
        put_type_info(out, column.wire);
        if (column.wire.shape == Shape::kTextPointer) {
            // The table's name: one part, and the engine does not tell which.
            put_byte(out, 1);
            put_text(out, u"");
        }
        put_short_text(out, column.name);
    }
}

// SQL Server leaves NULLs out of a row where that makes it shorter.
bool RowFormat::worth_bitmap(const std::vector<Value>& values) const {
    std::size_t saved = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (is_null(values[i])) saved += null_size(columns_[i].wire.shape);
    }
    return saved > (columns_.size() + 7) / 8;
}

void RowFormat::put_values(std::string& out, const std::vector<Value>& values) {
    at_ = columns_.size();
    if (values.size() != columns_.size()) throw std::length_error("a row that has not as many values as columns");
    const bool bitmap = worth_bitmap(values);
    put_byte(out, bitmap ? kRowWithBitmap : kRow);
    const std::size_t bits = out.size();
    if (bitmap) out.append((columns_.size() + 7) / 8, '\0');
    for (at_ = 0; at_ < columns_.size(); ++at_) {
        const WireType& wire = columns_[at_].wire;
        if (bitmap && is_null(values[at_]) && wire.shape != Shape::kFixed) {
            char& eight = out[bits + at_ / 8];
            eight = static_cast<char>(eight | 1 << at_ % 8);
        } else {
            put_value(out, wire, values[at_]);
        }
    }
}

void RowFormat::put_row(std::string& out, const std::vector<Value>& values) {
    const std::size_t before = out.size();
    try {
        put_values(out, values);
    } catch (const std::exception& e) {
        out.resize(before);
        const std::string name = at_ < columns_.size() ? utf8(columns_[at_].name) : "";
        throw SqlError(50000, 16, "wire: column \"" + name + "\": " + e.what());
    }
}

}  // namespace tds
