// The wrapper's entry: which callbacks there are, and what is refused. Zone: PostgreSQL, plain data.
#include "fdw/fdw.hpp"

extern "C" {
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

PGDLLEXPORT Datum lakemover_fdw_handler(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(lakemover_fdw_handler);
}

namespace lakemover::fdw {

namespace {

[[noreturn]] void refuse(const char* what, const char* relation) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("cannot %s foreign table \"%s\"", what, relation),
                    errdetail("sources are only read"), errhint("write to the source with its own tools")));
    pg_unreachable();
}

}  // namespace

extern "C" {

List* lakemoverPlanForeignModify(PlannerInfo* root, ModifyTable* plan, Index result_relation, int /*subplan_index*/) {
    const char* what =
        plan->operation == CMD_INSERT ? "insert into" : (plan->operation == CMD_UPDATE ? "update" : "delete from");
    refuse(what, get_rel_name(planner_rt_fetch(result_relation, root)->relid));
}

void lakemoverExecForeignTruncate(List* rels, DropBehavior /*behavior*/, bool /*restart_seqs*/) {
    refuse("truncate", RelationGetRelationName(static_cast<Relation>(linitial(rels))));
}

}  // extern "C"

}  // namespace lakemover::fdw

Datum lakemover_fdw_handler(PG_FUNCTION_ARGS) {
    using namespace lakemover::fdw;
    (void)fcinfo;
    FdwRoutine* routine = makeNode(FdwRoutine);
    routine->GetForeignRelSize = lakemoverGetForeignRelSize;
    routine->GetForeignPaths = lakemoverGetForeignPaths;
    routine->GetForeignPlan = lakemoverGetForeignPlan;
    routine->GetForeignUpperPaths = lakemoverGetForeignUpperPaths;
    routine->BeginForeignScan = lakemoverBeginForeignScan;
    routine->IterateForeignScan = lakemoverIterateForeignScan;
    routine->ReScanForeignScan = lakemoverReScanForeignScan;
    routine->EndForeignScan = lakemoverEndForeignScan;
    routine->ExplainForeignScan = lakemoverExplainForeignScan;
    routine->PlanForeignModify = lakemoverPlanForeignModify;
    routine->ExecForeignTruncate = lakemoverExecForeignTruncate;
    routine->AnalyzeForeignTable = lakemoverAnalyzeForeignTable;
    routine->ImportForeignSchema = lakemoverImportForeignSchema;
    PG_RETURN_POINTER(routine);
}
