// UTC time in the two forms the audit directory uses. No locale, no time zone database.
#pragma once
#include <fmt/format.h>

#include <chrono>
#include <string>

namespace lakemover::loader {

using UtcClock = std::chrono::system_clock;

namespace detail {
struct UtcParts {
    int year;
    unsigned month, day;
    long long hour, minute, second, micros;
};

inline UtcParts utc_parts(UtcClock::time_point at) {
    using namespace std::chrono;
    const auto micro = floor<microseconds>(at);
    const auto day = floor<days>(micro);
    const year_month_day ymd(day);
    const hh_mm_ss<microseconds> time(micro - day);
    return {int(ymd.year()),        unsigned(ymd.month()),  unsigned(ymd.day()),      time.hours().count(),
            time.minutes().count(), time.seconds().count(), time.subseconds().count()};
}
}  // namespace detail

// 2026-11-23T04:05:06.123456Z
inline std::string utc_timestamp(UtcClock::time_point at = UtcClock::now()) {
    const auto t = detail::utc_parts(at);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", t.year, t.month, t.day, t.hour, t.minute, t.second,
                       t.micros);
}

// 20261123T040506Z, for names
inline std::string utc_compact(UtcClock::time_point at = UtcClock::now()) {
    const auto t = detail::utc_parts(at);
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", t.year, t.month, t.day, t.hour, t.minute, t.second);
}

}  // namespace lakemover::loader
