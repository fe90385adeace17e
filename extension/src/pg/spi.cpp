// See spi.hpp.
#include "pg/spi.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
}

namespace lakemover::pg {

namespace {

struct Table {
    uint64 rows;
    int columns;
    char** values;  // rows x columns, null for NULL
};

// Runs between SPI_connect and SPI_finish; the values are copied into results' context.
Table execute(const char* sql, int count, const char* const* args, SpiMode mode, MemoryContext results) {
    if (SPI_connect() != SPI_OK_CONNECT) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("SPI_connect failed")));
    }
    const Size slots = static_cast<Size>(count) + 1;
    auto* types = static_cast<Oid*>(palloc0(sizeof(Oid) * slots));
    auto* values = static_cast<Datum*>(palloc0(sizeof(Datum) * slots));
    auto* nulls = static_cast<char*>(palloc0(slots));
    for (int i = 0; i < count; ++i) {
        types[i] = TEXTOID;
        nulls[i] = args[i] == nullptr ? 'n' : ' ';
        values[i] = args[i] == nullptr ? Datum{0} : CStringGetTextDatum(args[i]);
    }
    const int code = SPI_execute_with_args(sql, count, types, values, nulls, mode != SpiMode::kWrite, 0);
    if (code < 0) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("SPI failed: %s", SPI_result_code_string(code))));
    }
    Table table{0, 0, nullptr};
    if (SPI_tuptable != nullptr) {
        table.rows = SPI_tuptable->numvals;
        table.columns = SPI_tuptable->tupdesc->natts;
        table.values = static_cast<char**>(MemoryContextAllocHuge(
            results, sizeof(char*) * (static_cast<Size>(table.rows) * static_cast<Size>(table.columns) + 1)));
        for (uint64 r = 0; r < table.rows; ++r) {
            for (int c = 0; c < table.columns; ++c) {
                char* value = SPI_getvalue(SPI_tuptable->vals[r], SPI_tuptable->tupdesc, c + 1);
                table.values[r * static_cast<uint64>(table.columns) + static_cast<uint64>(c)] =
                    value == nullptr ? nullptr : MemoryContextStrdup(results, value);
            }
        }
    }
    SPI_finish();
    return table;
}

}  // namespace

std::vector<source::TextRow> spi_query(const char* sql, const std::vector<source::TextValue>& args, SpiMode mode) {
    std::vector<const char*> plain;
    for (const source::TextValue& arg : args) {
        plain.push_back(arg ? arg->c_str() : nullptr);
    }
    const char* const* values = plain.data();
    const int count = static_cast<int>(plain.size());
    const Table table = pg_call([=] {
        MemoryContext results = CurrentMemoryContext;
        if (mode == SpiMode::kLatest) {
            PushActiveSnapshot(GetLatestSnapshot());
        }
        const Table read = execute(sql, count, values, mode, results);
        if (mode == SpiMode::kLatest) {
            PopActiveSnapshot();
        }
        return read;
    });
    std::vector<source::TextRow> rows(table.rows);
    char* const* value = table.values;
    for (source::TextRow& row : rows) {
        row.resize(static_cast<std::size_t>(table.columns));
        for (source::TextValue& field : row) {
            if (*value != nullptr) {
                field.emplace(*value);
            }
            ++value;
        }
    }
    return rows;
}

}  // namespace lakemover::pg
