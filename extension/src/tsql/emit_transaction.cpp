// BEGIN TRANSACTION to ROLLBACK, TRY and CATCH. Zone: pure; throws Unconvertible.
#include <algorithm>
#include <utility>

#include "tsql/emitter.hpp"
#include "tsql/walk.hpp"

namespace lakemover::tsql {

namespace {

const Expr& bare(const Expr& e) { return e.kind == Ex::kParen ? bare(*e.args[0]) : e; }

bool is_transaction(const Stmt& s) {
    return s.kind == St::kBeginTran || s.kind == St::kCommit || s.kind == St::kRollback || s.kind == St::kSaveTran;
}

bool changes_rows(const Stmt& s) {
    return s.kind == St::kInsert || s.kind == St::kUpdate || s.kind == St::kDelete || s.kind == St::kMerge ||
           s.kind == St::kExec || s.kind == St::kTruncate || s.kind == St::kUnknown ||
           (s.kind == St::kSelect && s.query->select && !s.query->select->into.empty());
}

using Test = bool (*)(const Stmt&);
int count(const std::vector<StmtPtr>& list, Test test) {
    int n = 0;
    for (const StmtPtr& s : list) n += (test(*s) ? 1 : 0) + count(s->body, test) + count(s->otherwise, test);
    return n;
}

bool names_transaction(const Expr& e) {
    if (e.kind == Ex::kGlobal && upper_ascii(e.text) == "@@TRANCOUNT") return true;
    if (e.kind == Ex::kCall && e.text == "XACT_STATE") return true;
    return std::any_of(e.args.begin(), e.args.end(), [](const ExprPtr& a) { return a && names_transaction(*a); });
}

const Stmt* only(const std::vector<StmtPtr>& list) {
    if (list.size() != 1) return nullptr;
    return list[0]->kind == St::kBlock ? only(list[0]->body) : list[0].get();
}

// Cannot fail: what it assigns is there already.
bool is_safe(const Stmt& s) {
    const auto plain = [](const Expr& e) {
        return e.kind == Ex::kNumber || e.kind == Ex::kString || e.kind == Ex::kNull || e.kind == Ex::kGlobal ||
               (e.kind == Ex::kCall && e.text == "SCOPE_IDENTITY");
    };
    if (s.kind == St::kSet) return s.op == "=" && plain(*s.value);
    if (s.kind == St::kReturn) return !s.value || plain(*s.value) || s.value->kind == Ex::kVariable;
    if (s.kind == St::kSelect && s.query->select && !s.query->select->from && !s.query->select->where) {
        const auto& items = s.query->select->items;
        return std::all_of(items.begin(), items.end(),
                           [&](const SelectItem& i) { return plain(*i.expr) || i.expr->kind == Ex::kVariable; });
    }
    return s.kind == St::kPrint && s.value->kind == Ex::kString;
}

// The list that the statement stands in.
const std::vector<StmtPtr>* list_of(const std::vector<StmtPtr>& list, const Stmt& s) {
    for (const StmtPtr& b : list) {
        if (b.get() == &s) return &list;
        if (b->at.offset > s.at.offset || s.at.offset >= b->end) continue;
        const std::vector<StmtPtr>* found = list_of(b->body, s);
        return found != nullptr ? found : list_of(b->otherwise, s);
    }
    return nullptr;
}

const std::vector<StmtPtr>& unwrapped(const std::vector<StmtPtr>& list) {
    return list.size() == 1 && list[0]->kind == St::kBlock ? unwrapped(list[0]->body) : list;
}

}  // namespace

// IF @@TRANCOUNT > 0 ROLLBACK in a handler, and the like: the rollback has happened.
bool Emitter::is_transaction_guard(const Stmt& s) const { return (in_catch_ || settles(s)) && rolls_back_if_open(s); }

// Whether all of its statements of transactions need no counterpart.
bool Emitter::settles(const Stmt& s) const {
    bool all = true;
    walk_statements(s.body, [&](const Stmt& b) { all = all && (!is_transaction(b) || settled_.count(&b) > 0); });
    return all;
}

// IF @@TRANCOUNT = 0 BEGIN TRANSACTION: whether or not it begins one, the call is one transaction here.
bool Emitter::guards_transactions(const Stmt& s) const {
    if (!names_transaction(*s.condition)) return false;
    const auto all = [](const std::vector<StmtPtr>& list) {
        return std::all_of(list.begin(), list.end(), [](const StmtPtr& b) {
            return b->kind == St::kBeginTran || b->kind == St::kCommit || (b->kind == St::kPrint);
        });
    };
    return all(unwrapped(s.body)) && all(unwrapped(s.otherwise));
}

// IF @@ERROR <> 0 …: here the error has ended the routine before, and undone what it did.
bool Emitter::guards_errors(const Stmt& s) const {
    const Expr& c = bare(*s.condition);
    if (c.kind != Ex::kBinaryOp || !s.otherwise.empty() || in_catch_) return false;
    const Expr& a = bare(*c.args[0]);
    const Expr& b = bare(*c.args[1]);
    const bool is_error = a.kind == Ex::kGlobal && upper_ascii(a.text) == "@@ERROR";
    return is_error && b.kind == Ex::kNumber && b.text == "0" && (c.text == "<>" || c.text == "!=" || c.text == ">");
}

// What it does about the error is to end the routine, as the error does here.
bool Emitter::only_leaves(const std::vector<StmtPtr>& list) const {
    return std::all_of(list.begin(), list.end(), [&](const StmtPtr& s) {
        const bool leaves = s->kind == St::kReturn || s->kind == St::kGoto || s->kind == St::kRollback ||
                            s->kind == St::kRaiserror || s->kind == St::kThrow || s->kind == St::kBreak;
        return leaves || is_quiet(*s) || (s->kind == St::kBlock && only_leaves(s->body)) ||
               (s->kind == St::kIf && only_leaves(s->body) && only_leaves(s->otherwise));
    });
}

// IF @@TRANCOUNT > 0 ROLLBACK, IF XACT_STATE() <> 0 ROLLBACK
bool Emitter::rolls_back_if_open(const Stmt& s) const {
    if (s.kind != St::kIf || !s.otherwise.empty()) return false;
    const Stmt* r = only(s.body);
    return r != nullptr && r->kind == St::kRollback && r->text.empty() && names_transaction(*s.condition);
}

// Whether a block with EXCEPTION undoes and keeps what this TRY undoes and keeps.
bool Emitter::is_certain(const Stmt& s, bool in_loop) {
    const std::vector<StmtPtr>& body = unwrapped(s.body);
    const std::vector<StmtPtr>& handler = unwrapped(s.otherwise);
    const bool handler_changes = count(handler, changes_rows) > 0;
    const bool raises = !handler.empty() && (handler.back()->kind == St::kThrow || is_severe(*handler.back()));
    // The handler undoes the transaction before it changes anything.
    std::size_t undo = 0;
    while (undo < handler.size() && is_quiet(*handler[undo])) ++undo;
    const bool undone =
        undo < handler.size() &&
        ((handler[undo]->kind == St::kRollback && handler[undo]->text.empty()) || rolls_back_if_open(*handler[undo])) &&
        count(handler, is_transaction) == 1;
    if (undone) {
        // The transaction holds all that the block changes: it begins in front of it, or as its first statement.
        const std::vector<StmtPtr>* around = list_of(routine_->body, s);
        const Stmt* begin = nullptr;
        const Stmt* commit = nullptr;
        std::size_t first = 0;
        while (first < body.size() && is_quiet(*body[first])) ++first;
        if (first < body.size() && body[first]->kind == St::kBeginTran) begin = body[first].get();
        for (std::size_t i = 0; around != nullptr && i < around->size(); ++i) {
            if ((*around)[i].get() != &s) continue;
            for (std::size_t j = i; begin == nullptr && j > 0; --j) {
                if ((*around)[j - 1]->kind == St::kBeginTran) begin = (*around)[j - 1].get();
                if (!is_quiet(*(*around)[j - 1])) break;
            }
            for (std::size_t j = i + 1; j < around->size() && commit == nullptr; ++j) {
                const Stmt& next = *(*around)[j];
                if (next.kind == St::kCommit) commit = &next;
                if (next.kind == St::kIf && guards_transactions(next)) commit = only(next.body);
                if (!is_quiet(next)) break;
            }
        }
        std::size_t last = body.size();
        while (last > 0 && (is_quiet(*body[last - 1]) || body[last - 1]->kind == St::kReturn)) --last;
        if (last > 0 && body[last - 1]->kind == St::kCommit) commit = body[last - 1].get();
        if (last > 0 && commit == nullptr && body[last - 1]->kind == St::kIf && guards_transactions(*body[last - 1]))
            commit = only(body[last - 1]->body);
        const int inside = count(body, is_transaction);
        const bool straight =
            inside == (begin != nullptr && begin->at.offset > s.at.offset ? 1 : 0) +
                          (commit != nullptr && commit->at.offset < handler.front()->at.offset ? 1 : 0);
        const bool outside =
            count(routine_->body, changes_rows) > count(body, changes_rows) + count(handler, changes_rows);
        // An error that the handler raises undoes here also what is outside of the transaction.
        if (begin != nullptr && commit != nullptr && commit->kind == St::kCommit && straight && !in_loop &&
            (!raises || (!outside && !handler_changes))) {
            settled_.insert(begin);
            settled_.insert(commit);
            walk_statements(handler, [&](const Stmt& h) {
                if (h.kind == St::kRollback) settled_.insert(&h);
            });
            return true;
        }
        return false;
    }
    if (count(handler, is_transaction) > 0 || count(body, is_transaction) > 0) return false;
    // What only raises the error again is as if it were not there.
    if (raises && !handler_changes) return true;
    // One statement that changes rows, and none behind it that can fail: there is nothing to be undone.
    const int changes = count(body, changes_rows);
    if (changes == 0) return true;
    if (changes != 1 || in_loop) return false;
    bool changed = false;
    for (const StmtPtr& b : body) {
        if (changed && !is_safe(*b)) return false;
        if (!changes_rows(*b)) {
            if (count(b->body, changes_rows) + count(b->otherwise, changes_rows) > 0) return false;
            continue;
        }
        if (b->kind == St::kExec || b->kind == St::kUnknown) return false;
        changed = true;
    }
    return true;
}

// Whether the routine may have changed rows before it comes to this place.
bool Emitter::changed_before(std::size_t offset) const {
    const std::function<bool(const std::vector<StmtPtr>&)> any = [&](const std::vector<StmtPtr>& list) {
        return std::any_of(list.begin(), list.end(), [&](const StmtPtr& s) {
            return (s->at.offset < offset && changes_rows(*s)) || any(s->body) || any(s->otherwise);
        });
    };
    return any(routine_->body);
}

// Whether rows may have been changed before any transaction began: an error undoes them here only.
bool Emitter::changed_outside_transaction(std::size_t offset) const {
    std::size_t begin = offset;
    walk_statements(routine_->body, [&](const Stmt& s) {
        if (s.kind == St::kBeginTran) begin = std::min(begin, s.at.offset);
    });
    return changed_before(begin);
}

void Emitter::try_catch(const Stmt& s) {
    feature("TRY/CATCH", s.at);
    const bool outer_atomic = std::exchange(atomic_, certain_.count(&s) > 0);
    if (!atomic_) {
        review(s.at, "TRY/CATCH", "PostgreSQL undoes what the block did before it enters the handler",
               "check that nothing of it is needed there");
    }
    line("BEGIN");
    ++try_depth_;
    statements(s.body);
    --try_depth_;
    line("EXCEPTION WHEN OTHERS THEN");
    const bool outer = std::exchange(in_catch_, true);
    ++indent_;
    if (uses_error_detail_) line("GET STACKED DIAGNOSTICS v_error_detail = PG_EXCEPTION_DETAIL;");
    --indent_;
    statements(s.otherwise);
    in_catch_ = outer;
    atomic_ = outer_atomic;
    line("END;");
}

void Emitter::settle_tries(const std::vector<StmtPtr>& list, bool in_loop) {
    for (const StmtPtr& s : list) {
        if (s->kind == St::kTry && is_certain(*s, in_loop)) certain_.insert(s.get());
        settle_tries(s->body, in_loop || s->kind == St::kWhile);
        settle_tries(s->otherwise, in_loop || s->kind == St::kWhile);
    }
}

// One pair in the straight line of the routine, and no ROLLBACK but behind an error: what it holds is committed with the call.
void Emitter::settle_pair() {
    const std::vector<StmtPtr>& body = unwrapped(routine_->body);
    const Stmt* begin = nullptr;
    const Stmt* commit = nullptr;
    int others = 0;
    const std::function<void(const std::vector<StmtPtr>&)> visit = [&](const std::vector<StmtPtr>& list) {
        for (const StmtPtr& s : list) {
            if (s->kind == St::kIf && guards_errors(*s)) continue;
            if (is_transaction(*s)) {
                const bool straight = &list == &body;
                if (straight && s->kind == St::kBeginTran && begin == nullptr) {
                    begin = s.get();
                } else if (straight && s->kind == St::kCommit && begin != nullptr && commit == nullptr) {
                    commit = s.get();
                } else {
                    ++others;
                }
            }
            visit(s->body);
            visit(s->otherwise);
        }
    };
    visit(body);
    if (begin == nullptr || commit == nullptr || others > 0) return;
    settled_.insert(begin);
    settled_.insert(commit);
}

void Emitter::transaction(const Stmt& s) {
    feature("transaction", s.at);
    if (s.kind == St::kSaveTran)
        refuse(s.at, "SAVE TRANSACTION", "savepoints are blocks with EXCEPTION here", "write such a block");
    if (settled_.count(&s) > 0) return;
    if (s.kind == St::kRollback) {
        rollback(s);
        return;
    }
    review(s.at, s.kind == St::kCommit ? "COMMIT" : "BEGIN TRANSACTION", "left out: the call is one transaction here",
           "check that the caller does not rely on an earlier commit");
}

void Emitter::rollback(const Stmt& s) {
    if (in_catch_ && s.text.empty()) {
        review(s.at, "ROLLBACK", "left out: the block with the error is undone already",
               "check that work before the block is not meant");
        return;
    }
    const Rest rest = behind(s);
    const bool in_trigger = routine_->kind == St::kCreateTrigger;
    const bool named = !s.text.empty() && !names_begun_transaction(s.text);
    if (rest.what == Rest::kLeaves && try_depth_ == 0 && !named) {
        if (rest.raiser != nullptr) {  // the error undoes the call
            undoing_.insert(rest.raiser);
            if (!in_trigger && changed_outside_transaction(s.at.offset))
                doubt(s.at, "ROLLBACK", "what was changed before the transaction is undone here as well",
                      "check whether that is wanted");
            return;
        }
        if (in_trigger) {
            line("RAISE EXCEPTION 'The transaction ended in the trigger. The batch has been aborted.';");
            return;
        }
    }
    refuse(s.at, "ROLLBACK", "only the handler of an error undoes work here",
           "raise an error, or let the caller roll back");
}

// ROLLBACK TRANSACTION name undoes all of it when the name is that of BEGIN TRANSACTION, not of a savepoint.
bool Emitter::names_begun_transaction(const std::string& name) const {
    bool begun = false;
    walk_statements(routine_->body, [&](const Stmt& s) {
        begun = begun || (s.kind == St::kBeginTran && lower_ascii(s.text) == lower_ascii(name));
    });
    return begun;
}

// A variable that stands nowhere but in RAISERROR and THROW, behind the message.
bool Emitter::only_raised(const std::string& variable) const {
    const std::string key = lower_ascii(variable);
    int all = 0;
    int raised = 0;
    walk(routine_->body, [&](const Expr& e) { all += e.kind == Ex::kVariable && lower_ascii(e.text) == key ? 1 : 0; });
    walk_statements(routine_->body, [&](const Stmt& s) {
        for (std::size_t i = s.kind == St::kThrow ? 2 : 1; i < s.args.size() && i < 3; ++i)
            raised += s.args[i]->kind == Ex::kVariable && lower_ascii(s.args[i]->text) == key ? 1 : 0;
    });
    return all == raised;
}

// What the handler knows of the error. PostgreSQL has SQLSTATE where T-SQL has numbers.
Out Emitter::error_function(const Expr& e, bool& found) {
    const std::string& f = e.text;
    const Type integer{Family::kInt, "integer"};
    const Type text{Family::kString, "text"};
    found = f.rfind("ERROR_", 0) == 0 && e.args.empty();
    if (!found) return {};
    if (f == "ERROR_MESSAGE") return {in_catch_ ? "SQLERRM" : "NULL::text", text};
    if (!in_catch_)
        return {f == "ERROR_PROCEDURE" ? "NULL::text" : "NULL::integer", f == "ERROR_PROCEDURE" ? text : integer};
    if (f == "ERROR_NUMBER") {
        doubt(e.at, f,
              "PostgreSQL has other codes: the commonest are mapped, a THROW keeps its number, others are 50000",
              "test SQLSTATE");
        return {
            "coalesce(substring(v_error_detail FROM '^error (\\d+)$')::integer, CASE SQLSTATE WHEN '23505' THEN 2627 "
            "WHEN '23503' THEN 547 WHEN '23514' THEN 547 WHEN '23502' THEN 515 WHEN '22012' THEN 8134 "
            "WHEN '40P01' THEN 1205 ELSE 50000 END)",
            integer};
    }
    if (f == "ERROR_PROCEDURE") return {literal(routine_->name.back()), text};
    if (f == "ERROR_SEVERITY" || f == "ERROR_STATE" || f == "ERROR_LINE") {
        if (!harmless_) doubt(e.at, f, "PostgreSQL does not tell it: a constant stands here", "leave it out");
        return {f == "ERROR_SEVERITY" ? "16" : f == "ERROR_STATE" ? "1" : "0", integer};
    }
    found = false;
    return {};
}

}  // namespace lakemover::tsql
