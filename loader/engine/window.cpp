#include "loader/engine/window.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <regex>

#include "loader/util/error.hpp"

namespace lakemover::loader {

namespace {

constexpr int kDay = 24 * 60 * 60;

// HH:MM or HH:MM:SS.
std::optional<int> time_of_day(const std::string& text) {
    static const std::regex form("([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?");
    std::smatch m;
    if (!std::regex_match(text, m, form)) return std::nullopt;
    const int h = std::stoi(m[1]);
    const int min = std::stoi(m[2]);
    const int s = m[3].matched ? std::stoi(m[3]) : 0;
    if (h > 24 || min > 59 || s > 59 || (h == 24 && (min > 0 || s > 0))) return std::nullopt;
    return h * 3600 + min * 60 + s;
}

std::string time_text(int second_of_day) {
    const int s = second_of_day % 60;
    const std::string minutes = fmt::format("{:02}:{:02}", second_of_day / 3600, second_of_day / 60 % 60);
    return s == 0 ? minutes : minutes + fmt::format(":{:02}", s);
}

int forward(int from, int to) { return (to - from + kDay) % kDay; }

}  // namespace

Window Window::parse(const std::string& text) {
    const auto dash = text.find('-');
    const auto from = time_of_day(text.substr(0, dash));
    const auto to = dash == std::string::npos ? std::nullopt : time_of_day(text.substr(dash + 1));
    if (!from || !to)
        throw Error(Exit::kUsage, "invalid value for --window: \"" + text + "\"", {},
                    "give two times of the day, such as 22:00-06:00");
    if (*from % kDay == *to % kDay)
        throw Error(Exit::kUsage, "invalid value for --window: \"" + text + "\"", {},
                    "it begins when it ends; without --window a run loads at any time");
    return {*from % kDay, *to % kDay};
}

int Window::length() const { return forward(from_, to_); }

bool Window::open(int second_of_day) const { return forward(from_, second_of_day) < length(); }

int Window::seconds_to_open(int second_of_day) const { return open(second_of_day) ? 0 : forward(second_of_day, from_); }

int Window::seconds_to_close(int second_of_day) const {
    return open(second_of_day) ? length() - forward(from_, second_of_day) : 0;
}

double Window::elapsed(double work_s, int second_of_day) const {
    const double first = seconds_to_close(second_of_day);
    if (work_s <= first) return work_s;
    // Until the next opening, then whole days of it, then the rest.
    const double left = work_s - first;
    const double until_open = first > 0 ? first + kDay - length() : seconds_to_open(second_of_day);
    const double nights = std::ceil(left / length()) - 1;
    return until_open + nights * kDay + (left - nights * length());
}

std::string Window::text() const { return opens() + "-" + closes(); }
std::string Window::opens() const { return time_text(from_); }
std::string Window::closes() const { return time_text(to_); }

int local_second_of_day(std::time_t now) {
    std::tm local{};
    localtime_r(&now, &local);
    return local.tm_hour * 3600 + local.tm_min * 60 + std::min(local.tm_sec, 59);
}

std::time_t parse_deadline(const std::string& text, std::time_t now) {
    static const std::regex form("([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]([0-9:]+)(Z?)");
    std::tm local{};
    std::smatch m;
    std::optional<int> seconds;
    if (std::regex_match(text, m, form)) {
        local.tm_year = std::stoi(m[1]) - 1900;
        local.tm_mon = std::stoi(m[2]) - 1;
        local.tm_mday = std::stoi(m[3]);
        seconds = time_of_day(m[4]);
        // mktime() would make the 2nd of March of the 30th of February.
        const std::tm given = local;
        std::tm there = local;
        there.tm_hour = 12;
        if (mktime(&there) == -1 || there.tm_mday != given.tm_mday || there.tm_mon != given.tm_mon) seconds.reset();
    } else if ((seconds = time_of_day(text))) {
        localtime_r(&now, &local);
        if (*seconds <= local_second_of_day(now)) ++local.tm_mday;
    }
    if (!seconds)
        throw Error(Exit::kUsage, "invalid value for --deadline: \"" + text + "\"", {},
                    "give a local time, such as 06:00 or \"2026-11-28 06:00\"");
    local.tm_hour = *seconds / 3600;
    local.tm_min = *seconds / 60 % 60;
    local.tm_sec = *seconds % 60;
    local.tm_isdst = -1;
    return !m.empty() && m[5].length() > 0 ? timegm(&local) : mktime(&local);
}

namespace {
std::string date_text(const std::tm& t, const char* between) {
    return fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, between,
                       t.tm_hour, t.tm_min, t.tm_sec);
}
}  // namespace

std::string local_time_text(std::time_t at) {
    std::tm local{};
    localtime_r(&at, &local);
    return date_text(local, " ");
}

std::string utc_time_text(std::time_t at) {
    std::tm utc{};
    gmtime_r(&at, &utc);
    return date_text(utc, "T") + "Z";
}

}  // namespace lakemover::loader
