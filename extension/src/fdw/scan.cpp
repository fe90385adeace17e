// Executing a foreign scan: parameters to text, batches from the session's cursor, rows to slots.
// Zone: PostgreSQL; whatever touches the session runs in pg::entry(), the rest is plain data.
#include "fdw/connection.hpp"
#include "fdw/convert.hpp"
#include "fdw/foreign_query.hpp"
#include "fdw/text_settings.hpp"

extern "C" {
#include "access/table.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace lakemover::fdw {

namespace {

struct ScanState {
    Oid server;
    Oid user;
    const char* sql;
    List* retrieved;
    int fetch_size;
    int mode;       // see scan_mode()
    List* columns;  // as Deparsed has them

    CursorRef cursor;  // slot is null while no cursor is open
    const std::vector<source::TextRow>* batch;
    std::uint64_t losses;  // Session::cursor_losses() when the batch was known to be there
    std::size_t next;
    int batches;
    bool at_end;

    Converter* converter;
    List* param_exprs;  // ExprStates
    FmgrInfo* param_outputs;
    const char** param_texts;
    MemoryContext param_memory;
};

void describe_query(void* arg) { errcontext("remote SQL: %s", static_cast<const char*>(arg)); }

// Runs something on the session; a failure of the source names the query.
template <class F> auto on_source(const ScanState* state, F f) -> decltype(f()) {
    ErrorContextCallback context{error_context_stack, describe_query, const_cast<char*>(state->sql)};
    error_context_stack = &context;
    if constexpr (std::is_void_v<decltype(f())>) {
        pg::entry([&] { f(); });
        error_context_stack = context.previous;
    } else {
        auto result = pg::entry([&] { return f(); });
        error_context_stack = context.previous;
        return result;
    }
}

void evaluate_params(ScanState* state, ExprContext* econtext) {
    MemoryContextReset(state->param_memory);
    MemoryContext before = MemoryContextSwitchTo(state->param_memory);
    const int nest_level = begin_text_settings();
    ListCell* cell;
    foreach (cell, state->param_exprs) {
        const int i = foreach_current_index(cell);
        bool is_null = false;
        const Datum value = ExecEvalExpr(static_cast<ExprState*>(lfirst(cell)), econtext, &is_null);
        state->param_texts[i] = is_null ? nullptr : OutputFunctionCall(&state->param_outputs[i], value);
    }
    end_text_settings(nest_level);
    MemoryContextSwitchTo(before);
}

void open_cursor(ScanState* state) {
    const int params = list_length(state->param_exprs);
    on_source(state, [=] {
        std::vector<source::TextValue> values;
        values.reserve(static_cast<std::size_t>(params));
        for (int i = 0; i < params; ++i) {
            values.push_back(state->param_texts[i] != nullptr ? source::TextValue(state->param_texts[i])
                                                              : std::nullopt);
        }
        Slot& slot = acquire(state->server, state->user);
        Session& session = session_of(slot);
        state->cursor = {
            &slot, state->mode == kOwnSql
                       ? session.open_cursor(state->sql, values, state->fetch_size)
                       : session.open_cursor(foreign_read(state->sql, state->columns, state->mode), state->fetch_size)};
        state->converter->verify = session.info().encoding == "SQL_ASCII";
    });
    state->batch = nullptr;
    state->losses = Session::cursor_losses();
    state->next = 0;
    state->batches = 0;
    state->at_end = false;
}

void close_cursor(ScanState* state) {
    if (state->cursor.slot == nullptr) {
        return;
    }
    const CursorRef cursor = state->cursor;
    state->cursor = {nullptr, 0};
    state->batch = nullptr;
    on_source(state, [=] {
        Session* session = find_session(*cursor.slot);
        if (session != nullptr && session->alive()) {
            session->close_cursor(cursor.id);
        }
    });
}

// Makes the next row available in the batch; false at the end.
bool advance(ScanState* state) {
    if (state->losses != Session::cursor_losses()) {
        on_source(state, [=] { session_of(*state->cursor.slot).require_cursor(state->cursor.id); });
        state->losses = Session::cursor_losses();
    }
    if (state->batch != nullptr && state->next < state->batch->size()) {
        return true;
    }
    if (state->at_end) {
        return false;
    }
    state->batch = on_source(state, [=] { return &session_of(*state->cursor.slot).fetch(state->cursor.id); });
    state->next = 0;
    ++state->batches;
    state->at_end = state->batch->size() < static_cast<std::size_t>(state->fetch_size);
    return !state->batch->empty();
}

void prepare_params(ForeignScanState* node, ScanState* state, List* exprs) {
    const auto count = static_cast<std::size_t>(list_length(exprs));
    state->param_exprs = ExecInitExprList(exprs, &node->ss.ps);
    state->param_outputs = palloc_zeroed<FmgrInfo>(count + 1);
    state->param_texts = palloc_zeroed<const char*>(count + 1);
    state->param_memory = AllocSetContextCreate(CurrentMemoryContext, "lakemover_fdw parameters", ALLOCSET_SMALL_SIZES);
    ListCell* cell;
    foreach (cell, exprs) {
        Oid output = InvalidOid;
        bool varlena = false;
        getTypeOutputInfo(exprType(static_cast<Node*>(lfirst(cell))), &output, &varlena);
        fmgr_info(output, &state->param_outputs[foreach_current_index(cell)]);
    }
}

Oid scan_user(ForeignScanState* node, const RangeTblEntry* rte) {
#if PG_VERSION_NUM >= 160000
    (void)rte;
    const Oid user = reinterpret_cast<ForeignScan*>(node->ss.ps.plan)->checkAsUser;
#else
    (void)node;
    const Oid user = rte->checkAsUser;
#endif
    return OidIsValid(user) ? user : GetUserId();
}

}  // namespace

extern "C" {

void lakemoverBeginForeignScan(ForeignScanState* node, int eflags) {
    if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) != 0) {
        return;
    }
    auto* plan = reinterpret_cast<ForeignScan*>(node->ss.ps.plan);
    auto* state = palloc_zeroed<ScanState>();
    const int relid =
        plan->scan.scanrelid > 0 ? static_cast<int>(plan->scan.scanrelid) : bms_next_member(plan->fs_relids, -1);
    const RangeTblEntry* rte = exec_rt_fetch(static_cast<Index>(relid), node->ss.ps.state);
    state->server = GetForeignTable(rte->relid)->serverid;
    state->user = scan_user(node, rte);
    state->sql = strVal(list_nth(plan->fdw_private, kPrivateSql));
    state->retrieved = static_cast<List*>(list_nth(plan->fdw_private, kPrivateAttrs));
    state->fetch_size = intVal(list_nth(plan->fdw_private, kPrivateFetchSize));
    state->mode = intVal(list_nth(plan->fdw_private, kPrivateForeign));
    state->columns = static_cast<List*>(list_nth(plan->fdw_private, kPrivateColumns));
    const bool simple = plan->scan.scanrelid > 0;
    const TupleDesc desc =
        simple ? RelationGetDescr(node->ss.ss_currentRelation) : node->ss.ss_ScanTupleSlot->tts_tupleDescriptor;
    state->converter = make_converter(desc, state->retrieved, simple ? get_rel_name(rte->relid) : nullptr);
    prepare_params(node, state, plan->fdw_exprs);
    node->fdw_state = state;
}

TupleTableSlot* lakemoverIterateForeignScan(ForeignScanState* node) {
    auto* state = static_cast<ScanState*>(node->fdw_state);
    TupleTableSlot* slot = node->ss.ss_ScanTupleSlot;
    ExecClearTuple(slot);
    if (state->cursor.slot == nullptr) {
        evaluate_params(state, node->ss.ps.ps_ExprContext);
        open_cursor(state);
    }
    if (!advance(state)) {
        return slot;
    }
    convert_row(state->converter, (*state->batch)[state->next++], slot->tts_values, slot->tts_isnull);
    return ExecStoreVirtualTuple(slot);
}

void lakemoverReScanForeignScan(ForeignScanState* node) {
    auto* state = static_cast<ScanState*>(node->fdw_state);
    if (state == nullptr || state->cursor.slot == nullptr) {
        return;
    }
    // A cursor of the source may not be able to go back (a view's plan may not), so beyond the first
    // batch the query runs again; its snapshot, hence its result, is the same.
    const bool changed = node->ss.ps.chgParam != nullptr && state->param_exprs != NIL;
    if (changed || state->batches > 1) {
        close_cursor(state);
    } else {
        state->next = 0;
    }
}

void lakemoverEndForeignScan(ForeignScanState* node) {
    auto* state = static_cast<ScanState*>(node->fdw_state);
    if (state != nullptr) {
        close_cursor(state);
    }
}

void lakemoverExplainForeignScan(ForeignScanState* node, ExplainState* es) {
    auto* plan = reinterpret_cast<ForeignScan*>(node->ss.ps.plan);
    const char* relation = strVal(list_nth(plan->fdw_private, kPrivateRelation));
    if (relation[0] != '\0') {
        ExplainPropertyText("Relations", relation, es);
    }
    if (es->verbose) {
        ExplainPropertyText("Remote SQL", strVal(list_nth(plan->fdw_private, kPrivateSql)), es);
    }
}

}  // extern "C"

}  // namespace lakemover::fdw
