// The arithmetic of forecasts, with figures that can be checked by hand.
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "loader/engine/forecast.hpp"
#include "loader/engine/forecast_watch.hpp"

namespace lakemover::loader {
namespace {

constexpr double kMb = 1e6;

TableProgress table(int id, const std::string& state, double est_bytes, double chunks, double done, double bytes) {
    TableProgress t;
    t.table_id = id;
    t.state = state;
    t.est_bytes = est_bytes;
    t.est_rows = est_bytes / 100;
    t.chunks = chunks;
    t.chunks_done = done;
    t.bytes = bytes;
    t.rows = bytes / 50;
    return t;
}

// Half of a table of 100 MB, as COPY 80 MB, was loaded in 10 s; one of 200 MB on the source has not begun.
Figures halfway() {
    Figures f;
    f.bytes = 40 * kMb;
    f.seconds = 10;
    f.tables = {table(1, "loading", 100 * kMb, 10, 5, 40 * kMb), table(2, "pending", 200 * kMb, 20, 0, 0)};
    return f;
}

TEST(Forecast, EstimatesAreCorrectedByWhatWasRead) {
    const Forecast f = make_forecast(halfway(), "load", 2);
    EXPECT_DOUBLE_EQ(f.bytes_done, 40 * kMb);
    EXPECT_DOUBLE_EQ(f.bytes_planned, 80 * kMb + 160 * kMb);
    EXPECT_DOUBLE_EQ(f.bytes_per_s, 4 * kMb);
    // Rows: 0.8 million of 1.6 million where 1 million was estimated, so 3.2 million of the other table.
    EXPECT_DOUBLE_EQ(f.rows_done, 0.8e6);
    EXPECT_DOUBLE_EQ(f.rows_planned, 1.6e6 + 3.2e6);
}

TEST(Forecast, BytesLeftByTheRateSoFar) {
    const Forecast f = make_forecast(halfway(), "load", 2);
    ASSERT_NE(f.phase("load"), nullptr);
    ASSERT_TRUE(f.phase("load")->seconds_left);
    EXPECT_DOUBLE_EQ(*f.phase("load")->seconds_left, 50);  // 200 MB at 4 MB/s
}

TEST(Forecast, WhatWasNotMeasuredIsUnknown) {
    Figures nothing = halfway();
    nothing.bytes = nothing.seconds = 0;
    nothing.tables = {table(1, "pending", 100 * kMb, 10, 0, 0)};
    const Forecast before = make_forecast(nothing, "load", 2);
    EXPECT_FALSE(before.phase("load")->seconds_left);
    EXPECT_FALSE(before.seconds_left());
    EXPECT_DOUBLE_EQ(before.bytes_planned, 100 * kMb);

    Figures f = halfway();
    f.statements = {{"index", 1, true, 0}};
    const Forecast loading = make_forecast(f, "load", 2);
    EXPECT_FALSE(loading.phase("finish")->seconds_left);
    EXPECT_FALSE(loading.phase("validate")->seconds_left);
    EXPECT_FALSE(loading.seconds_left());
    EXPECT_DOUBLE_EQ(loading.known_s, 50);
    EXPECT_EQ(loading.text(), "at least 50 s left (load 50 s), finish and validate not measured yet");
    const auto json = loading.json();
    EXPECT_TRUE(json.at("seconds_left").is_null());
    EXPECT_DOUBLE_EQ(json.at("at_least_s").get<double>(), 50);
    EXPECT_TRUE(json.at("phases").at(1).at("seconds_left").is_null());
    EXPECT_FALSE(json.at("phases").at(1).at("basis").get<std::string>().empty());
}

TEST(Forecast, CountsOfTablesAreForeseen) {
    Figures f = halfway();
    f.tables.push_back(table(3, "loaded", 40 * kMb, 1, 1, 32 * kMb));
    f.tables.back().count_s = 4;
    const Forecast one = make_forecast(f, "load", 1);
    // 240 MB uncounted at 8 MB/s, but for the constant that a small table weighs.
    EXPECT_NEAR(*one.phase("load")->seconds_left, 50 + 30, 0.1);
    const Forecast two = make_forecast(f, "load", 2);
    EXPECT_NEAR(*two.phase("load")->seconds_left, 50 + 15, 0.1);
}

TEST(Forecast, FailedTablesAreNotWaitedFor) {
    Figures f = halfway();
    f.tables[1].state = "blocked";
    f.tables.push_back(table(3, "failed", 100 * kMb, 10, 2, 16 * kMb));
    const Forecast forecast = make_forecast(f, "load", 2);
    EXPECT_DOUBLE_EQ(forecast.bytes_planned, 80 * kMb + 16 * kMb);
    EXPECT_DOUBLE_EQ(*forecast.phase("load")->seconds_left, 10);
}

TEST(Forecast, PartitionedParentsCountNothing) {
    Figures f = halfway();
    f.tables.push_back(table(3, "loaded", 100 * kMb, 0, 0, 0));
    f.tables.back().copies_rows = false;
    EXPECT_DOUBLE_EQ(make_forecast(f, "load", 2).bytes_planned, 240 * kMb);
}

TEST(Forecast, SecondPassByItsChunksOrTheEstimate) {
    Figures f = halfway();
    f.tables[0].second_chunks = 4;
    const Forecast before = make_forecast(f, "load", 2);
    // 100 MB on the source are 80 MB as COPY, at 4 MB/s; the load's own time stays.
    EXPECT_DOUBLE_EQ(*before.phase("load")->seconds_left, 50);
    ASSERT_NE(before.phase("second pass"), nullptr);
    EXPECT_DOUBLE_EQ(*before.phase("second pass")->seconds_left, 20);
    EXPECT_DOUBLE_EQ(before.bytes_planned, 240 * kMb + 80 * kMb);
    f.tables[0].state = f.tables[1].state = "loaded";
    f.tables[0].second_done = 1;
    f.tables[0].second_bytes = 10 * kMb;
    const Forecast within = make_forecast(f, "second pass", 2);
    EXPECT_EQ(within.phase("load"), nullptr);
    EXPECT_DOUBLE_EQ(*within.phase("second pass")->seconds_left, 7.5);
    EXPECT_EQ(make_forecast(f, "finish", 2).phase("second pass"), nullptr);
    EXPECT_EQ(make_forecast(halfway(), "load", 2).phase("second pass"), nullptr);
}

TEST(Forecast, FinishBySizesOfTablesAndStages) {
    Figures f;
    f.tables = {table(1, "loaded", 0, 1, 1, 100 * kMb), table(2, "loaded", 0, 1, 1, 50 * kMb)};
    f.statements = {{"key", 1, false, 10}, {"key", 2, true, 0}, {"fk_validate", 1, true, 0}};
    const Forecast serial = make_forecast(f, "finish", 1);
    EXPECT_EQ(serial.phase("load"), nullptr);
    // The key of the table of half the size takes half as long; foreign keys go by the keys as long as none was made.
    EXPECT_NEAR(*serial.phase("finish")->seconds_left, 5 + 10, 0.05);
    f.statements.push_back({"fk_validate", 2, false, 1});
    EXPECT_NEAR(*make_forecast(f, "finish", 1).phase("finish")->seconds_left, 5 + 2, 0.05);
    f.statements.push_back({"key", 1, true, 0});
    EXPECT_NEAR(*make_forecast(f, "finish", 2).phase("finish")->seconds_left, (5 + 10) / 2.0 + 2, 0.05);
}

TEST(Forecast, ValidationBySizes) {
    Figures f;
    f.tables = {table(1, "loaded", 0, 1, 1, 100 * kMb), table(2, "loaded", 0, 1, 1, 300 * kMb)};
    f.tables[0].validated = true;
    f.tables[0].validate_s = 4;
    f.tables[0].count_s = f.tables[1].count_s = 1;
    const Forecast forecast = make_forecast(f, "validate", 4);
    // One table is left: more workers do not help.
    EXPECT_NEAR(*forecast.phase("validate")->seconds_left, 12, 0.05);
    ASSERT_TRUE(forecast.seconds_left());
    EXPECT_NEAR(*forecast.seconds_left(), 12, 0.05);
    EXPECT_EQ(forecast.text(), "12 s left");
}

TEST(Forecast, NothingIsLeftOfARunThatHasEnded) {
    const Forecast forecast = make_forecast(halfway(), "ended", 2);
    EXPECT_TRUE(forecast.phases.empty());
    EXPECT_EQ(forecast.text(), "");
    EXPECT_DOUBLE_EQ(*forecast.seconds_left(), 0);
}

TEST(Forecast, AWindowThatIsTooShort) {
    const Window w = Window::parse("22:00-06:00");
    const Forecast f = make_forecast(halfway(), "load", 2);  // 50 s of loading are left
    constexpr int kSix = 6 * 3600;
    EXPECT_FALSE(window_missed(f, w, kSix - 51));
    EXPECT_FALSE(window_missed(f, w, kSix - 50));
    const auto missed = window_missed(f, w, kSix - 20);
    ASSERT_TRUE(missed);
    EXPECT_EQ(
        *missed,
        "the load will not be done when the window closes at 06:00: it needs 50 s more, the window has 20 s left; it "
        "pauses then and goes on at 22:00");
    EXPECT_FALSE(window_missed(f, w, kSix + 20));  // it is closed already
    EXPECT_FALSE(window_missed(make_forecast(halfway(), "finish", 2), w, kSix - 20));
    Figures unknown = halfway();
    unknown.bytes = unknown.seconds = 0;
    EXPECT_FALSE(window_missed(make_forecast(unknown, "load", 2), w, kSix - 20));
}

TEST(Forecast, ADeadline) {
    setenv("TZ", "UTC", 1);
    tzset();
    const std::time_t noon = 1764158400;  // 2025-11-26 12:00:00
    const Forecast f = make_forecast(halfway(), "load", 2);
    EXPECT_FALSE(deadline_missed(f, std::nullopt, noon + 50, noon));
    const auto missed = deadline_missed(f, std::nullopt, noon + 49, noon);
    ASSERT_TRUE(missed);
    EXPECT_NE(missed->find("2025-11-26 12:00:49 will be missed: it is in 49 s, and the run needs"), std::string::npos)
        << *missed;
    ASSERT_TRUE(deadline_missed(f, std::nullopt, noon - 1, noon));
    EXPECT_NE(deadline_missed(f, std::nullopt, noon - 1, noon)->find("has passed"), std::string::npos);
    // The hours until the window opens are to be waited for.
    const Window w = Window::parse("22:00-06:00");
    EXPECT_TRUE(deadline_missed(f, w, noon + 9 * 3600, noon));
    EXPECT_FALSE(deadline_missed(f, w, noon + 11 * 3600, noon));
    EXPECT_FALSE(deadline_missed(make_forecast(halfway(), "ended", 2), w, noon - 1, noon));
    unsetenv("TZ");
    tzset();
}

TEST(Forecast, TheFirstSecondsAreNoReasonToWarn) {
    Figures f = halfway();
    EXPECT_TRUE(worth_a_warning(make_forecast(f, "load", 2), f));
    f.seconds = 1;
    EXPECT_TRUE(worth_a_warning(make_forecast(f, "load", 2), f));  // a sixth is there
    f.tables[0] = table(1, "loading", 100 * kMb, 1000, 1, 0.08 * kMb);
    EXPECT_FALSE(worth_a_warning(make_forecast(f, "load", 2), f));
}

TEST(Forecast, ReadsWhatStagingSays) {
    const Figures f = parse_figures(nlohmann::json::parse(R"({
        "measured": {"bytes": 1000, "rows": 10, "chunks": 2, "seconds": 4.0},
        "tables": [{"table_id": 7, "name": "s.t", "state": "loading", "copies_rows": true, "est_bytes": 3000, "est_rows": 30,
                    "chunks": 4, "chunks_done": 2, "rows": 10, "bytes": 1000, "count_s": null, "validated": false,
                    "validate_s": null, "stages": []}],
        "statements": [{"stage": "key", "table_id": 7, "state": "pending", "seconds": null},
                       {"stage": "check", "table_id": null, "state": "done", "seconds": 0.5}]})"));
    EXPECT_DOUBLE_EQ(f.tables.at(0).count_s, -1);
    EXPECT_TRUE(f.statements.at(0).pending);
    EXPECT_FALSE(f.statements.at(1).pending);
    const Forecast forecast = make_forecast(f, "load", 1);
    EXPECT_DOUBLE_EQ(forecast.bytes_planned, 2000);
    EXPECT_DOUBLE_EQ(forecast.bytes_per_s, 250);
    // Before any chunk there is no time.
    EXPECT_NO_THROW((void)parse_figures(nlohmann::json::parse(
        R"({"measured": {"bytes": 0, "rows": 0, "chunks": 0, "seconds": null}, "tables": [], "statements": []})")));
}

}  // namespace
}  // namespace lakemover::loader
