// Finds the rows and fields behind a difference of the digests. Rows of the target carry the id of the transaction
// that wrote them; the ledger knows which chunk that was, so chunks compare without any order of keys, and a row that
// somebody changed since shows as foreign. With the snapshot still there the chunks that differ are streamed once
// more from the source, and the rows that only one side has are set against each other. Throws Error.
#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <unordered_map>

#include "loader/validate/pieces.hpp"
#include "loader/validate/stream_rows.hpp"
#include "loader/validate/table_context.hpp"
#include "loader/validate/value_form.hpp"

namespace lakemover::loader {

namespace {

constexpr std::uint64_t kMostRows = 20'000'000;  // hashes of both sides in memory: 32 bytes a row
constexpr std::size_t kMostDetailed = 1000;      // rows a side that are shown
constexpr std::size_t kMostShownBytes = 65536;   // of a field, for finding the cause
constexpr std::size_t kMostHexBytes = 2000;

using Hash = codec::RowHash;

struct HashOf {
    std::size_t operator()(const Hash& h) const { return static_cast<std::size_t>(h.lane1); }
};

bool before(const Hash& a, const Hash& b) { return a.lane1 != b.lane1 ? a.lane1 < b.lane1 : a.lane2 < b.lane2; }

// Hash and how many rows of it one side has more than the other; also seen by the other side?
struct Surplus {
    std::uint64_t rows = 0;
    bool also_there = false;
};
using SurplusMap = std::unordered_map<Hash, Surplus, HashOf>;

struct Sides {
    SurplusMap source, target;
    std::uint64_t source_rows = 0, target_rows = 0;
};

// Both sorted.
Sides compare_hashes(const std::vector<Hash>& source, const std::vector<Hash>& target) {
    Sides sides;
    auto s = source.begin();
    auto t = target.begin();
    const auto run_of = [](auto& at, const auto& end, const Hash& hash) {
        std::uint64_t n = 0;
        for (; at != end && *at == hash; ++at) ++n;
        return n;
    };
    while (s != source.end() || t != target.end()) {
        const Hash hash = t == target.end() || (s != source.end() && before(*s, *t)) ? *s : *t;
        const std::uint64_t in_source = run_of(s, source.end(), hash);
        const std::uint64_t in_target = run_of(t, target.end(), hash);
        if (in_source > in_target) {
            sides.source_rows += in_source - in_target;
            if (sides.source.size() < kMostDetailed) sides.source[hash] = {in_source - in_target, in_target > 0};
        } else if (in_target > in_source) {
            sides.target_rows += in_target - in_source;
            if (sides.target.size() < kMostDetailed) sides.target[hash] = {in_target - in_source, in_source > 0};
        }
    }
    return sides;
}

SideRow side_row(const TableSpec& spec, const std::vector<Cell>& cells, std::size_t first, const RowReader& reader) {
    SideRow row;
    for (std::size_t i = 0; i < spec.columns.size(); ++i) {
        const Cell& cell = cells[first + i];
        if (cell.null) {
            row.shown.emplace_back();
            row.hex.emplace_back();
            continue;
        }
        row.shown.push_back(cut_text(display_value(spec.columns[i].form, spec.format, cell.bytes), kMostShownBytes));
        const std::string_view canonical = *reader.canonical(i);
        std::string hex = to_hex(canonical.substr(0, kMostHexBytes));
        if (canonical.size() > kMostHexBytes) {
            // What is cut off must still tell two values apart.
            hex += "... hash " + std::to_string(codec::value_hash(i, canonical.data(), canonical.size()));
        }
        row.hex.push_back(std::move(hex));
    }
    return row;
}

// Takes the rows of the surplus out of a pass over one side.
class Collector {
public:
    Collector(const TableSpec& spec, SurplusMap wanted) : spec_(spec), wanted_(std::move(wanted)) {}

    void offer(const Hash& hash, const std::vector<Cell>& cells, std::size_t first, const RowReader& reader) {
        const auto found = wanted_.find(hash);
        if (found == wanted_.end() || found->second.rows == 0 || rows_.size() >= kMostDetailed) return;
        --found->second.rows;
        rows_.push_back(side_row(spec_, cells, first, reader));
        hashes_.push_back(hash);
    }
    // A row that both sides have, outside of what was compared.
    void is_on_both(const Hash& hash) {
        if (const auto found = wanted_.find(hash); found != wanted_.end()) found->second.also_there = true;
    }
    std::vector<SideRow> take() {
        for (std::size_t i = 0; i < rows_.size(); ++i) rows_[i].repeated = wanted_.at(hashes_[i]).also_there;
        return std::move(rows_);
    }

private:
    const TableSpec& spec_;
    SurplusMap wanted_;
    std::vector<SideRow> rows_;
    std::vector<Hash> hashes_;
};

// What the target holds of one transaction's rows.
using ByTransaction = std::map<std::string, RowReader>;

struct Attribution {
    std::vector<ChunkInfo> differing;
    std::map<std::string, bool>
        relevant;                  // transactions whose rows matter: those of differing chunks; others known are equal
    std::vector<SideRow> foreign;  // written by no chunk
    std::uint64_t foreign_rows = 0;
    ReadResult foreign_sums;
    ReadResult missing_sums;  // of the differing chunks: what was read less what is there
};

bool known(const std::vector<ChunkInfo>& chunks) {
    return !chunks.empty() &&
           std::all_of(chunks.begin(), chunks.end(), [](const ChunkInfo& c) { return !c.xid.empty(); });
}

std::vector<std::string> names_of(const TableSpec& spec, const std::vector<codec::ColumnStats>& a,
                                  const std::vector<codec::ColumnStats>& b) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < spec.columns.size() && i < a.size() && i < b.size(); ++i) {
        if (a[i] != b[i]) names.push_back(spec.columns[i].name);
    }
    return names;
}

void subtract(ReadResult& from, const ReadResult& part) {
    from.digest.rows -= part.digest.rows;
    for (std::size_t i = 0; i < from.columns.size() && i < part.columns.size(); ++i) {
        from.columns[i].non_null -= part.columns[i].non_null;
        from.columns[i].hash_sum -= part.columns[i].hash_sum;
        from.columns[i].bytes -= part.columns[i].bytes;
    }
}

// Which transaction wrote a row of the target that was read behind one more column. Pieces of large objects have no xmin of
// their own: which batch a piece is of follows from its place, so none is ever a stranger.
class WrittenBy {
public:
    WrittenBy(const TableContext& table, const std::vector<ChunkInfo>& chunks) : by_place_(holds_pieces(table.spec)) {
        if (!by_place_) return;
        for (const ChunkInfo& chunk : chunks) starts_[chunk.lower.empty() ? Place{} : place(chunk.lower)] = chunk.xid;
    }
    std::string operator()(const std::vector<Cell>& cells) const {
        if (!by_place_) return std::string(cells[0].bytes);
        const auto after = starts_.upper_bound(
            {codec::load_be<std::int64_t>(cells[1].bytes.data()), codec::load_be<std::int64_t>(cells[2].bytes.data())});
        return after == starts_.begin() ? std::string() : std::prev(after)->second;
    }

private:
    using Place = std::pair<std::int64_t, std::int64_t>;
    static Place place(const std::string& bound) {
        char* rest = nullptr;
        const std::int64_t object = std::strtoll(bound.c_str(), &rest, 10);
        return {object, *rest == ',' ? std::strtoll(rest + 1, nullptr, 10) : 0};
    }
    bool by_place_;
    std::map<Place, std::string> starts_;
};

Attribution attribute(const TableContext& table, const std::vector<ChunkInfo>& chunks, const WrittenBy& written_by) {
    ByTransaction found;
    std::map<std::string, const ChunkInfo*> by_xid;
    for (const ChunkInfo& chunk : chunks) by_xid[chunk.xid] = &chunk;
    Attribution result;
    table.reader().visit(table.target, {"t.xmin::text"}, [&](const std::vector<Cell>& cells) {
        const std::string xid = written_by(cells);
        auto entry = found.find(xid);
        if (entry == found.end()) entry = found.emplace(xid, RowReader(table.spec, table.options.hash_key)).first;
        entry->second.add(cells, 1);
        if (by_xid.count(xid) == 0) {
            ++result.foreign_rows;
            if (result.foreign.size() < kMostDetailed) {
                result.foreign.push_back(side_row(table.spec, cells, 1, entry->second));
            }
        }
    });
    for (const ChunkInfo& chunk : chunks) {
        const auto there = found.find(chunk.xid);
        const ReadResult stored = there == found.end() ? ReadResult{} : there->second.result();
        result.relevant[chunk.xid] = !(stored.digest == chunk.digest);
        if (!result.relevant[chunk.xid]) continue;
        result.differing.push_back(chunk);
        ReadResult missing{chunk.digest, chunk.columns, 0};
        subtract(missing, stored);
        result.missing_sums.add(missing);
    }
    for (const auto& [xid, reader] : found) {
        if (by_xid.count(xid) == 0) result.foreign_sums.add(reader.result());
    }
    return result;
}

nlohmann::json chunk_list(const std::vector<ChunkInfo>& chunks) {
    nlohmann::json list = nlohmann::json::array();
    for (const ChunkInfo& chunk : chunks) {
        if (list.size() == 100) break;
        list.push_back({{"chunk", std::stoll(chunk.number)},
                        {"from", chunk.lower},
                        {"to", chunk.upper},
                        {"rows_read", chunk.digest.rows}});
    }
    return list;
}

// Without the source: what changed since the load is named by the target's own rows.
void describe_without_source(const TableContext& table, const Attribution& a, LevelResult& result) {
    const std::vector<std::string> columns = names_of(table.spec, a.missing_sums.columns, a.foreign_sums.columns);
    std::string list;
    for (const std::string& name : columns) list += (list.empty() ? "" : ", ") + name;
    // The sums of the changed rows tell the columns only while every missing row is still there, changed.
    const bool same_number = a.missing_sums.digest.rows == a.foreign_rows && columns.size() < table.spec.columns.size();
    for (const SideRow& row : a.foreign) {
        Difference d;
        d.row_key = describe_key(table.spec, row);
        d.column = same_number && columns.size() == 1 ? columns.front() : "";
        d.target = d.column.empty() ? Shown{} : [&] {
            for (std::size_t i = 0; i < table.spec.columns.size(); ++i) {
                if (table.spec.columns[i].name == d.column) return row.shown[i];
            }
            return Shown{};
        }();
        d.cause = !same_number      ? "written since the load"
                  : columns.empty() ? "changed since the load: values changed places between rows"
                                    : "changed since the load, in " + list;
        result.differences.push_back(std::move(d));
    }
    for (const ChunkInfo& chunk : a.differing) {
        Difference d;
        d.row_key = "chunk " + chunk.number +
                    (chunk.lower.empty() && chunk.upper.empty() ? "" : " from " + chunk.lower + " to " + chunk.upper);
        d.cause = "rows of this chunk were changed or removed since the load";
        result.differences.push_back(std::move(d));
    }
}

}  // namespace

void locate(const TableContext& table, std::vector<ChunkInfo> chunks, const ReadResult& found, LevelResult& result) {
    ReadResult read;
    for (const ChunkInfo& chunk : chunks) read.add(ReadResult{chunk.digest, chunk.columns, 0});
    const bool sums_kept =
        std::all_of(chunks.begin(), chunks.end(), [](const ChunkInfo& c) { return !c.columns.empty(); });
    if (sums_kept) {
        // No difference here, and the digests differ: values changed places between rows.
        result.detail["columns"] = names_of(table.spec, read.columns, found.columns);
    }
    const bool attributed = known(chunks);
    const WrittenBy written_by(table, chunks);
    Attribution a;
    if (attributed) {
        a = attribute(table, chunks, written_by);
        result.detail["chunks"] = chunk_list(a.differing);
        result.detail["chunks_differing"] = a.differing.size();
        result.detail["rows_changed_since_load"] = a.foreign_rows;
        chunks = a.differing;
    }
    if (!table.options.source_reads || table.point_lost()) {
        if (attributed) {
            describe_without_source(table, a, result);
        } else {
            result.detail["not_located"] = "the source's snapshot and the ledger are gone";
        }
        return;
    }
    if (table.samples_only())
        result.detail["located_at"] =
            "a later reading of the source: rows that were written to it since may show as well";
    std::uint64_t rows = found.digest.rows;
    for (const ChunkInfo& chunk : chunks) rows += chunk.digest.rows;
    if (rows > 2 * kMostRows) {
        result.detail["not_located"] = "more rows than can be compared one by one";
        return;
    }

    // First pass: hashes only. Rows of chunks that agree need no second look.
    std::vector<Hash> source_hashes;
    std::vector<Hash> target_hashes;
    const auto each_source_row = [&](const auto& visitor) {
        for (const ChunkInfo& chunk : chunks) {
            RowReader reader(table.spec, table.options.hash_key);
            stream_rows(
                table.staging, table.options.run_id, chunk.id, table.spec, table.options.check_cancel,
                [&](const std::vector<Cell>& cells) { visitor(reader.add(cells), cells, std::size_t{0}, reader); });
        }
    };
    // agreed: called for the rows of chunks that agree.
    const auto each_target_row = [&](const auto& visitor, const auto& agreed) {
        RowReader reader(table.spec, table.options.hash_key);
        table.reader().visit(table.target, {"t.xmin::text"}, [&](const std::vector<Cell>& cells) {
            if (attributed) {
                const auto entry = a.relevant.find(written_by(cells));
                if (entry != a.relevant.end() && !entry->second) {
                    agreed(reader, cells);
                    return;
                }
            }
            visitor(reader.add(cells, 1), cells, std::size_t{1}, reader);
        });
    };
    // Rows that were set aside are not on the target, and not missing there.
    std::unordered_map<Hash, std::size_t, HashOf> rejected;
    for (const DeclaredReject& r : table.rejects) ++rejected[r.hash];
    each_source_row([&](const Hash& h, const auto&, std::size_t, const RowReader&) {
        const auto reject = rejected.find(h);
        if (reject != rejected.end() && reject->second > 0) {
            --reject->second;
        } else {
            source_hashes.push_back(h);
        }
    });
    each_target_row([&](const Hash& h, const auto&, std::size_t, const RowReader&) { target_hashes.push_back(h); },
                    [](RowReader&, const auto&) {});
    std::sort(source_hashes.begin(), source_hashes.end(), before);
    std::sort(target_hashes.begin(), target_hashes.end(), before);
    const Sides sides = compare_hashes(source_hashes, target_hashes);
    source_hashes = {};
    target_hashes = {};
    result.detail["rows_only_in_source"] = sides.source_rows;
    result.detail["rows_only_in_target"] = sides.target_rows;
    if (sides.source_rows == 0 && sides.target_rows == 0) {
        // The first reading differed from this one.
        result.detail["not_located"] =
            "a second reading of both sides shows no difference: the target changed meanwhile";
        return;
    }

    // Second pass: the rows themselves.
    Collector source(table.spec, sides.source);
    Collector target(table.spec, sides.target);
    each_source_row([&](const Hash& h, const auto& cells, std::size_t first, const RowReader& r) {
        source.offer(h, cells, first, r);
    });
    each_target_row([&](const Hash& h, const auto& cells, std::size_t first,
                        const RowReader& r) { target.offer(h, cells, first, r); },
                    [&](RowReader& reader, const auto& cells) { target.is_on_both(reader.add(cells, 1)); });
    result.differences = diff_rows(table.spec, source.take(), target.take());
}

}  // namespace lakemover::loader
