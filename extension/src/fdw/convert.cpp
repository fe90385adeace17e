// See convert.hpp. A value that its type refuses is an error that names column and foreign table.
#include "fdw/convert.hpp"

extern "C" {
#include "mb/pg_wchar.h"
#include "utils/lsyscache.h"
}

namespace lakemover::fdw {

namespace {

void describe_position(void* arg) {
    const auto* converter = static_cast<const Converter*>(arg);
    if (converter->current == 0) {
        return;
    }
    const char* column = NameStr(TupleDescAttr(converter->desc, converter->current - 1)->attname);
    if (converter->relation != nullptr) {
        errcontext("column \"%s\" of foreign table \"%s\"", column, converter->relation);
    } else {
        errcontext("column %d of the remote result", converter->current);
    }
}

}  // namespace

Converter* make_converter(TupleDesc desc, List* retrieved, const char* relation) {
    auto* converter = palloc_zeroed<Converter>();
    const auto count = static_cast<std::size_t>(desc->natts);
    converter->desc = desc;
    converter->retrieved = retrieved;
    converter->relation = relation;
    converter->functions = palloc_zeroed<FmgrInfo>(count);
    converter->io_params = palloc_zeroed<Oid>(count);
    ListCell* cell;
    foreach (cell, retrieved) {
        const int i = lfirst_int(cell) - 1;
        Oid input = InvalidOid;
        getTypeInputInfo(TupleDescAttr(desc, i)->atttypid, &input, &converter->io_params[i]);
        fmgr_info(input, &converter->functions[i]);
    }
    return converter;
}

void convert_row(Converter* converter, const source::TextRow& row, Datum* values, bool* nulls) {
    ErrorContextCallback context{error_context_stack, describe_position, converter};
    std::memset(nulls, true, static_cast<std::size_t>(converter->desc->natts) * sizeof(bool));
    const std::size_t expected =
        converter->retrieved == NIL ? 1 : static_cast<std::size_t>(list_length(converter->retrieved));
    if (row.size() != expected) {
        ereport(ERROR, (errcode(ERRCODE_FDW_INCONSISTENT_DESCRIPTOR_INFORMATION),
                        errmsg("the source returned %zu columns where %zu were asked for", row.size(), expected)));
    }
    error_context_stack = &context;
    ListCell* cell;
    foreach (cell, converter->retrieved) {
        const int i = lfirst_int(cell) - 1;
        const source::TextValue& field = row[static_cast<std::size_t>(foreach_current_index(cell))];
        converter->current = i + 1;
        nulls[i] = !field.has_value();
        // Called for NULL too: a domain may refuse it.
        if (field && converter->verify) {
            (void)pg_verify_mbstr(PG_UTF8, field->c_str(), static_cast<int>(field->size()), false);
        }
        values[i] = InputFunctionCall(&converter->functions[i], field ? const_cast<char*>(field->c_str()) : nullptr,
                                      converter->io_params[i], TupleDescAttr(converter->desc, i)->atttypmod);
    }
    converter->current = 0;
    error_context_stack = context.previous;
}

}  // namespace lakemover::fdw
