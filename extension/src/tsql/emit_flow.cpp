// What is reached behind a statement, and what an error there undoes. Zone: pure; throws nothing.
#include <algorithm>

#include "tsql/emitter.hpp"
#include "tsql/walk.hpp"

namespace lakemover::tsql {

namespace {

bool assigns_only(const Stmt& s) {  // SELECT @x = …, without a table
    if (s.kind != St::kSelect || !s.query->select || s.query->select->from) return false;
    const std::vector<SelectItem>& items = s.query->select->items;
    return !items.empty() &&
           std::all_of(items.begin(), items.end(), [](const SelectItem& i) { return !i.variable.empty(); });
}

}  // namespace

bool is_quiet(const Stmt& s) {
    return s.kind == St::kDeclare || s.kind == St::kSet || s.kind == St::kSetOption || s.kind == St::kPrint ||
           s.kind == St::kLabel || assigns_only(s);
}

// RAISERROR of a severity that is known to be an error's.
bool Emitter::is_severe(const Stmt& s) const {
    if (s.kind != St::kRaiserror || s.args.size() < 2) return false;
    const Expr& severity = *s.args[1];
    if (severity.kind == Ex::kVariable) return holds_severity(severity.text);
    if (severity.kind == Ex::kCall) return severity.text == "ERROR_SEVERITY";
    return severity.kind == Ex::kNumber && severity.text.size() == 2 && severity.text != "10";
}

// A variable that gets nothing but ERROR_SEVERITY(), which is one of an error.
bool Emitter::holds_severity(const std::string& variable) const {
    const std::string key = lower_ascii(variable);
    int good = 0;
    int other = 0;
    const auto value = [&](const std::string& name, const Expr* e) {
        if (lower_ascii(name) != key || e == nullptr) return;
        ++(e->kind == Ex::kCall && e->text == "ERROR_SEVERITY" ? good : other);
    };
    walk_statements(routine_->body, [&](const Stmt& s) {
        if (s.kind == St::kDeclare) {
            for (const Variable& v : s.variables) value(v.name, v.value.get());
        } else if (s.kind == St::kSet) {
            value(s.text, s.value.get());
        } else if (s.kind == St::kSelect && s.query->select) {
            for (const SelectItem& i : s.query->select->items) value(i.variable, i.expr.get());
        } else if (s.kind == St::kExec || s.kind == St::kFetch) {
            for (const ExecArgument& a : s.exec) other += a.output && lower_ascii(a.value->text) == key ? 1 : 0;
            for (const std::string& c : s.columns) other += lower_ascii(c) == key ? 1 : 0;
        }
    });
    return good > 0 && other == 0;
}

Emitter::Rest Emitter::behind(const std::vector<StmtPtr>& list, const Stmt& s) const {
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Stmt& here = *list[i];
        Rest rest;
        if (&here == &s) {
            rest.what = Rest::kEnd;
        } else if (here.at.offset <= s.at.offset && s.at.offset < here.end) {
            rest = behind(here.body, s);
            if (rest.what == Rest::kAbsent) rest = behind(here.otherwise, s);
            if (rest.what == Rest::kEnd && here.kind == St::kWhile) rest.what = Rest::kGoesOn;
        }
        if (rest.what == Rest::kAbsent) continue;
        if (rest.what != Rest::kEnd) return rest;
        for (std::size_t j = i + 1; j < list.size(); ++j) {
            const Stmt& next = *list[j];
            if (is_quiet(next) || next.kind == St::kCommit) continue;
            if (next.kind == St::kRollback || rolls_back_if_open(next)) {
                rest.rolls_back = true;
                continue;
            }
            if (is_severe(next) || next.kind == St::kThrow) {
                if (rest.raiser == nullptr) rest.raiser = &next;
                if (next.kind == St::kRaiserror) continue;
            }
            rest.what = next.kind == St::kReturn || next.kind == St::kThrow ? Rest::kLeaves : Rest::kGoesOn;
            const Stmt* label = next.kind == St::kGoto ? find_label(routine_->body, next.text) : nullptr;
            if (label != nullptr && label->at.offset > next.at.offset) {
                const Rest jumped = behind(routine_->body, *label);
                rest.what = jumped.what == Rest::kEnd ? Rest::kLeaves : jumped.what;
                rest.rolls_back = rest.rolls_back || jumped.rolls_back;
                if (rest.raiser == nullptr) rest.raiser = jumped.raiser;
            }
            return rest;
        }
        return rest;
    }
    return {};
}

// Nothing but the end of the routine is behind the statement.
Emitter::Rest Emitter::behind(const Stmt& s) const {
    Rest rest = behind(routine_->body, s);
    if (rest.what == Rest::kEnd) rest.what = Rest::kLeaves;
    return rest;
}

}  // namespace lakemover::tsql
