// Encoders of dates and times from ODBC's structs: proleptic Gregorian, microseconds since 2000-01-01, as
// PostgreSQL counts. Pure zone; see encode.hpp.
#include <cstdio>

#include "source/odbc/field.hpp"

namespace lakemover::source::odbc {

namespace {

constexpr std::int64_t kMicrosPerSecond = 1000000;
constexpr std::int64_t kMicrosPerDay = 86400 * kMicrosPerSecond;
constexpr std::uint32_t kTenthsPerSecond = 10000000;  // units of 100 ns

bool is_text(std::string_view codec) {
    return codec == "text" || codec == "varchar" || codec == "bpchar" || codec == "citext";
}

Error bad_moment(const char* kind, int year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                 unsigned second, unsigned fraction) {
    char text[120];
    std::snprintf(text, sizeof text, "the driver returned %04d-%02u-%02u %02u:%02u:%02u.%09u for a %s", year, month,
                  day, hour, minute, second, fraction, kind);
    return value_error("22008", text);
}

bool leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

bool valid_date(int year, unsigned month, unsigned day) {
    static constexpr unsigned char kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
           day <= kDays[month - 1] + (month == 2 && leap(year) ? 1U : 0U);
}

// Days since 2000-01-01; years start in March, so that the leap day is the last one.
std::int32_t days_of(int year, unsigned month, unsigned day) {
    const int y = month <= 2 ? year - 1 : year;
    const int m = static_cast<int>(month) + (month <= 2 ? 9 : -3);
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + static_cast<int>(day) - 1 - 730425;
}

// A checked SQL_TIMESTAMP_STRUCT.
struct Moment {
    int year;
    unsigned month;
    unsigned day;
    unsigned hour;
    unsigned minute;
    unsigned second;
    unsigned tenths;  // of microseconds: the seven digits
    std::int32_t days;
};

// datetime counts 1/300 s, shown as .000, .003, .007. Drivers return 3333333 ns, 3333300 ns or 3000000 ns for
// one tick; which is nearer than to any other.
unsigned datetime_tenths(unsigned nanoseconds) {
    const unsigned ticks = (nanoseconds / 100 * 3 + 50000) / 100000;
    return (ticks * 10 + 1) / 3 * 10000;
}

class MomentReader {
public:
    explicit MomentReader(TypeKind kind) : kind_(kind) {}

    Moment read(const char* data) const {
        const auto v = load<SQL_TIMESTAMP_STRUCT>(data);
        Moment moment{v.year, v.month, v.day, v.hour, v.minute, v.second, v.fraction / 100, 0};
        // Of a time, drivers fill the date with today's, 1900-01-01 or nothing.
        const bool date_counts = kind_ != TypeKind::kTime;
        if ((date_counts && !valid_date(v.year, v.month, v.day)) || v.hour > 23 || v.minute > 59 || v.second > 59 ||
            v.fraction > 999999999) {
            throw bad_moment(name(), v.year, v.month, v.day, v.hour, v.minute, v.second, v.fraction);
        }
        if (date_counts) {
            moment.days = days_of(v.year, v.month, v.day);
        }
        if (kind_ == TypeKind::kDatetime) {
            moment.tenths = datetime_tenths(v.fraction);
            if (moment.tenths >= kTenthsPerSecond) {  // no datetime has .9984 or more
                throw bad_moment(name(), v.year, v.month, v.day, v.hour, v.minute, v.second, v.fraction);
            }
        }
        return moment;
    }

private:
    const char* name() const {
        switch (kind_) {
            case TypeKind::kTime: return "time";
            case TypeKind::kDatetime: return "datetime";
            case TypeKind::kSmalldatetime: return "smalldatetime";
            case TypeKind::kDatetime2: return "datetime2";
            default: return "datetimeoffset";
        }
    }

    TypeKind kind_;
};

std::int64_t second_of_day(const Moment& m) { return m.hour * 3600 + m.minute * 60 + m.second; }

// Microseconds of the second, maybe 1000000 when rounded; counts what the seventh digit loses.
std::int64_t micros(const Moment& m, Policy::Precision precision, Losses& losses) {
    const unsigned rest = m.tenths % 10;
    if (rest != 0) {
        if (precision == Policy::Precision::kFail) {
            throw value_error("22008", "the second has a seventh digit, and PostgreSQL stores six",
                              "plan on_seventh_digit = 'truncate' or 'round' for the column, or the target type text");
        }
        ++losses.precision;
    }
    return m.tenths / 10 + (precision == Policy::Precision::kRound && rest >= 5 ? 1 : 0);
}

class DateEncoder final : public Encoder {
public:
    enum class Target { kDate, kTimestamp, kText };
    explicit DateEncoder(Target target) : target_(target) {}
    void value(const char* data, std::size_t /*bytes*/, std::string& out) override {
        const auto v = load<SQL_DATE_STRUCT>(data);
        if (!valid_date(v.year, v.month, v.day)) {
            throw bad_moment("date", v.year, v.month, v.day, 0, 0, 0, 0);
        }
        const std::int32_t days = days_of(v.year, v.month, v.day);
        if (target_ == Target::kDate) {
            append_field32(out, static_cast<std::uint32_t>(days));
        } else if (target_ == Target::kTimestamp) {
            append_field64(out, static_cast<std::uint64_t>(days * kMicrosPerDay));
        } else {
            char text[32];
            const int n = std::snprintf(text, sizeof text, "%04d-%02u-%02u", v.year, v.month, v.day);
            append_field(out, text, static_cast<std::size_t>(n));
        }
    }

private:
    Target target_;
};

// Rounding up at 23:59:59.9999999 moves to the next day, as the server's own CAST does.
class TimestampEncoder final : public Encoder {
public:
    TimestampEncoder(TypeKind kind, Policy::Precision precision, Losses& losses)
        : reader_(kind), precision_(precision), losses_(losses) {}
    void value(const char* data, std::size_t /*bytes*/, std::string& out) override {
        const Moment m = reader_.read(data);
        const std::int64_t moment =
            m.days * kMicrosPerDay + second_of_day(m) * kMicrosPerSecond + micros(m, precision_, losses_);
        append_field64(out, static_cast<std::uint64_t>(moment));
    }

private:
    MomentReader reader_;
    Policy::Precision precision_;
    Losses& losses_;
};

// A time has no next day: what would round up to 24:00:00, which PostgreSQL has as a value of its own, stays
// 23:59:59.999999. It is counted as any rounded value is.
class TimeEncoder final : public Encoder {
public:
    TimeEncoder(Policy::Precision precision, Losses& losses)
        : reader_(TypeKind::kTime), precision_(precision), losses_(losses) {}
    void value(const char* data, std::size_t /*bytes*/, std::string& out) override {
        const Moment m = reader_.read(data);
        const std::int64_t moment = second_of_day(m) * kMicrosPerSecond + micros(m, precision_, losses_);
        append_field64(out, static_cast<std::uint64_t>(moment < kMicrosPerDay ? moment : kMicrosPerDay - 1));
    }

private:
    MomentReader reader_;
    Policy::Precision precision_;
    Losses& losses_;
};

// As CONVERT's style 121 writes the type (smalldatetime: 120), with the digits that the column has; a
// datetimeoffset in UTC, since its offset was switched when it was read.
class MomentTextEncoder final : public Encoder {
public:
    MomentTextEncoder(TypeKind kind, int scale) : reader_(kind), kind_(kind), scale_(scale) {}
    void value(const char* data, std::size_t /*bytes*/, std::string& out) override {
        const Moment m = reader_.read(data);
        char text[64];
        int n = 0;
        if (kind_ != TypeKind::kTime) {
            n = std::snprintf(text, sizeof text, "%04d-%02u-%02u ", m.year, m.month, m.day);
        }
        n += std::snprintf(text + n, sizeof text - static_cast<std::size_t>(n), "%02u:%02u:%02u.%07u", m.hour, m.minute,
                           m.second, m.tenths);
        n -= scale_ == 0 ? 8 : 7 - scale_;
        std::string_view zone = kind_ == TypeKind::kDatetimeoffset ? " +00:00" : "";
        std::memcpy(text + n, zone.data(), zone.size());
        append_field(out, text, static_cast<std::size_t>(n) + zone.size());
    }

private:
    MomentReader reader_;
    TypeKind kind_;
    int scale_;
};

}  // namespace

std::unique_ptr<Encoder> make_time_encoder(const SqlType& from, std::string_view codec, const Policy& policy,
                                           Losses& losses) {
    if (from.kind == TypeKind::kDate) {
        if (codec == "date") return std::make_unique<DateEncoder>(DateEncoder::Target::kDate);
        if (codec == "timestamp") return std::make_unique<DateEncoder>(DateEncoder::Target::kTimestamp);
        if (is_text(codec)) return std::make_unique<DateEncoder>(DateEncoder::Target::kText);
        return nullptr;
    }
    if (is_text(codec)) {
        return std::make_unique<MomentTextEncoder>(from.kind, from.scale);
    }
    if (from.kind == TypeKind::kTime) {
        if (codec == "time") return std::make_unique<TimeEncoder>(policy.precision, losses);
        return nullptr;
    }
    // Moments without a zone count as UTC where the target has one.
    if (codec == "timestamp" || codec == "timestamptz") {
        return std::make_unique<TimestampEncoder>(from.kind, policy.precision, losses);
    }
    return nullptr;
}

}  // namespace lakemover::source::odbc
