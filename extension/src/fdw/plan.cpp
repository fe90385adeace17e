// Planning a scan of one foreign table: estimates from the source's catalog, paths in order and by
// outer values, and the plan with its remote SQL. Zone: PostgreSQL, plain data only.
#include "fdw/plan.hpp"

#include <cmath>

#include "fdw/condition.hpp"
#include "fdw/deparse.hpp"
#include "fdw/foreign_query.hpp"
#include "fdw/remote_table.hpp"
#include "fdw/text_settings.hpp"

extern "C" {
#include "access/sysattr.h"
#include "access/table.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace lakemover::fdw {

namespace {

constexpr double kUnknownRows = 1000;
constexpr double kUnknownPages = 10;

Oid planning_user(PlannerInfo* root, RelOptInfo* rel) {
#if PG_VERSION_NUM >= 160000
    (void)root;
    const Oid user = rel->userid;
#else
    const Oid user = planner_rt_fetch(rel->relid, root)->checkAsUser;
#endif
    return OidIsValid(user) ? user : GetUserId();
}

void check_columns(RelOptInfo* rel) {
    int attribute = -1;
    const Bitmapset* used = rel_info(rel)->attrs_used;
    while ((attribute = bms_next_member(used, attribute)) >= 0) {
        const int number = attribute + FirstLowInvalidHeapAttributeNumber;
        if (number < 0 && number != TableOidAttributeNumber) {
            ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                            errmsg("system columns of a source's rows are not available"),
                            errhint("of the system columns only tableoid can be read from a foreign table")));
        }
    }
}

// ANALYZE of the foreign table knows best; then what the import (or the user) wrote down; then the
// source's catalog. The remote query is never run for it.
void estimate_size(RelOptInfo* rel, RelInfo* info) {
    const char* option = option_value(info->table->options, "row_estimate");
    const RemoteTable* remote = info->remote;
    if (rel->tuples > 0 && rel->pages > 0) {
        return;
    }
    rel->tuples = option != nullptr ? static_cast<double>(std::strtoll(option, nullptr, 10))
                                    : (remote->rows >= 0 ? remote->rows : kUnknownRows);
    rel->tuples = clamp_row_est(rel->tuples);
    rel->pages = static_cast<BlockNumber>(remote->pages > 0 ? remote->pages : kUnknownPages);
}

void classify_conditions(RelOptInfo* rel, RelInfo* info) {
    const ExprScope scope{rel, info, nullptr};
    ListCell* cell;
    foreach (cell, rel->baserestrictinfo) {
        auto* clause = static_cast<RestrictInfo*>(lfirst(cell));
        // A leaky condition may not run before a security barrier that we check.
        const bool promotable = restriction_is_securely_promotable(clause, rel);
        const Check check = promotable ? source_check(scope, clause->clause) : Check::kNot;
        if (check == Check::kExactly) {
            info->remote_conds = lappend(info->remote_conds, clause);
            continue;
        }
        info->local_conds = lappend(info->local_conds, clause);
        if (check == Check::kLoosely) {
            info->loose_conds = lappend(info->loose_conds, clause);
        }
    }
}

void estimate_costs(PlannerInfo* root, RelOptInfo* rel, RelInfo* info) {
    const double selectivity = clauselist_selectivity(root, list_concat_copy(info->remote_conds, info->loose_conds),
                                                      static_cast<int>(rel->relid), JOIN_INNER, nullptr);
    info->retrieved_rows = clamp_row_est(rel->tuples * selectivity);
    info->rows = rel->rows;
    info->width = rel->reltarget->width;
    QualCost local;
    cost_qual_eval(&local, info->local_conds, root);
    info->startup_cost = kStartupCost + rel->baserestrictcost.startup;
    info->total_cost = info->startup_cost + seq_page_cost * rel->pages +
                       (cpu_tuple_cost + rel->baserestrictcost.per_tuple) * rel->tuples +
                       (kTupleCost + cpu_tuple_cost + local.per_tuple) * info->retrieved_rows;
}

bool all_sortable(const ExprScope& scope, List* pathkeys) {
    ListCell* cell;
    bool add_collate = false;
    foreach (cell, pathkeys) {
        if (sortable_member(scope, static_cast<PathKey*>(lfirst(cell)), &add_collate) == nullptr) {
            return false;
        }
    }
    return pathkeys != NIL;
}

ForeignPath* scan_path(PlannerInfo* root, RelOptInfo* rel, double rows, Cost startup, Cost total, List* pathkeys,
                       Relids outer) {
#if PG_VERSION_NUM >= 170000
    return create_foreignscan_path(root, rel, nullptr, rows, startup, total, pathkeys, outer, nullptr, NIL, NIL);
#else
    return create_foreignscan_path(root, rel, nullptr, rows, startup, total, pathkeys, outer, nullptr, NIL);
#endif
}

// A join clause that the source can look up: an indexed column of ours equals something of theirs.
bool is_lookup(const ExprScope& base, const RestrictInfo* clause) {
    const ExprScope scope{base.rel, base.info, clause->clause_relids};
    if (!IsA(clause->clause, OpExpr) || !is_shippable(scope, clause->clause)) {
        return false;
    }
    auto* op = reinterpret_cast<OpExpr*>(clause->clause);
    if (list_length(op->args) != 2 || std::strcmp(get_opname(op->opno), "=") != 0) {
        return false;
    }
    ListCell* cell;
    foreach (cell, op->args) {
        Node* side = strip_implicit_coercions(static_cast<Node*>(lfirst(cell)));
        auto* var = reinterpret_cast<Var*>(side);
        if (IsA(side, Var) && bms_is_member(var->varno, base.rel->relids) && var->varattno > 0 &&
            base.info->remote->columns[var->varattno - 1].leads_index) {
            return true;
        }
    }
    return false;
}

bool matches_any_column(PlannerInfo* /*root*/, RelOptInfo* rel, EquivalenceClass* /*ec*/, EquivalenceMember* member,
                        void* arg) {
    const auto wanted = *static_cast<const int*>(arg);
    Node* expr = strip_implicit_coercions(reinterpret_cast<Node*>(member->em_expr));
    auto* var = reinterpret_cast<Var*>(expr);
    return IsA(expr, Var) && bms_is_member(var->varno, rel->relids) && var->varattno == wanted;
}

List* lookup_clauses(PlannerInfo* root, RelOptInfo* rel, const ExprScope& scope) {
    List* candidates = NIL;
    ListCell* cell;
    foreach (cell, rel->joininfo) {
        auto* clause = static_cast<RestrictInfo*>(lfirst(cell));
        if (join_clause_is_movable_to(clause, rel)) {
            candidates = lappend(candidates, clause);
        }
    }
    if (rel->has_eclass_joins) {
        for (int i = 0; i < scope.info->remote->natts; ++i) {
            int wanted = i + 1;
            if (scope.info->remote->columns[i].leads_index) {
                candidates =
                    list_concat(candidates, generate_implied_equalities_for_column(root, rel, matches_any_column,
                                                                                   &wanted, rel->lateral_referencers));
            }
        }
    }
    List* found = NIL;
    foreach (cell, candidates) {
        auto* clause = static_cast<RestrictInfo*>(lfirst(cell));
        if (is_lookup(scope, clause)) {
            found = lappend(found, clause);
        }
    }
    return found;
}

// One query per outer row: a round trip each, but only the rows that join.
void add_lookup_paths(PlannerInfo* root, RelOptInfo* rel, const ExprScope& scope) {
    List* seen = NIL;
    ListCell* cell;
    foreach (cell, lookup_clauses(root, rel, scope)) {
        auto* clause = static_cast<RestrictInfo*>(lfirst(cell));
        Relids outer = bms_union(clause->clause_relids, rel->lateral_relids);
        outer = bms_del_members(outer, rel->relids);
        if (bms_is_empty(outer)) {
            continue;
        }
        ParamPathInfo* info = get_baserel_parampathinfo(root, rel, outer);
        if (list_member_ptr(seen, info)) {
            continue;
        }
        seen = lappend(seen, info);
        const Cost total = kStartupCost + info->ppi_rows * (kTupleCost + cpu_tuple_cost + random_page_cost);
        add_path(rel, reinterpret_cast<Path*>(
                          scan_path(root, rel, info->ppi_rows, kStartupCost, total, NIL, info->ppi_req_outer)));
    }
}

}  // namespace

bool is_sortable(RelOptInfo* rel, List* pathkeys) {
    const ExprScope scope{rel, rel_info(rel), nullptr};
    return all_sortable(scope, pathkeys);
}

// As cost_sort() without its second pass over the rows: between equals the source sorts.
Cost remote_sort_cost(RelOptInfo* rel, List* pathkeys) {
    const RelInfo* info = rel_info(rel);
    const ExprScope scope{rel, info, nullptr};
    bool add_collate = false;
    const Expr* first = sortable_member(scope, static_cast<PathKey*>(linitial(pathkeys)), &add_collate);
    if (first != nullptr && IsA(first, Var) && !add_collate &&
        info->remote->columns[reinterpret_cast<const Var*>(first)->varattno - 1].leads_index) {
        return 0;
    }
    const double rows = std::max(info->retrieved_rows, 2.0);
    return 2.0 * cpu_operator_cost * rows * std::log2(rows);
}

extern "C" {

void lakemoverGetForeignRelSize(PlannerInfo* root, RelOptInfo* baserel, Oid relid) {
    auto* info = palloc_zeroed<RelInfo>();
    baserel->fdw_private = info;
    Relation relation = table_open(relid, NoLock);
    read_table_options(relation, info);
    info->user = planning_user(root, baserel);
    info->remote = describe_remote(relation, info);
    table_close(relation, NoLock);

    pull_varattnos(reinterpret_cast<Node*>(baserel->reltarget->exprs), baserel->relid, &info->attrs_used);
    classify_conditions(baserel, info);
    ListCell* cell;
    foreach (cell, info->local_conds) {
        pull_varattnos(reinterpret_cast<Node*>(static_cast<RestrictInfo*>(lfirst(cell))->clause), baserel->relid,
                       &info->attrs_used);
    }
    check_columns(baserel);
    estimate_size(baserel, info);
    set_baserel_size_estimates(root, baserel);
    estimate_costs(root, baserel, info);
}

void lakemoverGetForeignPaths(PlannerInfo* root, RelOptInfo* baserel, Oid /*relid*/) {
    const RelInfo* info = rel_info(baserel);
    const ExprScope scope{baserel, info, nullptr};
    add_path(baserel, reinterpret_cast<Path*>(scan_path(root, baserel, info->rows, info->startup_cost, info->total_cost,
                                                        NIL, baserel->lateral_relids)));
    if (all_sortable(scope, root->query_pathkeys)) {
        const Cost sort = remote_sort_cost(baserel, root->query_pathkeys);
        add_path(baserel, reinterpret_cast<Path*>(scan_path(root, baserel, info->rows, info->startup_cost + sort,
                                                            info->total_cost + sort, root->query_pathkeys,
                                                            baserel->lateral_relids)));
    }
    add_lookup_paths(root, baserel, scope);
}

ForeignScan* lakemoverGetForeignPlan(PlannerInfo* root, RelOptInfo* rel, Oid /*relid*/, ForeignPath* best_path,
                                     List* tlist, List* scan_clauses, Plan* outer_plan) {
    RelInfo* info = rel_info(rel);
    SelectParts parts{NIL, best_path->fdw_private != NIL, NIL};
    List* local = NIL;
    ListCell* cell;
    Deparsed query{};
    const int nest_level = begin_text_settings();
    if (IS_SIMPLE_REL(rel)) {
        const ExprScope scope{rel, info, PATH_REQ_OUTER(&best_path->path)};
        foreach (cell, scan_clauses) {
            auto* clause = static_cast<RestrictInfo*>(lfirst(cell));
            if (clause->pseudoconstant) {
                continue;  // a gating node of the server's own checks it
            }
            const bool remote = list_member_ptr(info->remote_conds, clause) ||
                                (!list_member_ptr(info->local_conds, clause) && is_shippable(scope, clause->clause) &&
                                 restriction_is_securely_promotable(clause, rel));
            if (remote || list_member_ptr(info->loose_conds, clause)) {
                parts.conditions = lappend(parts.conditions, clause->clause);
            }
            if (!remote) {
                local = lappend(local, clause->clause);
                pull_varattnos(reinterpret_cast<Node*>(clause->clause), rel->relid, &info->attrs_used);
            }
        }
        parts.pathkeys = best_path->path.pathkeys;
        query = deparse_select(root, rel, parts);
    } else {
        // Conditions without columns too: no gating node stands over an aggregate.
        foreach (cell, rel_info(info->base)->remote_conds) {
            parts.conditions = lappend(parts.conditions, static_cast<RestrictInfo*>(lfirst(cell))->clause);
        }
        query = deparse_aggregate(root, rel, parts);
    }
    end_text_settings(nest_level);

    const char* about = IS_SIMPLE_REL(rel) ? "" : psprintf("Aggregate on (%s)", get_rel_name(info->table->relid));
    List* items = list_make5(makeString(query.sql->data), query.retrieved, makeInteger(info->fetch_size),
                             makeString(pstrdup(about)), makeInteger(scan_mode(info->remote)));
    items = lappend(items, query.columns);
    // A row that changed under a locking query is checked again with what the source has checked.
    return make_foreignscan(tlist, local, rel->relid, query.params, items, info->grouped_tlist,
                            IS_SIMPLE_REL(rel) ? parts.conditions : NIL, outer_plan);
}

}  // extern "C"

}  // namespace lakemover::fdw
