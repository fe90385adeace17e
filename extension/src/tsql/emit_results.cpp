// Which result sets a procedure has, and so what it becomes. Zone: pure; throws Unconvertible.
#include <algorithm>

#include "tsql/emitter.hpp"
#include "tsql/walk.hpp"

namespace lakemover::tsql {

bool Emitter::returns_rows(const Stmt& s) const {
    if (s.kind == St::kSelect) {
        const Select* first = first_select(*s.query);
        if (first == nullptr || !first->into.empty()) return false;
        return first->items.empty() || first->items[0].variable.empty();
    }
    if (s.kind == St::kExec && !s.name.empty()) {
        const Signature* callee = signature(s.name);
        return callee != nullptr && callee->kind == Signature::Kind::kTable;
    }
    return s.output != nullptr && s.output->into.empty();
}

// Those of the statement itself; a procedure that is called hands its cursors on.
int Emitter::result_count(const Stmt& s) const {
    if (s.kind == St::kExec && !s.name.empty()) {
        const Signature* callee = signature(s.name);
        if (callee != nullptr && callee->cursors > 0) return callee->cursors;
    }
    return returns_rows(s) ? 1 : 0;
}

void Emitter::collect_results(const std::vector<StmtPtr>& list, std::vector<const Stmt*>& found) const {
    for (const StmtPtr& s : list) {
        for (int i = result_count(*s); i > 0; --i) found.push_back(s.get());
        if (s->kind == St::kInsert) continue;  // INSERT … EXEC takes the rows itself
        collect_results(s->body, found);
        collect_results(s->otherwise, found);
    }
}

Emitter::Paths Emitter::paths(const std::vector<StmtPtr>& list) const {
    Paths all;
    for (const StmtPtr& p : list) {
        const Stmt& s = *p;
        Paths here;
        if (s.kind == St::kReturn || s.kind == St::kThrow) {
            all.ended = std::max(all.ended, all.through);
            return {-1, all.ended};  // nothing behind it is reached
        }
        if (s.kind == St::kGoto) {  // on with what stands behind the label
            std::vector<const Stmt*> all_sets;
            collect_results(routine_->body, all_sets);
            const Stmt* label = find_label(routine_->body, s.text);
            const auto behind = static_cast<int>(std::count_if(all_sets.begin(), all_sets.end(), [&](const Stmt* r) {
                return label == nullptr || r->at.offset > label->at.offset;
            }));
            all.ended = std::max(all.ended, all.through + behind);
            return {-1, all.ended};
        }
        here.through = result_count(s);
        if (s.kind == St::kIf || s.kind == St::kTry) {
            // A block that fails in its middle has returned what it returned: TRY and CATCH add up.
            const Paths a = paths(s.body);
            const Paths b = paths(s.otherwise);
            here.through =
                s.kind == St::kIf ? std::max(a.through, b.through) : std::max(a.through, 0) + std::max(b.through, 0);
            here.ended = std::max(a.ended, b.ended);
            if (s.kind == St::kTry && a.ended >= 0) here.ended = std::max(here.ended, a.ended + std::max(b.through, 0));
        } else if (s.kind == St::kBlock) {
            here = paths(s.body);
        } else if (s.kind == St::kWhile) {
            here = paths(s.body);
            here.through = std::max(here.through, 0) > 0 ? 2 : 0;  // each pass has its own
            if (here.ended > 0) here.ended = 2;
        }
        if (here.ended >= 0) all.ended = std::max(all.ended, all.through + here.ended);
        if (here.through < 0) return {-1, all.ended};
        all.through += here.through;
    }
    return all;
}

Columns Emitter::result_of(const Stmt& s) {
    if (s.kind == St::kSelect) return query_columns(*s.query);
    if (s.kind == St::kExec) return signature(s.name)->columns;
    const Columns table = relation(s.target->name);
    auto columns = std::make_shared<std::vector<ColumnInfo>>();
    for (const SelectItem& item : s.output->items) {
        if (table == nullptr) return nullptr;
        if (item.expr->kind == Ex::kStar) {
            columns->insert(columns->end(), table->begin(), table->end());
            continue;
        }
        if (item.expr->kind != Ex::kColumn) return nullptr;
        const std::string name = lower_ascii(item.expr->name.back());
        const auto found = std::find_if(table->begin(), table->end(),
                                        [&](const ColumnInfo& c) { return lower_ascii(c.name) == name; });
        if (found == table->end()) return nullptr;
        columns->push_back({item.alias.empty() ? found->name : item.alias, found->type});
    }
    return columns;
}

// One result set at most on every way through, of one shape whose types are known: a function with rows. Else cursors.
void Emitter::decide_results(const Stmt& s) {
    std::vector<const Stmt*> found;
    collect_results(s.body, found);
    result_sets_ = static_cast<int>(found.size());
    if (found.empty()) return;
    const Paths most = paths(s.body);
    const bool output = std::any_of(s.variables.begin(), s.variables.end(), [](const Variable& v) { return v.output; });
    bool rows = !output && std::max(most.through, most.ended) <= 1;
    std::vector<std::string> names;
    for (std::size_t i = 0; rows && i < found.size(); ++i) {
        const Columns columns = result_of(*found[i]);
        rows = columns != nullptr && !columns->empty() && (i == 0 || columns->size() == result_rows_->size());
        for (std::size_t c = 0; rows && c < columns->size(); ++c) {
            const Type& type = (*columns)[c].type;
            rows = type.known() && !type.pg.empty() && (i == 0 || type.pg == (*result_rows_)[c].type.pg);
            const bool renamed_here =
                rows && i > 0 && lower_ascii((*columns)[c].name) != lower_ascii((*result_rows_)[c].name);
            if (renamed_here)
                doubt(s.at, "names of result columns",
                      "its result sets name them differently, here all have the first one's", "read them by number");
        }
        if (rows && i == 0) result_rows_ = columns;
    }
    if (rows) {
        for (std::size_t c = 0; c < result_rows_->size(); ++c) {
            const std::string& name = (*result_rows_)[c].name;
            std::string pg = ident(name.empty() ? "column" + std::to_string(c + 1) : name);  // T-SQL's has none
            if (std::find(result_columns_.begin(), result_columns_.end(), pg) != result_columns_.end()) {
                pg = ident(name + "_" + std::to_string(c + 1));
                review(s.at, "result column " + name, "its name occurs twice, which RETURNS TABLE does not allow",
                       "name it otherwise: here it is " + pg);
            }
            result_columns_.push_back(pg);
            result_types_.push_back((*result_rows_)[c].type);
        }
        results_ = Results::kTable;
        return;
    }
    results_ = Results::kCursors;
    if (result_sets_ > 1) feature("several result sets", s.at);
}

}  // namespace lakemover::tsql
