// The hours of the day in which a run may load, and the moment at which it must be done: local time of the loader's
// machine. Pure but for the time zone; throws Error(kUsage) on text that is neither.
#pragma once
#include <ctime>
#include <string>

namespace lakemover::loader {

// "22:00-06:00", also over midnight, also with seconds. Times of a day are seconds since its midnight.
class Window {
public:
    static Window parse(const std::string& text);

    bool open(int second_of_day) const;
    int seconds_to_open(int second_of_day) const;   // 0 while it is open
    int seconds_to_close(int second_of_day) const;  // 0 while it is closed
    // Seconds until so many seconds of work are done, with the closed hours between.
    double elapsed(double work_s, int second_of_day) const;
    std::string text() const;
    std::string opens() const;   // "22:00"
    std::string closes() const;  // "06:00"

private:
    Window(int from, int to) : from_(from), to_(to) {}
    int length() const;
    int from_;
    int to_;
};

int local_second_of_day(std::time_t now);

// "2026-11-28 06:00", the same with a Z of UTC or, the next time that it is so late, "06:00".
std::time_t parse_deadline(const std::string& text, std::time_t now);
// "2026-11-28 06:00:00", as parse_deadline() reads it.
std::string local_time_text(std::time_t at);
std::string utc_time_text(std::time_t at);  // "2026-11-28T06:00:00Z"

}  // namespace lakemover::loader
