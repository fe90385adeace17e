// A script's routines one by one, and the weights of the score. Zone: pure; throws bad_alloc only.
#include "tsql/convert.hpp"

#include <algorithm>
#include <utility>

#include "tsql/emitter.hpp"
#include "tsql/parser.hpp"

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

struct Unit {  // one script, as it was read
    std::string_view sql;
    Lexed lexed;
    Script script;
};

struct Task {  // one statement that becomes a result
    const Unit* unit = nullptr;
    const Stmt* statement = nullptr;
    std::size_t script = 0;
    std::size_t comments_from = 0;
    Converted made;
};

std::string key_of(const Stmt& s) {
    const std::string schema = s.name.size() > 1 ? lower_ascii(s.name[s.name.size() - 2]) : "dbo";
    return (schema.empty() ? "dbo" : schema) + "." + lower_ascii(s.name.back());
}

bool is_routine(const Stmt& s) {
    return s.kind == St::kCreateProcedure || s.kind == St::kCreateFunction || s.kind == St::kCreateView ||
           s.kind == St::kCreateTrigger;
}

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

// Converts the statement and tells the catalog what came of it; true when that is news.
bool run(Task& task, const Options& options, Catalog& catalog) {
    const Stmt& s = *task.statement;
    Emitter emitter(task.unit->sql, task.unit->lexed, options, catalog, task.comments_from);
    task.made = s.kind == St::kCreateType                                        ? emitter.type(s)
                : is_routine(s)                                                  ? emitter.routine(s)
                : s.kind == St::kCreateTable && s.name.back().rfind('#', 0) != 0 ? emitter.table(s)
                                                                                 : emitter.left_over(s);
    task.made.script = task.script;
    bool news = false;
    if (s.kind == St::kCreateView) {
        Columns& known = catalog.relations[key_of(s)];
        news = !same(known, emitter.made_relation());
        known = emitter.made_relation();
    } else if (s.kind == St::kCreateProcedure || s.kind == St::kCreateFunction) {
        Signature& known = catalog.routines[key_of(s)];
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
    std::vector<std::unique_ptr<Unit>> units;
    std::vector<Task> tasks;
    for (std::size_t i = 0; i < scripts.size(); ++i) {
        units.push_back(std::make_unique<Unit>(Unit{scripts[i], lex(scripts[i]), {}}));
        Unit& unit = *units.back();
        unit.script = parse(unit.lexed, unit.sql);
        std::size_t comments_from = 0;
        for (const StmtPtr& s : unit.script.statements) {
            // what the session that created the routines had set, and where it was
            const bool quiet = s->kind == St::kGo || s->kind == St::kSetOption || s->kind == St::kUse;
            if (!quiet) tasks.push_back({&unit, s.get(), i, comments_from, {}});
            comments_from = s->end;
        }
    }
    for (const Task& t : tasks) {
        const Stmt& s = *t.statement;
        if (s.kind == St::kCreateType) {
            if (s.table.columns.empty())
                catalog.alias_types[key_of(s)] = s.returns;
            else
                catalog.table_types[key_of(s)] = &s.table;
        }
        const bool relation = s.kind == St::kCreateView || s.kind == St::kCreateTable;
        if (!relation && s.kind != St::kCreateProcedure && s.kind != St::kCreateFunction) continue;
        if (relation)
            catalog.relations[key_of(s)];
        else
            catalog.routines[key_of(s)];
        if (s.name.size() == 1) catalog.bare.insert(key_of(s));
    }
    // Tables first; then routines, again where one that they use came out otherwise than it was known.
    for (const Task& t : tasks) {
        if (t.statement->kind != St::kCreateTable) continue;
        Emitter emitter(t.unit->sql, t.unit->lexed, options, catalog, 0);
        emitter.table(*t.statement);
        catalog.relations[key_of(*t.statement)] = emitter.made_relation();
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
    for (Task& t : tasks) results.push_back(std::move(t.made));
    // Comments behind the last statement of a script.
    for (std::size_t i = 0; i < units.size(); ++i) {
        std::size_t from = 0;
        for (const StmtPtr& s : units[i]->script.statements) from = s->end;
        const auto last =
            std::find_if(results.rbegin(), results.rend(), [&](const Converted& c) { return c.script == i; });
        if (last == results.rend()) continue;
        for (const Comment& c : units[i]->lexed.comments) {
            if (c.at.offset >= from) last->sql += c.text + "\n";
        }
    }
    return results;
}

}  // namespace lakemover::tsql
