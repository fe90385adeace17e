// Reads a chunk of the source once more. Throws Error, codec::DecodeError. Then load_chunks: what the load recorded.
#include "loader/validate/stream_rows.hpp"

#include <algorithm>

#include "loader/validate/table_context.hpp"

namespace lakemover::loader {

nlohmann::json stream_raw_rows(Pg& staging, std::int64_t run_id, const std::string& chunk_id, const TableSpec& spec,
                               const CheckCancel& check_cancel, const RawRowVisitor& visitor) {
    staging.copy_out_start("COPY (SELECT lakemover.stream(" + std::to_string(run_id) + ", " + chunk_id +
                           ")) TO STDOUT (FORMAT binary)");
    // The blocks are a COPY of one bytea column; their contents are pieces of another.
    CopyDecoder blocks([&](std::string_view& bytes) { return staging.copy_out_next(bytes); }, codec::Format::kBinary,
                       {"block"}, CopyDecoder::Framing::kFile);
    bool ended = false;
    nlohmann::json end;
    const auto next_piece = [&](std::string_view& piece) {
        while (blocks.next()) {
            const std::string_view block = blocks.cells()[0].bytes;
            if (block.empty() || ended) throw Error(Exit::kOther, "staging: unexpected block in the stream");
            if (block.front() == 'E') {
                ended = true;
                end = nlohmann::json::parse(block.substr(1));
                continue;
            }
            if (block.front() != 'D') throw Error(Exit::kOther, "staging: unknown block in the stream");
            piece = block.substr(1);
            return true;
        }
        return false;
    };
    std::vector<std::string> names;
    for (const ColumnSpec& column : spec.columns) names.push_back(column.name);
    CopyDecoder rows(next_piece, spec.format, std::move(names), CopyDecoder::Framing::kRaw);
    while (rows.next()) {
        if (check_cancel && rows.rows() % 16384 == 0) check_cancel();
        visitor(rows.cells(), rows.raw());
    }
    if (!ended) throw Error(Exit::kOther, "staging: the stream ended without its end block");
    if (end.at("rows").get<std::uint64_t>() != rows.rows())
        throw Error(Exit::kOther, "row counts of a chunk differ",
                    "source says " + end.at("rows").dump() + ", streamed " + std::to_string(rows.rows()));
    return end;
}

void stream_rows(Pg& staging, std::int64_t run_id, const std::string& chunk_id, const TableSpec& spec,
                 const CheckCancel& check_cancel, const RowVisitor& visitor) {
    stream_raw_rows(staging, run_id, chunk_id, spec, check_cancel,
                    [&](const std::vector<Cell>& cells, std::string_view) { visitor(cells); });
}

namespace {

// Transaction ids of the run's chunks, as far as the target's ledger still has them.
void add_transactions(const TableContext& table, std::vector<ChunkInfo>& chunks) {
    if (table.target.scalar("SELECT pg_catalog.to_regclass('lakemover_ledger.chunk') IS NOT NULL") != "t") return;
    const Result r = table.target.query(
        "SELECT chunk_no::text, (xid::text::numeric % 4294967296)::text FROM lakemover_ledger.chunk WHERE run_uuid = "
        "$1 AND table_id = $2",
        {table.options.run_uuid, table.id});
    for (int i = 0; i < r.rows(); ++i) {
        for (ChunkInfo& chunk : chunks) {
            if (chunk.number == r.get(i, 0)) chunk.xid = r.text(i, 1);
        }
    }
}

}  // namespace

std::vector<ChunkInfo> load_chunks(const TableContext& table) {
    const Result r = table.staging.query(
        "SELECT chunk_id, chunk_no, state, rows_copied, digest[1]::text, digest[2]::text, stats->'columns', "
        "pg_catalog.array_to_string(lower_bound, ', '), pg_catalog.array_to_string(upper_bound, ', '), "
        "((stats->>'xid')::numeric % 4294967296)::text "
        "FROM lakemover.run_chunk WHERE run_id = $1 AND table_id = $2 AND pass = $3 ORDER BY chunk_no",
        // Whole rows are those of the last pass, whose transactions also wrote what is there now.
        {table.run(), table.id, std::to_string(table.spec.last_pass())});
    std::vector<ChunkInfo> chunks;
    for (int i = 0; i < r.rows(); ++i) {
        ChunkInfo chunk;
        chunk.id = r.text(i, 0);
        chunk.number = r.text(i, 1);
        if (r.get(i, 2) != "done" || r.is_null(i, 4) || r.is_null(i, 5)) {
            throw Error(Exit::kOther, "chunk " + chunk.number + " of " + table.spec.source_name() + " is " +
                                          r.text(i, 2) + " and has no digest");
        }
        chunk.digest = codec::Digest::from_text(static_cast<std::uint64_t>(r.integer(i, 3)), r.get(i, 4), r.get(i, 5));
        if (!r.is_null(i, 6)) chunk.columns = parse_column_stats(nlohmann::json::parse(r.get(i, 6)));
        chunk.lower = r.text(i, 7);
        chunk.upper = r.text(i, 8);
        chunk.xid = r.text(i, 9);
        chunks.push_back(std::move(chunk));
    }
    if (table.options.ledger &&
        std::any_of(chunks.begin(), chunks.end(), [](const ChunkInfo& c) { return c.xid.empty(); })) {
        add_transactions(table, chunks);
    }
    return chunks;
}

}  // namespace lakemover::loader
