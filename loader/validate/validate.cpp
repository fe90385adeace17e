// Runs the levels of one table in order and records them. Throws Error.
#include "loader/validate/validate.hpp"

#include <chrono>
#include <utility>

#include "loader/validate/table_context.hpp"

namespace lakemover::loader {

namespace {

using Clock = std::chrono::steady_clock;

LevelResult compare_counts(const TableContext& table) {
    LevelResult result;
    if (!table.source_rows) {
        result.verdict = "not comparable";
        result.detail["reason"] = "the rows of the source were not counted";
        return result;
    }
    const Value found = table.target.scalar(table.target_sql("count"));
    result.source_value = table.source_rows;
    result.target_value = found;
    result.rows_covered = table.source_rows;
    const auto rejected = static_cast<std::int64_t>(table.rejects.size());
    const bool same = std::stoll(*table.source_rows) == std::stoll(found.value_or("-1")) + rejected;
    result.verdict = !same ? "different" : rejected > 0 ? "equal except rejects" : "equal";
    if (rejected > 0) {
        result.detail["rejected"] = rejected;
        result.detail["sum"] = "source " + *table.source_rows + ", target " + found.value_or("?") + ", rejected " +
                               std::to_string(rejected) + (same ? "; " : "; but ") + *table.source_rows +
                               (same ? " = " : " is not ") + found.value_or("?") + " + " + std::to_string(rejected);
    }
    table.staging.query("UPDATE lakemover.run_table SET target_rows = $3 WHERE run_id = $1 AND table_id = $2",
                        {table.run(), table.id, found});
    return result;
}

LevelResult compare_digests(const TableContext& table) {
    LevelResult result;
    std::vector<ChunkInfo> chunks = load_chunks(table);
    codec::Digest read;
    for (const ChunkInfo& chunk : chunks) {
        read.add(chunk.digest);
    }
    const ReadResult* before = nullptr;
    if (table.options.target_reads) {
        const auto known = table.options.target_reads->find(table.spec.table_id);
        if (known != table.options.target_reads->end()) before = &known->second;
    }
    const ReadResult found =
        before ? *before : table.reader().read(table.target, table.options.connect_target, table.options.jobs);
    result.rows_covered = std::to_string(found.digest.rows);
    const auto text = [](const codec::Digest& d) {
        return std::to_string(d.rows) + ":" + d.lane1_text() + ":" + d.lane2_text();
    };
    result.source_value = text(read);
    result.target_value = text(found.digest);
    result.detail["bytes"] = found.bytes;
    result.detail["format"] = table.spec.format == codec::Format::kBinary ? "binary" : "text";
    if (const auto policy = table.policy(); !policy.empty()) {
        result.detail["policy"] = policy;
    }
    if (!table.rejects.empty()) {
        // source_value is the digest of what was loaded; with the rejects it is that of all that was read.
        codec::Digest all = read;
        for (const DeclaredReject& r : table.rejects) all.add(r.hash);
        result.detail["rejected"] = table.rejects.size();
        result.detail["read_with_rejects"] = text(all);
    }
    if (read == found.digest) {
        result.verdict = table.equal();
        return result;
    }
    result.verdict = "different";
    if (!table.options.locates) {
        result.detail["not_located"] = "the rows that differ are made equal next";
        return result;
    }
    try {
        locate(table, std::move(chunks), found, result);
    } catch (const Error& e) {
        // The verdict stands without the rows behind it.
        if (e.connection_lost || e.exit_code == Exit::kCancelled) throw;
        result.detail["not_located"] = e.what();
    } catch (const codec::DecodeError& e) {
        result.detail["not_located"] = e.what();
    }
    return result;
}

// A level that cannot be done is an answer, not the end of the validation.
template <typename Compare> LevelResult attempt(const TableContext& table, int level, Compare&& compare) {
    const auto start = Clock::now();
    LevelResult result;
    const auto not_comparable = [&](const std::string& reason) {
        result = LevelResult{};
        result.verdict = "not comparable";
        result.detail["reason"] = reason;
        if (table.target.alive() && table.target.in_transaction()) table.target.exec("ROLLBACK");
    };
    if (table.state == "failed" || table.state == "blocked" || table.state == "pending" || table.state == "loading") {
        result.detail["reason"] = "the table is " + table.state + ", not loaded";
    } else {
        try {
            result = compare();
        } catch (const Error& e) {
            if (e.connection_lost || e.exit_code == Exit::kCancelled) throw;
            not_comparable(e.detail.empty() ? std::string(e.what()) : std::string(e.what()) + ": " + e.detail);
        } catch (const codec::DecodeError& e) {
            not_comparable(e.what());
        }
    }
    result.level = level;
    result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    record_level(table.staging, table.options.run_id, table.spec.table_id, result);
    return result;
}

}  // namespace

std::string TableContext::target_sql(const char* kind) const {
    return staging.scalar("SELECT lakemover._target_sql($1, $2, $3)", {run(), id, std::string(kind)}).value_or("");
}

namespace {

// What the policies of the columns changed on the way, counted by the source's driver.
std::vector<std::string> declared_losses(Pg& staging, std::int64_t run_id, const TableSpec& spec) {
    const Result r = staging.query(
        "SELECT c.key, k.key, sum(k.value::int8) FROM lakemover.run_chunk x, "
        "pg_catalog.jsonb_each(x.stats -> 'losses') c, pg_catalog.jsonb_each_text(c.value) k "
        "WHERE x.run_id = $1 AND x.table_id = $2 AND x.pass = $3 GROUP BY 1, 2 ORDER BY 1, 2",
        {std::to_string(run_id), std::to_string(spec.table_id), std::to_string(spec.last_pass())});
    std::vector<std::string> sentences;
    for (int i = 0; i < r.rows(); ++i) sentences.push_back(spec.loss(r.text(i, 0), r.text(i, 1), r.text(i, 2)));
    return sentences;
}

std::vector<DeclaredReject> declared_rejects(Pg& staging, std::int64_t run_id, std::int64_t table_id) {
    const Result r =
        staging.query("SELECT lane1, lane2, key_values FROM lakemover.run_reject WHERE run_id = $1 AND table_id = $2",
                      {std::to_string(run_id), std::to_string(table_id)});
    std::vector<DeclaredReject> rejects;
    for (int i = 0; i < r.rows(); ++i) {
        rejects.push_back({{std::stoull(r.text(i, 0)), std::stoull(r.text(i, 1))},
                           r.is_null(i, 2) ? std::string{} : nlohmann::json::parse(r.get(i, 2)).dump()});
    }
    return rejects;
}

}  // namespace

std::vector<LevelResult> validate_table(Pg& staging, Pg& target, std::int64_t table_id,
                                        const ValidateOptions& options) {
    const Result row = staging.query(
        "SELECT spec::text, state, source_rows::text FROM lakemover.run_table WHERE run_id = $1 AND table_id = $2",
        {std::to_string(options.run_id), std::to_string(table_id)});
    if (row.rows() != 1) {
        throw Error(Exit::kOther,
                    "run " + std::to_string(options.run_id) + " has no table " + std::to_string(table_id));
    }
    TableSpec spec = parse_table_spec(nlohmann::json::parse(row.get(0, 0)));
    std::vector<std::string> losses = declared_losses(staging, options.run_id, spec);
    const TableContext table{staging,
                             target,
                             options,
                             std::move(spec),
                             std::to_string(table_id),
                             row.text(0, 1),
                             row.value(0, 2),
                             std::move(losses),
                             declared_rejects(staging, options.run_id, table_id)};
    std::vector<LevelResult> results;
    if (!table.spec.copies_rows) {
        return results;
    }
    const auto step = [&](int level, auto compare) {
        if (options.check_cancel) options.check_cancel();
        results.push_back(attempt(table, level, [&] { return compare(table); }));
    };
    step(1, compare_counts);
    step(2, compare_digests);
    if (options.source_reads) {
        step(3, compare_sample);
        step(4, compare_fields);
    }
    return results;
}

}  // namespace lakemover::loader
