// Writes verdicts and differences of one run into staging. Throws Error.
#include "loader/validate/record.hpp"

namespace lakemover::loader {

namespace {

constexpr std::size_t kMostDifferences = 1000;  // of a table and level; the detail says how many there were
constexpr std::size_t kHexDigits = 2 * kShownBytes;

// SQL text holds no zero byte, and a value that was cut may end within a character.
Value shown(const Shown& value) {
    if (!value) return std::nullopt;
    std::string text;
    for (const char c : cut_text(*value, kShownBytes)) {
        text += c == '\0' ? std::string("\\0") : std::string(1, c);
    }
    return text;
}

Value hex(const Shown& value) {
    if (!value || value->size() <= kHexDigits) return value;
    return value->substr(0, kHexDigits) + "...";
}

// Normalisation and case beyond ASCII: PostgreSQL knows both, we do not.
std::string refined_cause(Pg& staging, const Difference& d) {
    if (!worth_normalising(d.cause, d.source, d.target) || d.source->find('\0') != std::string::npos ||
        d.target->find('\0') != std::string::npos) {
        return d.cause;
    }
    const Result r = staging.query(
        "SELECT pg_catalog.normalize($1::text, 'NFC') = pg_catalog.normalize($2::text, 'NFC'), "
        "pg_catalog.lower($1::text) = pg_catalog.lower($2::text)",
        {d.source, d.target});
    if (r.boolean(0, 0)) return "Unicode normalisation (NFC, NFD)";
    return r.boolean(0, 1) ? "upper and lower case" : d.cause;
}

}  // namespace

void record_level(Pg& staging, std::int64_t run_id, std::int64_t table_id, LevelResult& result) {
    const std::string run = std::to_string(run_id);
    const std::string table = std::to_string(table_id);
    const std::string level = std::to_string(result.level);
    if (result.differences.size() > kMostDifferences) {
        result.detail["differences"] = result.differences.size();
        result.differences.resize(kMostDifferences);
    }
    staging.query("DELETE FROM lakemover.difference WHERE run_id = $1 AND table_id = $2 AND level = $3",
                  {run, table, level});
    for (Difference& d : result.differences) {
        d.cause = refined_cause(staging, d);
        staging.query(
            "INSERT INTO lakemover.difference (run_id, table_id, level, row_key, column_name, source_value, "
            "target_value, "
            "source_hex, target_hex, cause) VALUES ($1, $2, $3, nullif($4, ''), nullif($5, ''), $6, $7, $8, $9, $10)",
            {run, table, level, shown(d.row_key), d.column, shown(d.source), shown(d.target), hex(d.source_hex),
             hex(d.target_hex), d.cause});
    }
    staging.query(
        "INSERT INTO lakemover.validation AS v (run_id, table_id, level, verdict, rows_covered, source_value, "
        "target_value, "
        "detail, seconds) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
        "ON CONFLICT (run_id, table_id, level) DO UPDATE SET verdict = excluded.verdict, rows_covered = "
        "excluded.rows_covered, "
        "source_value = excluded.source_value, target_value = excluded.target_value, detail = excluded.detail, "
        "seconds = excluded.seconds, checked_at = pg_catalog.clock_timestamp()",
        {run, table, level, result.verdict, result.rows_covered, result.source_value, result.target_value,
         result.detail.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), std::to_string(result.seconds)});
}

}  // namespace lakemover::loader
