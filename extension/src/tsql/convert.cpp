// A script's routines one by one, and the weights of the score. Zone: pure; throws bad_alloc only.
#include "tsql/convert.hpp"

#include <algorithm>
#include <utility>

#include "tsql/emitter.hpp"
#include "tsql/gather.hpp"
#include "tsql/support.hpp"

namespace lakemover::tsql {

const char* class_name(Class c) {
    return c == Class::kEquivalent ? "equivalent" : c == Class::kReview ? "review" : "manual";
}

const std::vector<Weight>& weights() {
    static const std::vector<Weight> table = {{"cursor", 8, true},
                                              {"dynamic SQL", 10, true},
                                              {"MERGE", 6, true},
                                              {"transaction", 3, true},
                                              {"TRY/CATCH", 4, true},
                                              {"several result sets", 4, true},
                                              {"temporary table", 3, true},
                                              {"XML or JSON", 6, true},
                                              {"APPLY", 3, true},
                                              {"PIVOT", 6, true},
                                              {"cross-database name", 6, true},
                                              {"OUTPUT", 2, false},
                                              {"common table expression", 0.5, false},
                                              {"table hint", 0.2, false},
                                              {"not converted", 5, false},
                                              {"to be reviewed", 1, false}};
    return table;
}

namespace {

bool same(const Columns& a, const Columns& b) {
    if (a == nullptr || b == nullptr) return a == b;
    return std::equal(a->begin(), a->end(), b->begin(), b->end(), [](const ColumnInfo& x, const ColumnInfo& y) {
        return x.name == y.name && x.type.pg == y.type.pg && x.identity == y.identity;
    });
}

bool same(const Signature& a, const Signature& b) {
    return a.pg == b.pg && a.kind == b.kind && a.returns.pg == b.returns.pg && a.cursors == b.cursors &&
           a.returns_code == b.returns_code && a.parameters.size() == b.parameters.size() && same(a.columns, b.columns);
}

// A table's columns with those that ALTER TABLE adds.
Columns extended(const Columns& table, const Columns& added) {
    if (table == nullptr || added == nullptr) return nullptr;
    auto all = std::make_shared<std::vector<ColumnInfo>>(*table);
    for (const ColumnInfo& c : *added) {
        const auto same_name = [&](const ColumnInfo& o) { return lower_ascii(o.name) == lower_ascii(c.name); };
        if (std::none_of(all->begin(), all->end(), same_name)) all->push_back(c);
    }
    return all;
}

bool is_table(const Stmt& s) {
    return s.kind == St::kAlterTable || (s.kind == St::kCreateTable && s.name.back()[0] != '#');
}

// Converts the statement and tells the catalog what came of it; true when that is news.
bool run(Task& task, const Options& options, Catalog& catalog) {
    const Stmt& s = *task.statement;
    Emitter emitter(task.unit->sql, task.unit->lexed, options, catalog, task.comments_from);
    task.made = s.kind == St::kCreateType ? emitter.type(s)
                : is_routine(s)           ? emitter.routine(s)
                : is_table(s)             ? emitter.table(s)
                                          : emitter.left_over(s);
    task.made.script = task.script;
    bool news = false;
    if (s.kind == St::kCreateView) {
        Columns& known = catalog.relations[key_of(s.name)];
        news = !same(known, emitter.made_relation());
        known = emitter.made_relation();
    } else if (s.kind == St::kCreateProcedure || s.kind == St::kCreateFunction) {
        Signature& known = catalog.routines[key_of(s.name)];
        news = !same(known, emitter.made_routine());
        known = emitter.made_routine();
    }
    return news;
}

}  // namespace

std::vector<Converted> convert(std::string_view sql, const NameMap& names) {
    Options options;
    options.names = names;
    return convert(std::vector<std::string_view>{sql}, options);
}

std::vector<Converted> convert(const std::vector<std::string_view>& scripts, const Options& given) {
    Options options = given;
    options.names.clear();
    for (const auto& [from, to] : given.names) options.names[lower_ascii(from)] = to;

    Catalog catalog;
    for (const auto& [table, columns] : options.columns) {
        auto known = std::make_shared<std::vector<ColumnInfo>>();
        for (const Options::Column& c : columns) known->push_back({c.name, type_of_text(c.type), c.identity});
        catalog.relations[lower_ascii(table)] = known;
    }
    Gathered gathered = gather(scripts);
    std::vector<Task>& tasks = gathered.tasks;
    const std::vector<std::unique_ptr<Unit>>& units = gathered.scripts;
    for (const Task& t : tasks) {
        const Stmt& s = *t.statement;
        if (s.kind == St::kCreateType) {
            if (s.table.columns.empty())
                catalog.alias_types[key_of(s.name)] = s.returns;
            else
                catalog.table_types[key_of(s.name)] = &s.table;
        }
        const bool relation = s.kind == St::kCreateView || s.kind == St::kCreateTable;
        if (!relation && s.kind != St::kCreateProcedure && s.kind != St::kCreateFunction) continue;
        if (relation)
            catalog.relations[key_of(s.name)];
        else
            catalog.routines[key_of(s.name)];
        if (s.kind != St::kCreateTable) catalog.indirect.insert(lower_ascii(s.name.back()));
        if (s.name.size() == 1) catalog.bare.insert(key_of(s.name));
    }
    // Tables first; then routines, again where one that they use came out otherwise than it was known.
    for (const Task& t : tasks) {
        if (!is_table(*t.statement)) continue;
        Emitter emitter(t.unit->sql, t.unit->lexed, options, catalog, 0);
        emitter.table(*t.statement);
        Columns& known = catalog.relations[key_of(t.statement->name)];
        known =
            t.statement->kind == St::kAlterTable ? extended(known, emitter.made_relation()) : emitter.made_relation();
    }
    constexpr int kMostPasses = 5;
    std::set<std::string> news;
    for (int pass = 0; pass == 0 || (pass < kMostPasses && !news.empty()); ++pass) {
        const std::set<std::string> changed = std::exchange(news, {});
        for (Task& t : tasks) {
            const auto hit = [&](const std::set<std::string>& used) {
                return std::any_of(used.begin(), used.end(),
                                   [&](const std::string& u) { return changed.count(u) > 0; });
            };
            if (pass > 0 && !hit(t.made.tables) && !hit(t.made.routines)) continue;
            if (run(t, options, catalog)) news.insert(t.made.name);
        }
    }
    std::vector<Converted> results;
    std::set<std::string> support;
    for (const Task& t : tasks) support.insert(t.made.support.begin(), t.made.support.end());
    if (!support.empty()) {
        Converted library;
        library.name = "lakemover_tsql";
        library.kind = "support";
        library.sql = support_script(support);
        library.support = std::move(support);
        results.push_back(std::move(library));
    }
    for (Task& t : tasks) results.push_back(std::move(t.made));
    // Comments behind the last statement of a script.
    for (std::size_t i = 0; i < units.size(); ++i) {
        std::size_t from = 0;
        for (const StmtPtr& s : units[i]->script.statements) from = s->end;
        const auto last = std::find_if(results.rbegin(), results.rend(),
                                       [&](const Converted& c) { return c.script == i && c.kind != "support"; });
        if (last == results.rend()) continue;
        for (const Comment& c : units[i]->lexed.comments) {
            if (c.at.offset >= from) last->sql += c.text + "\n";
        }
    }
    return results;
}

}  // namespace lakemover::tsql
