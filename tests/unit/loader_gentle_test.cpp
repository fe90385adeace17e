// What keeps a run gentle on its source: rate, window, slowdown, number of workers. Time is given, nothing waits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "loader/config/byte_rate.hpp"
#include "loader/engine/rate.hpp"
#include "loader/engine/slowdown.hpp"
#include "loader/engine/window.hpp"
#include "loader/engine/workers.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kHour = 3600;

Clock::duration seconds(double s) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
}

template <typename F> std::string usage_error(F&& f) {
    try {
        f();
    } catch (const Error& e) {
        EXPECT_EQ(e.exit_code, Exit::kUsage);
        EXPECT_FALSE(e.hint.empty()) << e.what();
        return e.what();
    }
    return "";
}

TEST(ByteRate, AsPeopleWriteIt) {
    EXPECT_EQ(parse_byte_rate("x", "10MB"), 10 * 1024 * 1024);
    EXPECT_EQ(parse_byte_rate("x", "10 mb/s"), 10 * 1024 * 1024);
    EXPECT_EQ(parse_byte_rate("x", "512k"), 512 * 1024);
    EXPECT_EQ(parse_byte_rate("x", "1.5GB"), 1536LL * 1024 * 1024);
    EXPECT_EQ(parse_byte_rate("x", "1TB/s"), 1024LL * 1024 * 1024 * 1024);
    EXPECT_EQ(parse_byte_rate("x", "2048"), 2048);
    EXPECT_EQ(parse_byte_rate("x", "2048B"), 2048);
    for (const char* bad : {"", "fast", "10 XB", "-5MB", "10MB/h", "1e9", "MB", "0", "100", "999999999999TB"})
        EXPECT_NE(usage_error([&] { (void)parse_byte_rate("--max-rate", bad); }).find("--max-rate"), std::string::npos)
            << bad;
}

TEST(RateLimit, NoLimitNeverWaits) {
    RateLimit none;
    EXPECT_EQ(none.book(1U << 30U, Clock::time_point(seconds(1))), 0);
}

// Readers that wait as they are told: however they take turns, the bytes take their time.
TEST(RateLimit, BytesTakeTheirTime) {
    for (const int workers : {1, 4}) {
        RateLimit limit(1e6);
        const Clock::time_point start(seconds(1000));
        std::vector<Clock::time_point> free(static_cast<std::size_t>(workers), start);
        Clock::time_point end = start;
        for (int i = 0; i < 50; ++i) {
            auto& me = *std::min_element(free.begin(), free.end());
            me += seconds(limit.book(100000, me));
            end = std::max(end, me);
        }
        const double took = std::chrono::duration<double>(end - start).count();
        EXPECT_GE(took, 4.7) << workers;  // a quarter of a second is credit
        EXPECT_LE(took, 5.1) << workers;
    }
}

TEST(RateLimit, APauseSavesNothingUp) {
    RateLimit limit(1e6);
    const Clock::time_point start(seconds(1000));
    (void)limit.book(100000, start);
    const Clock::time_point later = start + std::chrono::hours(1);
    EXPECT_NEAR(limit.book(1000000, later), 0.75, 1e-6);
    EXPECT_NEAR(limit.book(1000000, later + seconds(0.75)), 1, 1e-6);
}

TEST(Window, OverMidnight) {
    const Window w = Window::parse("22:00-06:00");
    EXPECT_EQ(w.text(), "22:00-06:00");
    EXPECT_TRUE(w.open(22 * kHour));
    EXPECT_TRUE(w.open(0));
    EXPECT_TRUE(w.open(6 * kHour - 1));
    EXPECT_FALSE(w.open(6 * kHour));
    EXPECT_FALSE(w.open(22 * kHour - 1));
    EXPECT_EQ(w.seconds_to_close(23 * kHour), 7 * kHour);
    EXPECT_EQ(w.seconds_to_close(5 * kHour), kHour);
    EXPECT_EQ(w.seconds_to_close(12 * kHour), 0);
    EXPECT_EQ(w.seconds_to_open(12 * kHour), 10 * kHour);
    EXPECT_EQ(w.seconds_to_open(23 * kHour), 0);
}

TEST(Window, WithinADay) {
    const Window w = Window::parse("1:30-04:00:30");
    EXPECT_EQ(w.text(), "01:30-04:00:30");
    EXPECT_FALSE(w.open(kHour));
    EXPECT_TRUE(w.open(2 * kHour));
    EXPECT_FALSE(w.open(4 * kHour + 30));
    EXPECT_EQ(w.seconds_to_open(5 * kHour), 20 * kHour + kHour / 2);
    const Window until_midnight = Window::parse("20:00-24:00");
    EXPECT_TRUE(until_midnight.open(24 * kHour - 1));
    EXPECT_FALSE(until_midnight.open(0));
}

TEST(Window, WorkIsDoneInTheHoursThatAreOpen) {
    const Window w = Window::parse("22:00-06:00");
    EXPECT_DOUBLE_EQ(w.elapsed(kHour, 23 * kHour), kHour);
    EXPECT_DOUBLE_EQ(w.elapsed(7 * kHour, 23 * kHour), 7 * kHour);
    // An hour too much: it is done at 23:00 of the next day.
    EXPECT_DOUBLE_EQ(w.elapsed(8 * kHour, 23 * kHour), 24 * kHour);
    EXPECT_DOUBLE_EQ(w.elapsed(kHour, 12 * kHour), 11 * kHour);
    EXPECT_DOUBLE_EQ(w.elapsed(8 * kHour, 12 * kHour), 18 * kHour);
    EXPECT_DOUBLE_EQ(w.elapsed(17 * kHour, 12 * kHour), 10 * kHour + 48 * kHour + kHour);
}

TEST(Window, RefusesWhatIsNone) {
    for (const char* bad :
         {"", "22:00", "22-06", "22:00-25:00", "22:60-23:00", "22:00-22:00", "00:00-24:00", "a-b", "22:00-06:00-07:00"})
        EXPECT_NE(usage_error([&] { (void)Window::parse(bad); }).find("--window"), std::string::npos) << bad;
}

TEST(Deadline, LocalTimeOfTheNextDayOrOfADate) {
    setenv("TZ", "UTC", 1);
    tzset();
    const std::time_t now = 1764158400;  // 2025-11-26 12:00:00
    EXPECT_EQ(parse_deadline("13:00", now), now + kHour);
    EXPECT_EQ(parse_deadline("11:00", now), now + 23 * kHour);
    EXPECT_EQ(parse_deadline("12:00", now), now + 24 * kHour);
    EXPECT_EQ(parse_deadline("2025-11-28 06:00", now), now + 42 * kHour);
    EXPECT_EQ(parse_deadline("2025-11-28T06:00:30", now), now + 42 * kHour + 30);
    EXPECT_EQ(local_time_text(now), "2025-11-26 12:00:00");
    EXPECT_EQ(parse_deadline(local_time_text(now + 90), now), now + 90);
    EXPECT_EQ(utc_time_text(now), "2025-11-26T12:00:00Z");
    for (const char* bad : {"", "tomorrow", "2025-02-30 06:00", "2025-13-01 06:00", "06", "26:00", "2025-11-28"})
        EXPECT_NE(usage_error([&] { (void)parse_deadline(bad, now); }).find("--deadline"), std::string::npos) << bad;
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    EXPECT_EQ(local_second_of_day(now), 13 * kHour);
    EXPECT_EQ(parse_deadline("14:00", now), now + kHour);
    EXPECT_EQ(parse_deadline("2025-11-26T14:00:00Z", now), now + 2 * kHour);
    unsetenv("TZ");
    tzset();
}

// One block of so many seconds, over and over, for so long; returns the last change.
class Source {
public:
    Source(double factor, int workers) : slowdown(factor, workers) {}
    std::optional<Slowdown::Change> deliver(double block_s, double for_s) {
        std::optional<Slowdown::Change> last;
        for (double t = 0; t < for_s; t += 0.5) {
            now += seconds(0.5);
            if (const auto change = slowdown.sample(now, block_s)) {
                last = change;
                ++changes;
            }
        }
        return last;
    }
    Slowdown slowdown;
    Clock::time_point now{seconds(5000)};
    int changes = 0;
};

TEST(Slowdown, FewerWorkersWhileTheSourceIsSlowAndMoreAfter) {
    Source source(4, 3);
    EXPECT_FALSE(source.deliver(0.1, 120));
    EXPECT_EQ(source.slowdown.allowed(), 3);
    const auto slower = source.deliver(0.5, 20);
    ASSERT_TRUE(slower);
    EXPECT_EQ(slower->from, 3);
    EXPECT_EQ(slower->to, 2);
    EXPECT_DOUBLE_EQ(slower->first_s, 0.1);
    EXPECT_DOUBLE_EQ(slower->median_s, 0.5);
    EXPECT_EQ(source.changes, 1);  // then it waits for what that does
    source.deliver(0.5, 600);
    EXPECT_EQ(source.slowdown.allowed(), 1);  // never none
    EXPECT_EQ(source.changes, 2);
    // Better, but not well: no change.
    EXPECT_FALSE(source.deliver(0.3, 600));
    const auto faster = source.deliver(0.1, 20);
    ASSERT_TRUE(faster);
    EXPECT_EQ(faster->to, 2);
    source.deliver(0.1, 600);
    EXPECT_EQ(source.slowdown.allowed(), 3);
}

TEST(Slowdown, TheFirstMinuteDecidesNothing) {
    Source source(4, 2);
    EXPECT_FALSE(source.deliver(0.1, 20));
    EXPECT_FALSE(source.deliver(5, 35));
    EXPECT_EQ(source.slowdown.allowed(), 2);
}

TEST(Slowdown, AFewSlowBlocksAreNoSlowSource) {
    Source source(4, 2);
    source.deliver(0.1, 90);
    for (int i = 0; i < 50; ++i) {
        EXPECT_FALSE(source.deliver(9, 1));
        EXPECT_FALSE(source.deliver(0.1, 3));
    }
}

TEST(Slowdown, BlocksThatWereThereAlreadyAreNoMeasure) {
    Source source(4, 2);
    source.deliver(0.0001, 90);  // the target was slow, rows lay ready
    EXPECT_FALSE(source.deliver(0.03, 120));
    EXPECT_EQ(source.slowdown.allowed(), 2);
    EXPECT_TRUE(source.deliver(0.05, 120));
}

TEST(Slowdown, OffOrASingleWorkerNeverSlowsDown) {
    Source off(0, 4);
    off.deliver(0.1, 90);
    EXPECT_FALSE(off.deliver(100, 200));
    Source single(4, 1);
    single.deliver(0.1, 90);
    EXPECT_FALSE(single.deliver(100, 200));
    EXPECT_EQ(single.slowdown.allowed(), 1);
}

TEST(Workers, ByCoresTargetAndSource) {
    const WorkerChoice plain = choose_workers({0, 4, 97, 10});
    EXPECT_EQ(plain.workers, 4);
    EXPECT_EQ(plain.reason, "4 workers: 4 cores, target allows 97 connections, source limit 10");
    EXPECT_EQ(choose_workers({0, 1, 97, 10}).workers, 2);
    EXPECT_EQ(choose_workers({0, 64, 97, 20}).workers, 8);
    EXPECT_EQ(choose_workers({0, 64, 97, 4}).workers, 3);  // one holds the snapshot
    EXPECT_EQ(choose_workers({0, 64, 5, 10}).workers, 3);
    EXPECT_EQ(choose_workers({0, 64, 1, 10}).workers, 1);
    EXPECT_EQ(choose_workers({0, 64, std::nullopt, 10}).workers, 8);
    const WorkerChoice asked = choose_workers({20, 2, 97, 10});
    EXPECT_EQ(asked.workers, 9);
    EXPECT_EQ(asked.reason, "9 workers: LAKEMOVER_JOBS=20, target allows 97 connections, source limit 10");
    EXPECT_EQ(choose_workers({1, 8, 97, 10}).reason.substr(0, 9), "1 worker:");
}

}  // namespace
}  // namespace lakemover::loader
