// See moments.hpp.
#include "engine/moments.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace tds {

namespace {

constexpr std::int64_t kTicksASecond = 10000000;
constexpr std::int64_t kTicksAMinute = 60 * kTicksASecond;
constexpr std::int64_t kSecondPart = 300;  // of a datetime
constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

SqlError out_of_range(const std::string& what) {
    return {242, 16, "The conversion of a " + what + " data type resulted in an out-of-range value."};
}

std::int64_t rounded(std::int64_t ticks, std::int64_t unit) { return (ticks + unit / 2) / unit * unit; }

// Digits at the front of text, at most so many.
std::optional<int> take_number(std::string& text, std::size_t least, std::size_t most) {
    std::size_t n = 0;
    while (n < text.size() && n < most && text[n] >= '0' && text[n] <= '9') {
        ++n;
    }
    if (n < least) {
        return std::nullopt;
    }
    const int number = std::atoi(text.substr(0, n).c_str());
    text.erase(0, n);
    return number;
}

bool take(std::string& text, char c) {
    if (text.empty() || text[0] != c) {
        return false;
    }
    text.erase(0, 1);
    return true;
}

// hh:mm[:ss[.fffffff]]
std::optional<std::int64_t> take_time(std::string& text) {
    const auto hour = take_number(text, 1, 2);
    if (!hour || !take(text, ':')) {
        return std::nullopt;
    }
    const auto minute = take_number(text, 1, 2);
    int second = 0;
    std::int64_t fraction = 0;
    if (take(text, ':')) {
        const auto read = take_number(text, 1, 2);
        if (!read) {
            return std::nullopt;
        }
        second = *read;
        if (take(text, '.')) {
            std::int64_t unit = kTicksASecond / 10;
            bool any = false;
            while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
                if (unit == 0) {
                    return std::nullopt;  // more than seven digits
                }
                fraction += (text[0] - '0') * unit;
                unit /= 10;
                any = true;
                text.erase(0, 1);
            }
            if (!any) {
                return std::nullopt;
            }
        }
    }
    if (!minute || *hour > 23 || *minute > 59 || second > 59) {
        return std::nullopt;
    }
    return ((*hour * 60LL + *minute) * 60 + second) * kTicksASecond + fraction;
}

std::string two(std::int64_t n) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "%02lld", static_cast<long long>(n));
    return text.data();
}

std::string date_text(std::int32_t days) {
    int year = 0;
    int month = 0;
    int day = 0;
    date_of(days, year, month, day);
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02d", year, month, day);
    return text.data();
}

std::string time_text(std::int64_t ticks, int digits) {
    const std::int64_t seconds = ticks / kTicksASecond;
    std::string text = two(seconds / 3600) + ":" + two(seconds / 60 % 60) + ":" + two(seconds % 60);
    if (digits > 0) {
        const std::string fraction = std::to_string(kTicksASecond + ticks % kTicksASecond).substr(1);
        text += "." + fraction.substr(0, static_cast<std::size_t>(digits));
    }
    return text;
}

std::string offset_text(int minutes) {
    const int size = std::abs(minutes);
    return (minutes < 0 ? " -" : " +") + two(size / 60) + ":" + two(size % 60);
}

}  // namespace

// Days from civil, proleptic Gregorian; 0 is 0001-01-01.
std::int32_t days_of(int year, int month, int day) {
    const int y = month <= 2 ? year - 1 : year;
    const int era = (y >= 0 ? y : y - 399) / 400;
    const int of_era = y - era * 400;
    const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return era * 146097 + days - 306;
}

void date_of(std::int32_t days, int& year, int& month, int& day) {
    const int z = days + 306;
    const int era = (z >= 0 ? z : z - 146096) / 146097;
    const int doe = z - era * 146097;
    const int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int mp = (5 * doy + 2) / 153;
    day = doy - (153 * mp + 2) / 5 + 1;
    month = mp + (mp < 10 ? 3 : -9);
    year = yoe + era * 400 + (month <= 2 ? 1 : 0);
}

std::optional<Moment> parse_moment(const std::string& given) {
    std::string text = given;
    while (!text.empty() && text.front() == ' ') text.erase(0, 1);
    while (!text.empty() && text.back() == ' ') text.pop_back();
    Moment moment;
    moment.days = days_of(1900, 1, 1);
    if (text.empty()) {
        return moment;
    }
    const std::size_t digits = text.find_first_not_of("0123456789");
    if (digits == 4 || digits == 8 || (digits == std::string::npos && text.size() == 8)) {
        const auto year = take_number(text, 4, 4);
        const bool dashes = take(text, '-');
        const auto month = take_number(text, 1, 2);
        if (dashes && !take(text, '-')) {
            return std::nullopt;
        }
        const auto day = take_number(text, 1, 2);
        static constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        if (!year || !month || !day || *year < 1 || *month < 1 || *month > 12 || *day < 1) {
            return std::nullopt;
        }
        const bool leap = (*year % 4 == 0 && *year % 100 != 0) || *year % 400 == 0;
        if (*day > kDays.at(static_cast<std::size_t>(*month - 1)) + (*month == 2 && leap ? 1 : 0)) {
            return std::nullopt;
        }
        moment.days = days_of(*year, *month, *day);
        if (text.empty()) {
            return moment;
        }
        if (!take(text, 'T') && !take(text, ' ')) {
            return std::nullopt;
        }
    }
    const auto time = take_time(text);
    if (!time) {
        return std::nullopt;
    }
    moment.ticks = *time;
    while (take(text, ' ')) {}
    if (text == "Z") {
        return moment;
    }
    if (!text.empty()) {
        const bool minus = text[0] == '-';
        if (!take(text, '+') && !take(text, '-')) {
            return std::nullopt;
        }
        const auto hours = take_number(text, 2, 2);
        if (!hours || !take(text, ':')) {
            return std::nullopt;
        }
        const auto minutes = take_number(text, 2, 2);
        if (!minutes || !text.empty() || *hours * 60 + *minutes > 14 * 60) {
            return std::nullopt;
        }
        moment.offset = static_cast<std::int16_t>((minus ? -1 : 1) * (*hours * 60 + *minutes));
    }
    return moment;
}

Moment fitted(Moment moment, const Type& type) {
    if (type.kind == Kind::kDate) {
        return {moment.days, 0, 0};
    }
    if (type.kind == Kind::kDatetime) {
        const std::int64_t n = (moment.ticks * kSecondPart + kTicksASecond / 2) / kTicksASecond;
        moment.ticks = (n * kTicksASecond + kSecondPart / 2) / kSecondPart;
    } else if (type.kind == Kind::kSmalldatetime) {
        moment.ticks = rounded(moment.ticks, kTicksAMinute);
    } else {
        std::int64_t unit = 1;
        for (int i = type.scale; i < 7; ++i) {
            unit *= 10;
        }
        moment.ticks = rounded(moment.ticks, unit);
    }
    if (moment.ticks >= kTicksADay) {
        moment.ticks -= kTicksADay;
        moment.days += 1;
    }
    if (type.kind == Kind::kTime) {
        return {0, moment.ticks, 0};
    }
    if (type.kind != Kind::kDatetimeoffset) {
        moment.offset = 0;
    }
    const std::int32_t first = type.kind == Kind::kDatetime        ? days_of(1753, 1, 1)
                               : type.kind == Kind::kSmalldatetime ? days_of(1900, 1, 1)
                                                                   : 0;
    const std::int32_t last = type.kind == Kind::kSmalldatetime ? days_of(2079, 6, 6) : days_of(9999, 12, 31);
    if (moment.days < first || moment.days > last) {
        throw out_of_range("date and time");
    }
    return moment;
}

Moment at_offset(Moment moment, int minutes) {
    moment.ticks += (minutes - moment.offset) * kTicksAMinute;
    moment.offset = static_cast<std::int16_t>(minutes);
    if (moment.ticks < 0) {
        moment.ticks += kTicksADay;
        moment.days -= 1;
    } else if (moment.ticks >= kTicksADay) {
        moment.ticks -= kTicksADay;
        moment.days += 1;
    }
    return moment;
}

Moment in_utc(Moment moment) { return at_offset(moment, 0); }

std::string moment_text(const Moment& moment, const Type& type, int style) {
    const bool dated = type.kind != Kind::kTime;
    const bool timed = type.kind != Kind::kDate;
    int digits = type.kind == Kind::kDatetime ? 3 : type.kind == Kind::kSmalldatetime ? 0 : type.scale;
    std::int64_t ticks = moment.ticks;
    if (type.kind == Kind::kDatetime) {
        ticks = rounded(ticks, kTicksASecond / 1000);
    }
    const std::string offset = type.kind == Kind::kDatetimeoffset ? offset_text(moment.offset) : "";
    if (style < 0) {
        if (type.kind != Kind::kDatetime && type.kind != Kind::kSmalldatetime) {
            style = 121;
        } else {
            style = 0;
        }
    }
    switch (style) {
        case 0: {
            if (!dated || !timed) {
                break;
            }
            int year = 0;
            int month = 0;
            int day = 0;
            date_of(moment.days, year, month, day);
            const std::int64_t minutes = ticks / kTicksAMinute;
            const std::int64_t hour = minutes / 60;
            std::array<char, 64> text{};
            std::snprintf(text.data(), text.size(), "%s %2d %04d %2lld:%02lld%s",
                          kMonths.at(static_cast<std::size_t>(month - 1)), day, year,
                          static_cast<long long>(hour % 12 == 0 ? 12 : hour % 12), static_cast<long long>(minutes % 60),
                          hour < 12 ? "AM" : "PM");
            return text.data();
        }
        case 23: return date_text(moment.days);
        case 120: digits = 0; [[fallthrough]];
        case 121:
            if (type.kind == Kind::kSmalldatetime && style == 121) {
                digits = 3;
            }
            return (dated ? date_text(moment.days) : "") + (dated && timed ? " " : "") +
                   (timed ? time_text(ticks, digits) : "") + offset;
        case 126:
            if (!dated || !timed) {
                break;
            }
            return date_text(moment.days) + "T" + time_text(ticks, ticks % kTicksASecond == 0 ? 0 : digits);
        default: break;
    }
    throw SqlError(281, 16, std::to_string(style) + " is not a style number that the test server knows for a moment.");
}

Moment added(const Moment& moment, const std::string& part, std::int64_t number) {
    Moment result = moment;
    std::int64_t ticks = 0;
    if (part == "SECOND" || part == "SS" || part == "S")
        ticks = kTicksASecond;
    else if (part == "MINUTE" || part == "MI" || part == "N")
        ticks = kTicksAMinute;
    else if (part == "HOUR" || part == "HH")
        ticks = 60 * kTicksAMinute;
    else if (part == "DAY" || part == "DD" || part == "D")
        ticks = kTicksADay;
    else if (part == "WEEK" || part == "WK")
        ticks = 7 * kTicksADay;
    else if (part == "MILLISECOND" || part == "MS")
        ticks = kTicksASecond / 1000;
    else if (part == "MICROSECOND" || part == "MCS")
        ticks = 10;
    else if (part == "NANOSECOND" || part == "NS") {
        ticks = 1;
        number /= 100;
    } else if (part == "MONTH" || part == "MM" || part == "M" || part == "YEAR" || part == "YY" || part == "YYYY") {
        int year = 0;
        int month = 0;
        int day = 0;
        date_of(moment.days, year, month, day);
        const std::int64_t months = year * 12LL + month - 1 + number * (part[0] == 'Y' ? 12 : 1);
        year = static_cast<int>(months / 12);
        month = static_cast<int>(months % 12) + 1;
        for (; day > 28; --day) {
            int y = 0;
            int m = 0;
            int d = 0;
            date_of(days_of(year, month, day), y, m, d);
            if (m == month) {
                break;
            }
        }
        result.days = days_of(year, month, day);
        return result;
    } else {
        throw SqlError(155, 15, "'" + part + "' is not a datepart that the test server knows.");
    }
    const Int128 total = Int128(moment.days) * kTicksADay + moment.ticks + Int128(number) * ticks;
    if (total < 0 || total / kTicksADay > days_of(9999, 12, 31)) {
        throw SqlError(517, 16, "Adding a value to a date column caused an overflow.");
    }
    result.days = static_cast<std::int32_t>(total / kTicksADay);
    result.ticks = static_cast<std::int64_t>(total % kTicksADay);
    return result;
}

std::int64_t difference(const std::string& part, const Moment& from, const Moment& to) {
    const auto unit = [&](std::int64_t ticks) {
        return (to.days * kTicksADay + to.ticks) / ticks - (from.days * kTicksADay + from.ticks) / ticks;
    };
    if (part == "DAY" || part == "DD" || part == "D") return unit(kTicksADay);
    if (part == "HOUR" || part == "HH") return unit(60 * kTicksAMinute);
    if (part == "MINUTE" || part == "MI" || part == "N") return unit(kTicksAMinute);
    if (part == "SECOND" || part == "SS" || part == "S") return unit(kTicksASecond);
    throw SqlError(155, 15, "'" + part + "' is not a datepart that the test server knows.");
}

int part_of(const std::string& part, const Moment& moment) {
    int year = 0;
    int month = 0;
    int day = 0;
    date_of(moment.days, year, month, day);
    const auto seconds = static_cast<int>(moment.ticks / kTicksASecond);
    if (part == "YEAR" || part == "YY" || part == "YYYY") return year;
    if (part == "MONTH" || part == "MM" || part == "M") return month;
    if (part == "DAY" || part == "DD" || part == "D") return day;
    if (part == "HOUR" || part == "HH") return seconds / 3600;
    if (part == "MINUTE" || part == "MI" || part == "N") return seconds / 60 % 60;
    if (part == "SECOND" || part == "SS" || part == "S") return seconds % 60;
    if (part == "NANOSECOND" || part == "NS") return static_cast<int>(moment.ticks % kTicksASecond * 100);
    throw SqlError(155, 15, "'" + part + "' is not a datepart that the test server knows.");
}

Moment now_utc() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t ticks = std::chrono::duration_cast<std::chrono::nanoseconds>(since).count() / 100;
    return {days_of(1970, 1, 1) + static_cast<std::int32_t>(ticks / kTicksADay), ticks % kTicksADay, 0};
}

}  // namespace tds
