#include "loader/report/time_spent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace lakemover::loader::report {
namespace {

constexpr std::size_t kMaxSlowest = 15;

struct Stage {
    const char* key;
    const char* name;
    const char* what;
};

// In the order that they happen.
constexpr std::array kStages{
    Stage{"schema", "Schema", "schemas, types, sequences and tables made on the target"},
    Stage{"connect", "Connecting", "staging connected to the source and took its place in the snapshot"},
    Stage{"source_wait", "Source", "staging waited for rows of the source"},
    Stage{"encode", "Staging", "staging took rows from the source's driver and, of SQL Server, encoded them"},
    Stage{"read", "Reading",
          "workers waited for staging: source and staging, as far as nothing else went on meanwhile"},
    Stage{"rate_limit", "Rate limit", "workers waited because of --max-rate"},
    Stage{"hash", "Digests", "digest of every row"},
    Stage{"send", "Target", "workers waited for the target to take rows"},
    Stage{"commit", "Commit", "ledger row and COMMIT on the target"},
    Stage{"count", "Counts", "exact counts and samples, read from the source"},
    Stage{"index", "Indexes", "keys and indexes"},
    Stage{"foreign_key", "Foreign keys", "made, then validated"},
    Stage{"finish", "Other statements",
          "checks, defaults, sequence values, views, triggers, comments, privileges, ANALYZE"},
    Stage{"validate", "Validation", "all levels, with the re-read of the target"},
};

double seconds_of(const json& stages, std::string_view key) {
    for (const json& stage : stages)
        if (text_field(stage, "stage") == key) return number_of(field(stage, "seconds")).value_or(0);
    return 0;
}

double sum_of(const json& stages, std::initializer_list<std::string_view> keys) {
    double sum = 0;
    for (const std::string_view key : keys) sum += seconds_of(stages, key);
    return sum;
}

std::string time_text(double seconds) { return seconds > 0 ? format_seconds(seconds) : ""; }

// Source and staging are within reading: adding them would count that time twice.
double total_of(const json& stages) {
    return sum_of(stages, {"connect", "read", "rate_limit", "hash", "send", "commit", "count", "index", "foreign_key",
                           "finish", "validate"});
}

}  // namespace

std::string bottleneck(const json& stages) {
    const double read = seconds_of(stages, "read");
    // What staging waited for while workers had other things to do held nobody up.
    const double source = std::min(read, seconds_of(stages, "source_wait"));
    const std::array parts{
        std::pair{seconds_of(stages, "connect"), "connecting to the source"},
        std::pair{source, "the source: workers waited for its rows"},
        std::pair{read - source, "staging: workers waited while it took over and encoded rows"},
        std::pair{seconds_of(stages, "rate_limit"), "the rate limit (--max-rate)"},
        std::pair{seconds_of(stages, "hash"), "this machine's processor: digests of the rows"},
        std::pair{sum_of(stages, {"send", "commit"}), "the target: workers waited for it to take and commit rows"},
    };
    double total = 0;
    for (const auto& part : parts) total += part.first;
    if (total <= 0) return "";
    const auto& most =
        *std::max_element(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    const double share = most.first / total;
    return fmt::format("{}{}, {:.0f} % of their time", share < 0.4 ? "nothing in particular; most was " : "",
                       most.second, share * 100);
}

// Phases where the run recorded them, else the slowest tables.
void add_timings(Node& data, const json& document, const Tables& tables) {
    std::vector<std::pair<std::string, double>> parts;
    for (const json& phase : field(document, "timings"))
        if (const auto seconds = number_of(field(phase, "seconds")))
            parts.emplace_back(one_line(text_field(phase, "phase")), *seconds);
    data["slowest_what"] = parts.empty() ? "Table" : "Phase";
    if (parts.empty()) {
        for (const json* table : tables)
            if (const auto seconds = number_of(field(*table, "seconds"))) parts.emplace_back(name_of(*table), *seconds);
        std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
        if (parts.size() > kMaxSlowest) parts.resize(kMaxSlowest);
    }
    double longest = 0;
    for (const auto& part : parts) longest = std::max(longest, part.second);
    Node list = new_list();
    for (const auto& [name, seconds] : parts) {
        Node node;
        node["name"] = name;
        node["bar"] = svg_bar(seconds, 0, longest);
        node["time"] = format_seconds(seconds);
        list.push_back(node);
    }
    set_list(data, "slowest", std::move(list));
}

void add_stages(Node& data, const json& document, const Tables& tables) {
    const json& stages = field(document, "stages");
    data["bottleneck"] = optional_text(bottleneck(stages));
    double longest = 0;
    for (const Stage& stage : kStages) longest = std::max(longest, seconds_of(stages, stage.key));
    Node list = new_list();
    for (const Stage& stage : kStages) {
        for (const json& row : stages) {
            if (text_field(row, "stage") != stage.key) continue;
            const double seconds = number_of(field(row, "seconds")).value_or(0);
            const double bytes = number_of(field(row, "bytes")).value_or(0);
            Node node;
            node["name"] = stage.name;
            node["what"] = stage.what;
            node["bar"] = svg_bar(seconds, 0, longest);
            node["time"] = format_seconds(seconds);
            node["bytes"] = bytes > 0 ? format_bytes(bytes) : "";
            // Less than a millisecond is no measure.
            node["rate"] = bytes > 0 && seconds >= 0.001 ? format_bytes(bytes / seconds) + "/s" : "";
            list.push_back(node);
        }
    }
    set_list(data, "stages", std::move(list));

    std::vector<const json*> slowest;
    for (const json* table : tables)
        if (total_of(field(*table, "stages")) > 0) slowest.push_back(table);
    std::stable_sort(slowest.begin(), slowest.end(), [](const json* a, const json* b) {
        return total_of(field(*a, "stages")) > total_of(field(*b, "stages"));
    });
    Node rows = new_list();
    for (std::size_t i = 0; i < slowest.size() && i < kMaxSlowest; ++i) {
        const json& of = field(*slowest[i], "stages");
        Node node;
        node["name"] = name_of(*slowest[i]);
        node["total"] = format_seconds(total_of(of));
        node["read"] = time_text(seconds_of(of, "read"));
        node["hash"] = time_text(seconds_of(of, "hash"));
        node["target"] = time_text(sum_of(of, {"send", "commit"}));
        node["count"] = time_text(seconds_of(of, "count"));
        node["index"] = time_text(seconds_of(of, "index"));
        node["foreign_key"] = time_text(seconds_of(of, "foreign_key"));
        node["validate"] = time_text(seconds_of(of, "validate"));
        rows.push_back(node);
    }
    set_list(data, "slow_tables", std::move(rows));
    set_more(data, "slow_tables_more", as_count(slowest.size()), kMaxSlowest);
}

}  // namespace lakemover::loader::report
