#include "loader/engine/bad_rows.hpp"

#include <algorithm>
#include <vector>

#include "loader/validate/row_diff.hpp"
#include "loader/validate/stream_rows.hpp"
#include "loader/validate/value_form.hpp"

namespace lakemover::loader {

namespace {

constexpr std::size_t kWindow = 4U << 20U;          // rows that are tried together, and rejects that are held
constexpr std::size_t kMostRowBytes = 128U << 20U;  // of a reject: its hexadecimal digits must fit into a value
constexpr std::size_t kShownValue = 100;

// The decoded row behind raw bytes.
template <typename F> void with_cells(const TableSpec& spec, std::string_view raw, F&& f) {
    std::vector<std::string> names;
    for (const ColumnSpec& column : spec.columns) names.push_back(column.name);
    bool given = false;
    CopyDecoder decoder(
        [&](std::string_view& piece) {
            piece = raw;
            return !std::exchange(given, true);
        },
        spec.format, std::move(names), CopyDecoder::Framing::kRaw);
    if (decoder.next()) f(decoder.cells());
}

Shown shown(const TableSpec& spec, const std::vector<Cell>& cells, std::size_t column) {
    if (cells[column].null) return std::nullopt;
    return display_value(spec.columns[column].form, spec.format, cells[column].bytes);
}

std::string key_of(const TableSpec& spec, const std::vector<Cell>& cells) {
    SideRow row;
    for (std::size_t i = 0; i < cells.size(); ++i) row.shown.push_back(shown(spec, cells, i));
    return describe_key(spec, row);
}

// As the samples of validation hold keys.
Value key_values(const TableSpec& spec, const std::vector<Cell>& cells) {
    if (spec.key.empty()) return std::nullopt;
    nlohmann::json values = nlohmann::json::array();
    for (const std::size_t column : spec.key) {
        const Shown value = shown(spec, cells, column);
        values.push_back(value ? nlohmann::json(safe_text(*value)) : nlohmann::json());
    }
    return values.dump();
}

// "row id=5, column v = abc"
std::string describe(const TableSpec& spec, std::string_view raw, const Refusal& why) {
    std::string text;
    with_cells(spec, raw, [&](const std::vector<Cell>& cells) {
        text = "row " + key_of(spec, cells);
        if (why.column.empty()) return;
        text += ", column " + why.column;
        for (std::size_t i = 0; i < spec.columns.size(); ++i)
            if (spec.columns[i].target_name == why.column)
                text += " = " + cut_text(shown(spec, cells, i).value_or("NULL"), kShownValue);
    });
    return safe_text(text);
}

[[noreturn]] void fail_table(const BadChunk& chunk, std::string_view raw, const Refusal& why, std::int64_t allowed) {
    const std::string where =
        describe(chunk.spec, raw, why) + (chunk.bounds.empty() ? "" : ", in the batch " + chunk.bounds);
    if (allowed == 0)
        throw Error(Exit::kOther, "target: " + why.reason, where,
                    "correct the row, the plan or the target, or set such rows aside with --on-bad-row=reject",
                    why.sqlstate);
    throw Error(Exit::kOther,
                "more than " + std::to_string(allowed) +
                    " rows of the table are refused by the target (--max-bad-rows), the last one: " + why.reason,
                where, "look for a common cause, or allow more with --max-bad-rows", why.sqlstate);
}

std::int64_t most_rejects(const RunContext& run) { return run.options.reject_bad_rows ? run.options.max_bad_rows : 0; }

}  // namespace

void RefusedRows::add(std::string_view row, Refusal why) {
    const codec::RowHash hash = hasher_.hash(row);
    auto& entry = rows_[{hash.lane1, hash.lane2}];
    ++entry.first;
    entry.second = std::move(why);
    ++size_;
}

std::optional<Refusal> RefusedRows::take(std::string_view row) {
    const codec::RowHash hash = hasher_.hash(row);
    const auto found = rows_.find({hash.lane1, hash.lane2});
    if (found == rows_.end() || found->second.first == 0) return std::nullopt;
    --found->second.first;
    --size_;
    return found->second.second;
}

RefusedRows find_refused(RunContext& run, Pg& staging, Pg& target, const BadChunk& chunk) {
    RefusedRows refused(run.hash_key);
    RowProbe probe(target, chunk.spec, chunk.copy_in);
    const std::int64_t allowed = most_rejects(run);
    std::string window;
    std::vector<std::size_t> ends;
    const auto try_window = [&] {
        std::vector<std::string_view> rows;
        std::size_t start = 0;
        for (const std::size_t end : ends) {
            rows.emplace_back(std::string_view(window).substr(start, end - start));
            start = end;
        }
        probe.load(rows, [&](std::size_t row, const Refusal& why) {
            if (static_cast<std::int64_t>(refused.size()) >= allowed) fail_table(chunk, rows[row], why, allowed);
            if (rows[row].size() > kMostRowBytes)
                throw Error(Exit::kOther,
                            "a refused row of " + std::to_string(rows[row].size()) +
                                " bytes is too large to be set aside: " + why.reason,
                            describe(chunk.spec, rows[row], why), {}, why.sqlstate);
            refused.add(rows[row], why);
        });
        window.clear();
        ends.clear();
    };
    // Refused for a value, a row is refused whatever stands beside it; for its key, only where the others are there.
    target.exec("BEGIN");
    try {
        stream_raw_rows(
            staging, run.run_id, chunk.chunk_id, chunk.spec, [&] { run.cancel.check(); },
            [&](const std::vector<Cell>&, std::string_view raw) {
                window.append(raw);
                ends.push_back(window.size());
                if (window.size() >= kWindow) try_window();
            });
    } catch (const codec::DecodeError& e) {
        throw_malformed(e);
    }
    try_window();
    target.exec("ROLLBACK");
    return refused;
}

PumpResult load_without(RunContext& run, Pg& staging, Pg& target, const BadChunk& chunk,
                        codec::StreamDigester& digester, RefusedRows refused) {
    const bool binary = chunk.spec.format == codec::Format::kBinary;
    const RejectLedger ledger(run.run_uuid);
    PumpResult result;
    digester.reset();
    std::vector<RejectedRow> rejects;
    std::size_t held = 0;
    std::string buffer;
    bool copying = false;
    const auto send = [&] {
        if (!copying) {
            target.copy_in_start(chunk.copy_in);
            copying = true;
            if (binary) target.copy_in_data(copy_header());
        }
        target.copy_in_data(buffer);
        buffer.clear();
    };
    // Rejects are written between two COPYs: without a savepoint all rows still carry this transaction's id.
    const auto flush = [&] {
        send();
        if (binary) target.copy_in_data(std::string_view("\377\377", 2));
        result.rows += target.copy_in_end();
        copying = false;
    };
    const auto keep_rejects = [&] {
        ledger.add(target, chunk.spec.table_id, rejects);
        rejects.clear();
        held = 0;
    };
    const auto reject = [&](const std::vector<Cell>& cells, std::string_view raw, Refusal why) {
        RowReader reader(chunk.spec, run.hash_key);
        codec::Digest digest;
        digest.add(reader.add(cells));
        RejectedRow row{chunk.chunk_no,
                        static_cast<int>(++result.rejected),
                        key_of(chunk.spec, cells),
                        key_values(chunk.spec, cells),
                        std::move(why.column),
                        std::move(why.sqlstate),
                        std::move(why.reason),
                        std::string(raw),
                        digest.lane1_text(),
                        digest.lane2_text()};
        held += raw.size();
        rejects.push_back(std::move(row));
    };
    try {
        const nlohmann::json end = stream_raw_rows(
            staging, run.run_id, chunk.chunk_id, chunk.spec, [&] { run.cancel.check(); },
            [&](const std::vector<Cell>& cells, std::string_view raw) {
                if (std::optional<Refusal> why = refused.take(raw)) {
                    reject(cells, raw, std::move(*why));
                    if (held < kWindow) return;
                    flush();
                    keep_rejects();
                    return;
                }
                digester.feed(raw);
                result.bytes += static_cast<std::int64_t>(raw.size());
                buffer.append(raw);
                if (buffer.size() >= kWindow / 4) send();
            });
        digester.finish();
        take_end(result, end);
        flush();
    } catch (const codec::DecodeError& e) {
        if (copying) target.copy_in_abort("malformed data from the source");
        throw_malformed(e);
    } catch (Error& e) {
        e.of_rows = copying && e.peer == "target";
        if (copying) target.copy_in_abort("the loader gave this chunk up");
        throw;
    }
    keep_rejects();
    if (result.rows != static_cast<std::int64_t>(digester.rows()))
        throw Error(Exit::kOther, "row counts of a chunk differ",
                    "loaded " + std::to_string(digester.rows()) + ", target says " + std::to_string(result.rows));
    result.digest = digester.digest();
    result.columns = digester.columns();
    const std::int64_t all = ledger.count_locked(target, chunk.spec.table_id);
    if (result.rejected > 0 && all > most_rejects(run))
        throw Error(Exit::kOther,
                    "more than " + std::to_string(most_rejects(run)) +
                        " rows of the table are refused by the target (--max-bad-rows)",
                    chunk.bounds.empty() ? "" : "the batch " + chunk.bounds + " exceeds it",
                    "look for a common cause, or allow more with --max-bad-rows", "23000");
    return result;
}

}  // namespace lakemover::loader
