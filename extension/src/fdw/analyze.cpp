// ANALYZE of a foreign table by a bounded sample: TABLESAMPLE SYSTEM with a share of the pages that the
// source's catalog suggests, a reservoir over what comes, and an end to it. Zone: PostgreSQL.
#include "fdw/connection.hpp"
#include "fdw/convert.hpp"
#include "fdw/deparse.hpp"
#include "fdw/foreign_query.hpp"
#include "fdw/remote_table.hpp"

extern "C" {
#include "access/htup_details.h"
#include "commands/vacuum.h"
#include "utils/rel.h"
#include "utils/sampling.h"
}

namespace lakemover::fdw {

namespace {

constexpr double kOversample = 1.5;  // SYSTEM picks pages by chance: rather a few rows too many
constexpr double kMaxReadFactor = 10;
constexpr int kSampleFetchSize = 500;

RelInfo* info_of(Relation relation) {
    auto* info = palloc_zeroed<RelInfo>();
    read_table_options(relation, info);
    info->user = GetUserId();
    info->remote = describe_remote(relation, info);
    return info;
}

struct Sample {
    HeapTuple* rows;
    int wanted;
    int kept;
    double seen;
    double skip;
    ReservoirStateData reservoir;
};

// Vitter's algorithm, as ANALYZE of a plain table has it.
void keep_row(Sample* sample, Converter* converter, const source::TextRow& row, MemoryContext scratch) {
    int position = -1;
    sample->seen += 1;
    if (sample->kept < sample->wanted) {
        position = sample->kept++;
    } else {
        if (sample->skip < 0) {
            sample->skip = reservoir_get_next_S(&sample->reservoir, sample->seen - 1, sample->wanted);
        }
        if (sample->skip <= 0) {
            position = static_cast<int>(sample->wanted * sampler_random_fract(&sample->reservoir.randstate));
            heap_freetuple(sample->rows[position]);
        }
        sample->skip -= 1;
    }
    if (position < 0) {
        return;
    }
    MemoryContext before = MemoryContextSwitchTo(scratch);
    const auto count = static_cast<std::size_t>(converter->desc->natts);
    auto* values = palloc_zeroed<Datum>(count);
    auto* nulls = palloc_zeroed<bool>(count);
    convert_row(converter, row, values, nulls);
    MemoryContextSwitchTo(before);
    sample->rows[position] = heap_form_tuple(converter->desc, values, nulls);
    MemoryContextReset(scratch);
}

int acquire_sample_rows(Relation relation, int /*elevel*/, HeapTuple* rows, int targrows, double* totalrows,
                        double* totaldeadrows) {
    const RelInfo* info = info_of(relation);
    const double estimate = info->remote->rows;
    const double percent = estimate <= 0 ? 100 : 100.0 * kOversample * targrows / estimate;
    const Deparsed query = deparse_sample(relation, info, percent);
    Converter* converter =
        make_converter(RelationGetDescr(relation), query.retrieved, RelationGetRelationName(relation));
    MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "lakemover_fdw sample", ALLOCSET_SMALL_SIZES);
    Sample sample{rows, targrows, 0, 0, -1, {}};
    reservoir_init_selection_state(&sample.reservoir, targrows);

    CursorRef cursor{};
    const char* sql = query.sql->data;
    pg::entry([&] {
        Slot& slot = acquire(info->server->serverid, info->user);
        const int mode = scan_mode(info->remote);
        cursor = {&slot, mode == kOwnSql
                             ? session_of(slot).open_cursor(sql, {}, kSampleFetchSize)
                             : session_of(slot).open_cursor(foreign_read(sql, query.columns, mode), kSampleFetchSize)};
        converter->verify = session_of(slot).info().encoding == "SQL_ASCII";
    });
    bool complete = false;
    while (sample.seen < kMaxReadFactor * targrows) {
        const std::vector<source::TextRow>* batch =
            pg::entry([&] { return &session_of(*cursor.slot).fetch(cursor.id); });
        for (const source::TextRow& row : *batch) {
            keep_row(&sample, converter, row, scratch);
        }
        if (batch->empty()) {
            complete = true;
            break;
        }
    }
    pg::entry([&] { session_of(*cursor.slot).close_cursor(cursor.id); });
    MemoryContextDelete(scratch);
    *totalrows = complete && percent >= 100 ? sample.seen : estimate;
    *totaldeadrows = 0;
    return sample.kept;
}

}  // namespace

extern "C" bool lakemoverAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc* func, BlockNumber* totalpages) {
    const RelInfo* info = info_of(relation);
    // Views and foreign tables have no pages to sample: they would have to be read whole.
    if (std::strchr("rmp", info->remote->kind) == nullptr) {
        ereport(WARNING, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                          errmsg("cannot analyze \"%s\": its source is neither a table nor a materialized view",
                                 RelationGetRelationName(relation)),
                          errhint("set the option row_estimate instead")));
        return false;
    }
    *func = acquire_sample_rows;
    *totalpages = static_cast<BlockNumber>(std::max(info->remote->pages, 1.0));
    return true;
}

}  // namespace lakemover::fdw
