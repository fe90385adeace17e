// Steps above the scan that the source can take: aggregates without groups, LIMIT. Zone: PostgreSQL,
// plain data. Only for queries over exactly one foreign table all of whose conditions are checked on the
// source: anything that is filtered here would be missing from what was counted or cut there.
#include "fdw/plan.hpp"

#include "fdw/foreign_query.hpp"
#include "fdw/shippable.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
}

namespace lakemover::fdw {

namespace {

// The one foreign table of this query level, when everything about it is decided on the source.
RelOptInfo* single_source(PlannerInfo* root) {
    int relid = 0;
    if (!bms_get_singleton_member(root->all_baserels, &relid)) {
        return nullptr;
    }
    RelOptInfo* rel = root->simple_rel_array[relid];
    if (rel == nullptr || rel->reloptkind != RELOPT_BASEREL || rel->fdwroutine == nullptr ||
        rel->fdwroutine->GetForeignUpperPaths != lakemoverGetForeignUpperPaths || rel->fdw_private == nullptr ||
        planner_rt_fetch(rel->relid, root)->inh || !bms_is_empty(rel->lateral_relids)) {
        return nullptr;
    }
    return rel_info(rel)->local_conds == NIL ? rel : nullptr;
}

bool is_shippable_aggregate(const ExprScope& scope, const Aggref* agg) {
    if (agg->agglevelsup != 0 || agg->aggdistinct != NIL || agg->aggorder != NIL || agg->aggfilter != nullptr ||
        agg->aggvariadic || agg->aggkind != AGGKIND_NORMAL || agg->aggsplit != AGGSPLIT_SIMPLE ||
        agg->aggfnoid >= FirstGenbkiObjectId) {
        return false;
    }
    const char* name = get_func_name(agg->aggfnoid);
    if (name == nullptr) {
        return false;
    }
    if (agg->aggstar) {
        return std::strcmp(name, "count") == 0;
    }
    if (list_length(agg->args) != 1 || scope.info->remote->dialect != nullptr) {
        return false;
    }
    Expr* argument = linitial_node(TargetEntry, agg->args)->expr;
    if (std::strcmp(name, "count") == 0) {
        return is_shippable(scope, argument);
    }
    bool add_collate = false;
    return (std::strcmp(name, "min") == 0 || std::strcmp(name, "max") == 0) &&
           is_same_order(scope, argument, agg->inputcollid, &add_collate);
}

void add_aggregate_path(PlannerInfo* root, RelOptInfo* grouped, const GroupPathExtraData* extra) {
    const Query* parse = root->parse;
    RelOptInfo* base = single_source(root);
    if (base == nullptr || !parse->hasAggs || parse->groupClause != NIL || parse->groupingSets != NIL ||
        parse->havingQual != nullptr || extra->havingQual != nullptr ||
        extra->patype == PARTITIONWISE_AGGREGATE_PARTIAL || grouped->fdw_private != nullptr) {
        return;
    }
    const ExprScope scope{base, rel_info(base), nullptr};
    List* tlist = NIL;
    ListCell* cell;
    List* parts = pull_var_clause(reinterpret_cast<Node*>(grouped->reltarget->exprs),
                                  PVC_INCLUDE_AGGREGATES | PVC_INCLUDE_PLACEHOLDERS);
    foreach (cell, parts) {
        auto* part = static_cast<Node*>(lfirst(cell));
        if (!IsA(part, Aggref) || !is_shippable_aggregate(scope, reinterpret_cast<Aggref*>(part))) {
            return;
        }
        tlist = add_to_flat_tlist(tlist, list_make1(part));
    }
    if (tlist == NIL) {
        return;
    }
    auto* info = palloc_zeroed<RelInfo>();
    *info = *rel_info(base);
    info->base = base;
    info->grouped_tlist = tlist;
    info->attrs_used = nullptr;
    grouped->fdw_private = info;

    // One row travels instead of all: never dearer than counting, or looking for the least, here.
    const Cost total = kStartupCost + kTupleCost;
#if PG_VERSION_NUM >= 170000
    ForeignPath* path =
        create_foreign_upper_path(root, grouped, grouped->reltarget, 1, total, total, NIL, nullptr, NIL, NIL);
#else
    ForeignPath* path =
        create_foreign_upper_path(root, grouped, grouped->reltarget, 1, total, total, NIL, nullptr, NIL);
#endif
    add_path(grouped, reinterpret_cast<Path*>(path));
}

void add_limit_path(PlannerInfo* root, RelOptInfo* final_rel, const FinalPathExtraData* extra) {
    const Query* parse = root->parse;
    RelOptInfo* base = single_source(root);
    if (base == nullptr || !extra->limit_needed || parse->commandType != CMD_SELECT || parse->rowMarks != NIL ||
        parse->hasAggs || parse->groupClause != NIL || parse->groupingSets != NIL || parse->havingQual != nullptr ||
        parse->distinctClause != NIL || parse->hasWindowFuncs || parse->hasTargetSRFs ||
        parse->setOperations != nullptr || parse->limitOption != LIMIT_OPTION_COUNT) {
        return;
    }
    const ExprScope scope{base, rel_info(base), nullptr};
    const bool shippable = scope.info->remote->dialect != nullptr
                               ? has_plain_limit(parse)
                               : is_shippable(scope, reinterpret_cast<Expr*>(parse->limitCount)) &&
                                     is_shippable(scope, reinterpret_cast<Expr*>(parse->limitOffset));
    if (!shippable) {
        return;
    }
    // ORDER BY the same for all rows leaves no keys; otherwise the source must sort before it cuts.
    if (root->sort_pathkeys != NIL && !is_sortable(base, root->sort_pathkeys)) {
        return;
    }
    const RelInfo* info = rel_info(base);
    double rows = info->rows;
    const Cost sort = root->sort_pathkeys != NIL ? remote_sort_cost(base, root->sort_pathkeys) : 0;
    Cost startup = info->startup_cost + sort;
    Cost total = info->total_cost + sort;
    adjust_limit_rows_costs(&rows, &startup, &total, extra->offset_est, extra->count_est);
    // Below a Limit of ours the scan would move a whole batch; a dearer path is never kept for this.
    startup *= kLimitFactor;
    total *= kLimitFactor;
    PathTarget* target = root->upper_targets[UPPERREL_FINAL];
    List* with_limit = list_make1(makeBoolean(true));
#if PG_VERSION_NUM >= 170000
    ForeignPath* path = create_foreign_upper_path(root, base, target, rows, startup, total, root->sort_pathkeys,
                                                  nullptr, NIL, with_limit);
#else
    ForeignPath* path =
        create_foreign_upper_path(root, base, target, rows, startup, total, root->sort_pathkeys, nullptr, with_limit);
#endif
    add_path(final_rel, reinterpret_cast<Path*>(path));
}

}  // namespace

extern "C" void lakemoverGetForeignUpperPaths(PlannerInfo* root, UpperRelationKind stage, RelOptInfo* /*input_rel*/,
                                              RelOptInfo* output_rel, void* extra) {
    if (stage == UPPERREL_GROUP_AGG) {
        add_aggregate_path(root, output_rel, static_cast<GroupPathExtraData*>(extra));
    } else if (stage == UPPERREL_FINAL) {
        add_limit_path(root, output_rel, static_cast<FinalPathExtraData*>(extra));
    }
}

}  // namespace lakemover::fdw
