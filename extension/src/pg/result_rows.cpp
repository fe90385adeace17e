// See result_rows.hpp.
#include "pg/result_rows.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace lakemover::pg {

ResultRows::ResultRows(FunctionCallInfo fcinfo, bool from_caller) {
    ReturnSetInfo* info = pg_call([=] {
        InitMaterializedSRF(fcinfo, from_caller ? MAT_SRF_USE_EXPECTED_DESC : 0);
        return reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    });
    store_ = info->setResult;
    columns_ = static_cast<std::size_t>(info->setDesc->natts);
    meta_ = pg_call([=] { return TupleDescGetAttInMetadata(info->setDesc); });
    scratch_ =
        pg_call([] { return AllocSetContextCreate(CurrentMemoryContext, "lakemover rows", ALLOCSET_DEFAULT_SIZES); });
}

void ResultRows::add(const std::vector<source::TextRow>& rows) {
    std::vector<char*> values(columns_);
    for (const source::TextRow& row : rows) {
        for (std::size_t c = 0; c < columns_; ++c) {
            values[c] = row[c] ? const_cast<char*>(row[c]->c_str()) : nullptr;
        }
        char** data = values.data();
        pg_call([this, data] {
            MemoryContext before = MemoryContextSwitchTo(scratch_);
            tuplestore_puttuple(store_, BuildTupleFromCStrings(meta_, data));
            MemoryContextSwitchTo(before);
        });
    }
    pg_call([this] { MemoryContextReset(scratch_); });
    check_interrupts();
}

}  // namespace lakemover::pg
