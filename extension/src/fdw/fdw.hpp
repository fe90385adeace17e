// What the parts of the foreign data wrapper share: the planner's notes about a foreign table and
// the callbacks. Zone: PostgreSQL. Planner-side functions keep only palloc'd and plain data, so that
// a server error may pass through them; C++ objects live behind connection.hpp and pg::entry().
#pragma once
#include "pg/bridge.hpp"
#include "source/foreign.hpp"

extern "C" {
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "nodes/pathnodes.h"
#include "utils/relcache.h"
}

namespace lakemover::fdw {

template <class T> T* palloc_zeroed(std::size_t count = 1) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(palloc0(sizeof(T) * count));
}

// What the source's catalog says about one column, as far as pushdown has to know.
struct RemoteColumn {
    bool present;
    bool null_safe;            // IS NULL means the same for the remote type and its text form (not for composites)
    bool deterministic;        // its collation compares by bytes for equality
    bool leads_index;          // first column of a valid, complete index
    const char* catalog_type;  // typname when it is a type of pg_catalog, else nullptr
    int32 typmod;
    const char* collation;    // qualified name, nullptr when not collatable
    const char* order;        // identity of the sort order (see collation.cpp), nullptr when it cannot be proven
    const char* native_type;  // as a source declares it that does not speak PostgreSQL's SQL
};

// The source's relation behind a foreign table; estimates come from its catalog, never from its rows.
struct RemoteTable {
    double rows;  // negative: the catalog has no idea (views)
    double pages;
    char kind;  // pg_class.relkind
    int version_num;
    bool same_encoding;
    int natts;
    RemoteColumn* columns;                  // indexed by local attribute number - 1
    const source::ForeignDialect* dialect;  // nullptr: the source speaks PostgreSQL's SQL
    bool outside_points;                    // see source::ForeignRelation
};

// Hangs on RelOptInfo.fdw_private.
struct RelInfo {
    ForeignTable* table;
    ForeignServer* server;
    Oid user;
    const char* schema_name;  // remote names
    const char* table_name;
    const char** column_names;  // remote, by attribute number - 1
    const RemoteTable* remote;
    int fetch_size;

    List* remote_conds;  // RestrictInfos
    List* local_conds;
    List* loose_conds;  // of the local ones those that the source checks, too: it may find more rows than we would
    Bitmapset* attrs_used;
    double rows;            // after all quals
    double retrieved_rows;  // after the remote quals
    int width;
    Cost startup_cost;
    Cost total_cost;

    // Aggregated on the source: the foreign table under it and what it returns.
    RelOptInfo* base;
    List* grouped_tlist;
};

constexpr double kStartupCost = 100.0;  // a round trip
constexpr double kTupleCost = 0.01;     // moving a row
constexpr double kLimitFactor = 0.9;
constexpr int kDefaultFetchSize = 1000;
constexpr int kDefaultRecycleAge = 3600;

// ForeignScan.fdw_private.
enum PrivateItem { kPrivateSql, kPrivateAttrs, kPrivateFetchSize, kPrivateRelation, kPrivateForeign, kPrivateColumns };

inline RelInfo* rel_info(RelOptInfo* rel) { return static_cast<RelInfo*>(rel->fdw_private); }

// Names of the foreign table on the source. Server calls inside.
void read_table_options(Relation relation, RelInfo* info);
const char* option_value(List* options, const char* name);

extern "C" {
void lakemoverGetForeignRelSize(PlannerInfo* root, RelOptInfo* baserel, Oid relid);
void lakemoverGetForeignPaths(PlannerInfo* root, RelOptInfo* baserel, Oid relid);
ForeignScan* lakemoverGetForeignPlan(PlannerInfo* root, RelOptInfo* rel, Oid relid, ForeignPath* best_path, List* tlist,
                                     List* scan_clauses, Plan* outer_plan);
void lakemoverGetForeignUpperPaths(PlannerInfo* root, UpperRelationKind stage, RelOptInfo* input_rel,
                                   RelOptInfo* output_rel, void* extra);
void lakemoverBeginForeignScan(ForeignScanState* node, int eflags);
TupleTableSlot* lakemoverIterateForeignScan(ForeignScanState* node);
void lakemoverReScanForeignScan(ForeignScanState* node);
void lakemoverEndForeignScan(ForeignScanState* node);
void lakemoverExplainForeignScan(ForeignScanState* node, struct ExplainState* es);
List* lakemoverPlanForeignModify(PlannerInfo* root, ModifyTable* plan, Index result_relation, int subplan_index);
void lakemoverExecForeignTruncate(List* rels, DropBehavior behavior, bool restart_seqs);
bool lakemoverAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc* func, BlockNumber* totalpages);
List* lakemoverImportForeignSchema(ImportForeignSchemaStmt* stmt, Oid server_oid);
}

}  // namespace lakemover::fdw
