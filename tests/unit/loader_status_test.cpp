// The document of lakemover status --json, and what holds a load up in words.
#include <gtest/gtest.h>

#include "loader/cli/status.hpp"
#include "loader/report/time_spent.hpp"

namespace lakemover::loader {
namespace {

using nlohmann::json;

json stages(double source, double read, double hash, double send, double rate_limit = 0) {
    return {{{"stage", "source_wait"}, {"seconds", source}, {"bytes", 1000}},
            {{"stage", "read"}, {"seconds", read}, {"bytes", 1000}},
            {{"stage", "rate_limit"}, {"seconds", rate_limit}, {"bytes", 1000}},
            {{"stage", "hash"}, {"seconds", hash}, {"bytes", 1000}},
            {{"stage", "send"}, {"seconds", send}, {"bytes", 1000}}};
}

TEST(Bottleneck, NamesWhoHeldTheWorkersUp) {
    EXPECT_EQ(report::bottleneck(json::array()), "");
    EXPECT_EQ(report::bottleneck(stages(0, 0, 0, 0)), "");
    EXPECT_EQ(report::bottleneck(stages(7, 8, 1, 1)), "the source: workers waited for its rows, 70 % of their time");
    EXPECT_EQ(report::bottleneck(stages(1, 8, 1, 1)).substr(0, 7), "staging");
    EXPECT_EQ(report::bottleneck(stages(1, 1, 1, 8)).substr(0, 10), "the target");
    EXPECT_EQ(report::bottleneck(stages(1, 1, 8, 1)).substr(0, 14), "this machine's");
    EXPECT_EQ(report::bottleneck(stages(1, 1, 1, 1, 9)).substr(0, 14), "the rate limit");
    json connecting = stages(1, 1, 1, 1);
    connecting.push_back({{"stage", "connect"}, {"seconds", 9}, {"bytes", nullptr}});
    EXPECT_EQ(report::bottleneck(connecting), "connecting to the source, 75 % of their time");
    EXPECT_EQ(report::bottleneck(stages(3, 3, 3, 3.5)).substr(0, 21), "nothing in particular");
    // Waiting for the source while the workers were busy with something else held nobody up.
    EXPECT_EQ(report::bottleneck(stages(50, 1, 1, 8)).substr(0, 10), "the target");
}

json raw() {
    return json::parse(R"({
      "run": {"run_id": 7, "run_uuid": "u", "source": "shop", "state": "paused", "phase": "load", "verdict": null, "exit_code": null,
              "error": null, "pause_reason": "lakemover pause", "requested_at": "x", "started_at": "x", "ended_at": null,
              "audit_dir": "/a", "options": {"jobs": 2}, "workers": 2, "loader_id": "h:1:2"},
      "progress": {"rows_copied": 50, "bytes_copied": 4000, "chunks": 10, "chunks_done": 4, "statements": 3, "statements_done": 1,
                   "tables_validated": 0, "seconds": 12.5},
      "figures": {"measured": {"bytes": 4000, "rows": 50, "chunks": 4, "seconds": 2.0},
                  "tables": [{"table_id": 1, "name": "s.a", "state": "loading", "copies_rows": true, "est_bytes": 1, "est_rows": 1,
                              "chunks": 10, "chunks_done": 4, "chunks_claimed": 1, "rows": 50, "bytes": 4000, "count_s": null,
                              "validated": false, "validate_s": null, "stages": [{"stage": "read", "seconds": 1, "bytes": 4000}]}],
                  "statements": []},
      "stages": [{"stage": "read", "seconds": 2, "bytes": 4000}, {"stage": "send", "seconds": 0.5, "bytes": 4000}]})");
}

TEST(Status, OneDocument) {
    const json d = status_document(raw(), 1764158400);
    EXPECT_EQ(d.at("run").at("run_id"), 7);
    EXPECT_EQ(d.at("run").at("workers"), 2);
    EXPECT_FALSE(d.at("run").contains("loader_id"));
    EXPECT_EQ(d.at("tables").at("total"), 1);
    EXPECT_EQ(d.at("tables").at("loading"), 1);
    EXPECT_EQ(d.at("tables").at("failed"), 0);
    EXPECT_EQ(d.at("bytes"), json({{"done", 4000}, {"planned", 10000}}));
    EXPECT_EQ(d.at("rows"), json({{"done", 50}, {"planned", 125}}));
    EXPECT_EQ(d.at("chunks"), json({{"done", 4}, {"total", 10}}));
    EXPECT_EQ(d.at("rate").at("bytes_per_s"), 2000);
    EXPECT_EQ(d.at("rate").at("rows_per_s"), 25);
    EXPECT_TRUE(d.at("forecast").at("seconds_left").is_null());  // validation was not measured
    EXPECT_EQ(d.at("forecast").at("phases").at(0).at("seconds_left"), 3.0);
    EXPECT_TRUE(d.at("forecast").at("ends_at").is_null());
    EXPECT_EQ(d.at("stages").size(), 2U);
    EXPECT_EQ(d.at("bottleneck").get<std::string>().substr(0, 7), "staging");
    EXPECT_EQ(d.at("table_list").at(0).at("stages").at(0).at("stage"), "read");
    const std::string text = status_text(d);
    EXPECT_NE(text.find("waiting: lakemover pause"), std::string::npos) << text;
    EXPECT_NE(text.find("at least 3.0 s left (load 3.0 s"), std::string::npos) << text;
}

TEST(Status, ARunThatHasEndedHasNoForecast) {
    json ended = raw();
    ended["run"]["state"] = "done";
    ended["run"]["phase"] = "ended";
    const json d = status_document(ended, 1764158400);
    EXPECT_TRUE(d.at("forecast").is_null());
    EXPECT_EQ(status_text(d).find("left"), std::string::npos);
}

TEST(Status, ARunThatHasJustBeenQueued) {
    json queued = raw();
    queued["run"]["state"] = "queued";
    queued["run"]["phase"] = "queued";
    queued["run"]["workers"] = nullptr;
    queued["figures"] = json::parse(
        R"({"measured": {"bytes": 0, "rows": 0, "chunks": 0, "seconds": null}, "tables": [], "statements": []})");
    queued["stages"] = json::array();
    const json d = status_document(queued, 1764158400);
    EXPECT_TRUE(d.at("rate").at("bytes_per_s").is_null());
    EXPECT_EQ(d.at("bottleneck"), "");
    EXPECT_EQ(d.at("tables").at("total"), 0);
}

}  // namespace
}  // namespace lakemover::loader
