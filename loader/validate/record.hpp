// Writes verdicts and differences of one run into staging. Throws Error.
#pragma once
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "loader/util/pq.hpp"
#include "loader/validate/row_diff.hpp"

namespace lakemover::loader {

struct LevelResult {
    int level = 0;
    std::string verdict = "not run";
    Value rows_covered;
    Value source_value;
    Value target_value;
    nlohmann::json detail = nlohmann::json::object();
    double seconds = 0;
    std::vector<Difference> differences;
    bool holds() const {
        return verdict == "equal" || verdict == "equal under policy" || verdict == "equal except rejects";
    }
};

// Replaces what an earlier validation said about the same table and level.
void record_level(Pg& staging, std::int64_t run_id, std::int64_t table_id, LevelResult& result);

}  // namespace lakemover::loader
