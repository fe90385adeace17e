// BEGIN TRANSACTION to ROLLBACK, TRY and CATCH. Zone: pure; throws Unconvertible.
#include <algorithm>
#include <utility>

#include "tsql/emitter.hpp"

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

bool is_quiet(const Stmt& s) {  // of no effect on rows
    return s.kind == St::kDeclare || s.kind == St::kSet || s.kind == St::kSetOption || s.kind == St::kPrint;
}

const std::vector<StmtPtr>& unwrapped(const std::vector<StmtPtr>& list) {
    return list.size() == 1 && list[0]->kind == St::kBlock ? unwrapped(list[0]->body) : list;
}

}  // namespace

// IF @@TRANCOUNT > 0 ROLLBACK in a handler, and the like: the rollback has happened.
bool Emitter::is_transaction_guard(const Stmt& s) const {
    if (!in_catch_ || !s.otherwise.empty()) return false;
    const Stmt* r = only(s.body);
    return r != nullptr && r->kind == St::kRollback && r->text.empty() && names_transaction(*s.condition);
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

// One transaction around all that changes rows, undone and raised again when it fails: as every call is here.
bool Emitter::is_atomic(const Stmt& s) const {
    const std::vector<StmtPtr>& body = unwrapped(s.body);
    const std::vector<StmtPtr>& handler = unwrapped(s.otherwise);
    std::size_t first = 0;
    while (first < body.size() && is_quiet(*body[first])) ++first;
    if (first == body.size() || body[first]->kind != St::kBeginTran || handler.size() < 2) return false;
    std::size_t last = body.size();
    while (last > first + 1 && (is_quiet(*body[last - 1]) || body[last - 1]->kind == St::kReturn)) --last;
    if (body[last - 1]->kind != St::kCommit || count(body, is_transaction) != 2) return false;
    const Stmt& undo = *handler[0];
    const Stmt* guarded = undo.kind == St::kIf && undo.otherwise.empty() ? only(undo.body) : nullptr;
    const bool undone = (undo.kind == St::kRollback && undo.text.empty()) ||
                        (guarded != nullptr && guarded->kind == St::kRollback && guarded->text.empty() &&
                         names_transaction(*undo.condition));
    const Stmt& raised = *handler.back();
    const bool severe = raised.kind == St::kRaiserror && raised.args.size() > 1 &&
                        raised.args[1]->kind == Ex::kNumber && raised.args[1]->text.size() == 2 &&
                        raised.args[1]->text != "10";
    if (!undone || (raised.kind != St::kThrow && !severe) || count(handler, is_transaction) != 1) return false;
    // Before and behind it, and in the handler, nothing that a rollback of the whole call would undo besides.
    return count(handler, changes_rows) == 0 && loop_depth_ == 0 &&
           count(routine_->body, changes_rows) == count(body, changes_rows) &&
           count(routine_->body, is_transaction) == 3;
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

void Emitter::try_catch(const Stmt& s) {
    feature("TRY/CATCH", s.at);
    const bool outer_atomic = std::exchange(atomic_, is_atomic(s));
    if (!atomic_) {
        review(s.at, "TRY/CATCH", "PostgreSQL undoes what the block did before it enters the handler",
               "check that nothing of it is needed there");
    }
    line("BEGIN");
    statements(s.body);
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

void Emitter::transaction(const Stmt& s) {
    feature("transaction", s.at);
    if (s.kind == St::kSaveTran)
        refuse(s.at, "SAVE TRANSACTION", "savepoints are blocks with EXCEPTION here", "write such a block");
    if (atomic_) return;
    if (s.kind == St::kRollback) {
        if (!in_catch_ || !s.text.empty())
            refuse(s.at, "ROLLBACK", "only the handler of an error undoes work here",
                   "raise an error, or let the caller roll back");
        review(s.at, "ROLLBACK", "left out: the block with the error is undone already",
               "check that work before the block is not meant");
        return;
    }
    // One pair in the straight line of the routine: what it holds is committed with the call.
    const std::vector<StmtPtr>& body = unwrapped(routine_->body);
    const auto at = [&](St kind) {
        return std::find_if(body.begin(), body.end(), [&](const StmtPtr& b) { return b->kind == kind; });
    };
    const auto begin = at(St::kBeginTran);
    const auto end = at(St::kCommit);
    const bool pair =
        count(routine_->body, is_transaction) == 2 && begin != body.end() && end != body.end() && begin < end;
    if (pair) return;
    review(s.at, s.kind == St::kCommit ? "COMMIT" : "BEGIN TRANSACTION", "left out: the call is one transaction here",
           "check that the caller does not rely on an earlier commit");
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
        doubt(e.at, f, "PostgreSQL does not tell it: a constant stands here", "leave it out");
        return {f == "ERROR_SEVERITY" ? "16" : f == "ERROR_STATE" ? "1" : "0", integer};
    }
    found = false;
    return {};
}

}  // namespace lakemover::tsql
