// The figures of a reconciliation report against the files beside it.
#include "loader/audit/verify_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "codec/digest.hpp"
#include "loader/audit/chained_log.hpp"
#include "loader/audit/manifest.hpp"

namespace lakemover::loader {
namespace {

using nlohmann::json;

constexpr const char* kReport = "reconciliation.json";
constexpr const char* kLedger = "ledger.jsonl";

json at(const json& object, const char* key) {
    if (!object.is_object()) return {};
    const auto found = object.find(key);
    return found == object.end() ? json() : *found;
}

std::string text_at(const json& object, const char* key) {
    const json value = at(object, key);
    return value.is_string() ? value.get<std::string>() : value.is_null() ? std::string() : value.dump();
}

std::uint64_t count_at(const json& object, const char* key) {
    const json value = at(object, key);
    return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

// Of a batch, or of all batches of a table.
struct Batch {
    codec::Digest digest;
    std::uint64_t bytes = 0;
};

Batch batch_of(const json& line) {
    return {codec::Digest::from_text(count_at(line, "rows"), text_at(line, "lane1"), text_at(line, "lane2")),
            count_at(line, "bytes")};
}

class Figures {
public:
    Figures(const json& manifest, const FileContent& content, std::vector<Alteration>& alterations)
        : manifest_(manifest), content_(content), alterations_(alterations) {}

    std::size_t check() {
        report_ = parse(kReport);
        if (!report_.is_object()) return 0;
        identity();
        plan();
        html();
        last_event();
        assessment();
        if (!content_(kLedger)) return 0;
        read_ledger();
        validations();
        batches();
        std::size_t compared = 0;
        for (const json& table : at(report_, "tables")) compared += check_table(table) ? 1 : 0;
        return compared;
    }

private:
    void differs(const std::string& file, const std::string& what, long long line = 0) {
        alterations_.push_back({file, line, what});
    }

    // Null when it is missing or altered beyond reading, which its hash has told already.
    json parse(const char* name) const {
        const auto text = content_(name);
        json parsed = text ? json::parse(*text, nullptr, false) : json();
        return parsed.is_discarded() ? json() : parsed;
    }

    template <typename Use> void each_line(const char* name, Use use) {
        auto text = content_(name);
        if (!text) return;
        for (long long number = 1; !text->empty(); ++number) {
            const std::size_t end = text->find('\n');
            const json line = json::parse(text->substr(0, end), nullptr, false);
            text->remove_prefix(end == std::string_view::npos ? text->size() : end + 1);
            if (!line.is_object()) continue;
            try {
                use(line, number);
            } catch (const std::invalid_argument&) {
                differs(name, "holds a digest that is no number", number);
            }
        }
    }

    void identity() {
        const json run = at(report_, "run");
        const json signed_run = at(manifest_, "run");
        if (text_at(run, "run_uuid") != text_at(signed_run, "uuid"))
            differs(kReport,
                    "is of run " + text_at(run, "run_uuid") + ", the manifest of " + text_at(signed_run, "uuid"));
        if (text_at(run, "verdict") != text_at(manifest_, "verdict"))
            differs(kReport, "its verdict is " + text_at(run, "verdict") + ", the manifest's is " +
                                 text_at(manifest_, "verdict"));
    }

    void plan() {
        const auto text = content_("plan.txt");
        const std::string hash = text_at(at(report_, "run"), "plan_hash");
        if (text && !hash.empty() && sha256_hex(*text) != hash)
            differs("plan.txt", "its SHA-256 is not the plan hash of " + std::string(kReport));
    }

    // The page is made from the document, and names it by its hash.
    void html() {
        const auto page = content_("reconciliation.html");
        const auto document = content_(kReport);
        if (page && document && page->find(sha256_hex(*document)) == std::string_view::npos)
            differs("reconciliation.html", "was made from another " + std::string(kReport));
    }

    void last_event() {
        json exit_code;
        long long where = 0;
        each_line(kEventsFile, [&](const json& line, long long number) {
            const std::string kind = text_at(line, "kind");
            if (kind != "run_ended" && kind != "validation_ended" && kind != "accepted") return;
            exit_code = at(at(line, "data"), "exit_code");
            where = number;
        });
        if (!exit_code.is_null() && exit_code != at(manifest_, "exit_code"))
            differs(kEventsFile,
                    "the run ended with exit code " + exit_code.dump() + ", the manifest says " +
                        at(manifest_, "exit_code").dump(),
                    where);
    }

    void assessment() {
        const json document = at(parse("assessment.json"), "assessment");
        const json summary = at(report_, "assessment");
        if (!document.is_object() || at(document, "id") != at(summary, "assessment_id")) return;
        if (at(at(document, "counts"), "blocker") != at(summary, "blockers"))
            differs("assessment.json", "counts other blockers than " + std::string(kReport));
    }

    void read_ledger() {
        each_line(kLedger, [&](const json& line, long long /*number*/) {
            const Batch batch = batch_of(line);
            ledger_[{text_at(line, "table"), count_at(line, "chunk")}] = batch;
            // A second pass reads whole rows again: the figures are its own then.
            const std::uint64_t pass = std::max<std::uint64_t>(1, count_at(line, "pass"));
            const std::uint64_t id = count_at(line, "table_id");
            std::uint64_t& last = passes_[id];
            if (pass > last) sums_[id] = Batch{};
            last = std::max(last, pass);
            if (pass < last) return;
            Batch& sum = sums_[id];
            sum.digest.add(batch.digest);
            sum.bytes += batch.bytes;
        });
    }

    // Oldest first: the closed ones by their number, then the last.
    std::vector<std::string> batch_files() const {
        std::vector<std::string> files;
        const json chains = at(manifest_, "chains");
        for (const auto& [name, chain] : chains.items())
            if (name.starts_with("batches-")) files.push_back(name);
        std::sort(files.begin(), files.end(), [](const std::string& a, const std::string& b) {
            return std::pair(a.size(), a) < std::pair(b.size(), b);
        });
        files.emplace_back(kBatchesFile);
        return files;
    }

    // What was written while it happened: the last word on each batch is the ledger's.
    void batches() {
        std::map<std::pair<std::string, std::uint64_t>, std::pair<Batch, long long>> last;
        each_line(kBatchesFile, [&](const json& line, long long number) {
            last[{text_at(line, "table"), count_at(line, "chunk")}] = {batch_of(line), number};
        });
        for (const auto& [key, batch] : last) {
            const auto found = ledger_.find(key);
            if (found == ledger_.end()) continue;  // undone with its table
            if (found->second.digest != batch.first.digest || found->second.bytes != batch.first.bytes)
                differs(kBatchesFile,
                        fmt::format("{} chunk {} has other rows or digests than {}", key.first, key.second, kLedger),
                        batch.second);
        }
    }

    void validations() {
        const json all = parse("validation.json");
        if (!all.is_array()) return;
        std::map<std::pair<std::string, std::string>, json> by_name;
        for (const json& row : all) {
            by_name[{text_at(row, "table"), text_at(row, "level")}] = row;
            validations_[{count_at(row, "table_id"), count_at(row, "level")}] = row;
        }
        std::map<std::pair<std::string, std::string>, std::pair<json, long long>> last;
        each_line(kValidationsFile, [&](const json& line, long long number) {
            // Level 0 is one answer for all tables there.
            if (count_at(line, "level") > 0) last[{text_at(line, "table"), text_at(line, "level")}] = {line, number};
        });
        for (const auto& [key, line] : last) {
            const auto found = by_name.find(key);
            const bool same = found != by_name.end() &&
                              text_at(found->second, "verdict") == text_at(line.first, "verdict") &&
                              text_at(found->second, "source_value") == text_at(line.first, "source") &&
                              text_at(found->second, "target_value") == text_at(line.first, "target");
            if (!same)
                differs(kValidationsFile, key.first + ": level " + key.second + " is another one in validation.json",
                        line.second);
        }
    }

    bool check_table(const json& table) {
        const std::string name = text_at(table, "target_name");
        const std::uint64_t id = count_at(table, "table_id");
        std::size_t levels = 0;
        for (const json& result : at(table, "validation")) {
            const auto found = validations_.find({id, count_at(result, "level")});
            bool same = found != validations_.end();
            for (const char* key : {"verdict", "rows_covered", "source_value", "target_value"})
                same = same && at(found->second, key) == at(result, key);
            if (!same)
                differs(kReport, name + ": level " + text_at(result, "level") + " is another one in validation.json");
            ++levels;
        }
        std::size_t recorded = 0;
        for (auto row = validations_.lower_bound({id, 0}); row != validations_.end() && row->first.first == id; ++row)
            ++recorded;
        if (recorded != levels)
            differs(kReport, fmt::format("{}: {} validation levels, validation.json has {}", name, levels, recorded));

        const std::string state = text_at(table, "state");
        if (at(table, "copies_rows") != true || (state != "done" && state != "loaded" && state != "incomplete"))
            return false;
        const Batch& sum = sums_[id];
        const auto check = [&](const char* what, const std::string& reported, const std::string& found) {
            if (reported != found)
                differs(kReport, fmt::format("{}: {} {}, {} says {}", name, reported.empty() ? "no" : reported, what,
                                             kLedger, found));
        };
        check("rows", text_at(table, "rows_copied"), std::to_string(sum.digest.rows));
        check("bytes", text_at(table, "bytes_copied"), std::to_string(sum.bytes));
        const std::string digest = sum.digest.lane1_text() + ":" + sum.digest.lane2_text();
        const json lanes = at(table, "digest");
        if (lanes.is_array() && lanes.size() == 2 && lanes[0].is_string() && lanes[1].is_string())
            check("as digest", lanes[0].get<std::string>() + ":" + lanes[1].get<std::string>(), digest);
        const auto level2 = validations_.find({id, 2});
        if (level2 != validations_.end() && !at(level2->second, "source_value").is_null())
            check("as digest read", text_at(level2->second, "source_value"),
                  std::to_string(sum.digest.rows) + ":" + digest);
        return true;
    }

    const json& manifest_;
    const FileContent& content_;
    std::vector<Alteration>& alterations_;
    json report_;
    std::map<std::pair<std::string, std::uint64_t>, Batch> ledger_;  // by name on the target and number
    std::map<std::uint64_t, Batch> sums_;                            // of the last pass
    std::map<std::uint64_t, std::uint64_t> passes_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, json> validations_;
};

}  // namespace

std::size_t verify_figures(const nlohmann::json& manifest, const FileContent& content,
                           std::vector<Alteration>& alterations) {
    return Figures(manifest, content, alterations).check();
}

}  // namespace lakemover::loader
