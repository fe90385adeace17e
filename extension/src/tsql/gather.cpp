#include "tsql/gather.hpp"

#include <algorithm>
#include <set>

#include "tsql/parser.hpp"

namespace lakemover::tsql {

namespace {

// The text that EXEC runs, when it is one literal: EXEC('…'), EXEC sp_executesql N'…'.
const Expr* constant_text(const Stmt& s) {
    const Expr* text = s.value.get();
    if (text == nullptr && !s.name.empty() && lower_ascii(s.name.back()) == "sp_executesql" && s.exec.size() == 1)
        text = s.exec[0].value.get();
    while (text != nullptr && text->kind == Ex::kParen) text = text->args[0].get();
    return text != nullptr && text->kind == Ex::kString ? text : nullptr;
}

class Gatherer {
public:
    Gatherer(Gathered& all, std::size_t script) : all_(all), script_(script) {}

    void statement(const Unit& unit, const Stmt& s, std::size_t comments_from) {
        // what the session that created the routines had set, and where it was
        if (s.kind == St::kGo || s.kind == St::kSetOption || s.kind == St::kUse) return;
        const bool nested = s.kind == St::kIf || s.kind == St::kBlock || s.kind == St::kExec;
        const std::size_t before = all_.tasks.size();
        const bool whole = nested && definitions(unit, s, comments_from);
        if (!whole || all_.tasks.size() == before) add(unit, s, comments_from);
    }

private:
    void add(const Unit& unit, const Stmt& s, std::size_t comments_from) {
        all_.tasks.push_back({&unit, &s, script_, comments_from, depth_ > 0, {}});
    }

    // Takes the definitions in the statement; true when it holds nothing else.
    bool definitions(const Unit& unit, const Stmt& s, std::size_t comments_from) {
        const auto each = [&](const std::vector<StmtPtr>& list) {
            bool whole = true;
            for (const StmtPtr& b : list) {
                whole = definitions(unit, *b, comments_from) && whole;
                comments_from = b->end;
            }
            return whole;
        };
        switch (s.kind) {
            case St::kIf: {
                const bool whole = each(s.body);
                return each(s.otherwise) && whole;
            }
            case St::kBlock: return each(s.body);
            case St::kPrint:
            case St::kSetOption: return true;
            case St::kCreateTable:
                if (s.name.back()[0] == '#') return false;
                [[fallthrough]];
            case St::kAlterTable:
            case St::kCreateType: add(unit, s, comments_from); return true;
            case St::kExec: return executed(s);
            default: return is_routine(s) && (add(unit, s, comments_from), true);
        }
    }

    bool executed(const Stmt& s) {
        const Expr* text = constant_text(s);
        if (text == nullptr || depth_ > 0) return false;
        auto unit = std::make_unique<Unit>();
        unit->own = text->text;
        unit->sql = unit->own;
        unit->lexed = lex(unit->sql, text->at.line);
        unit->script = parse(unit->lexed, unit->sql);
        const auto& list = unit->script.statements;
        const bool defines = !list.empty() && std::all_of(list.begin(), list.end(), [](const StmtPtr& b) {
            return is_routine(*b) || b->kind == St::kSetOption ||
                   (b->kind == St::kCreateTable && b->name.back()[0] != '#');
        });
        if (!defines) return false;
        all_.texts.push_back(std::move(unit));
        ++depth_;
        std::size_t from = 0;
        for (const StmtPtr& b : list) {
            statement(*all_.texts.back(), *b, from);
            from = b->end;
        }
        --depth_;
        return true;
    }

    Gathered& all_;
    std::size_t script_;
    int depth_ = 0;
};

// IF EXISTS … DROP PROCEDURE p: whoever creates p anew replaces it.
bool only_drops(const Stmt& s, const std::set<std::string>& defined) {
    const auto all = [&](const std::vector<StmtPtr>& list) {
        return std::all_of(list.begin(), list.end(), [&](const StmtPtr& b) { return only_drops(*b, defined); });
    };
    if (s.kind == St::kIf || s.kind == St::kBlock) return all(s.body) && all(s.otherwise);
    if (s.kind == St::kPrint) return true;
    if (s.kind != St::kDropObject) return false;
    return defined.count(key_of(s.name)) > 0 &&
           std::all_of(s.more_names.begin(), s.more_names.end(),
                       [&](const Name& n) { return defined.count(key_of(n)) > 0; });
}

}  // namespace

bool is_routine(const Stmt& s) {
    return s.kind == St::kCreateProcedure || s.kind == St::kCreateFunction || s.kind == St::kCreateView ||
           s.kind == St::kCreateTrigger;
}

std::string key_of(const Name& name) {
    const std::string schema = name.size() > 1 ? lower_ascii(name[name.size() - 2]) : "dbo";
    return (schema.empty() ? "dbo" : schema) + "." + lower_ascii(name.back());
}

Gathered gather(const std::vector<std::string_view>& scripts) {
    Gathered all;
    for (std::size_t i = 0; i < scripts.size(); ++i) {
        all.scripts.push_back(std::make_unique<Unit>());
        Unit& unit = *all.scripts.back();
        unit.sql = scripts[i];
        unit.lexed = lex(unit.sql);
        unit.script = parse(unit.lexed, unit.sql);
        Gatherer gatherer(all, i);
        std::size_t comments_from = 0;
        for (const StmtPtr& s : unit.script.statements) {
            gatherer.statement(unit, *s, comments_from);
            comments_from = s->end;
        }
    }
    std::set<std::string> defined;
    std::set<std::string> whole;
    for (const Task& t : all.tasks) {
        if (!is_routine(*t.statement)) continue;
        defined.insert(key_of(t.statement->name));
        if (!t.stub) whole.insert(key_of(t.statement->name));
    }
    std::erase_if(all.tasks, [&](const Task& t) {
        if (t.stub && is_routine(*t.statement)) return whole.count(key_of(t.statement->name)) > 0;
        return only_drops(*t.statement, defined);
    });
    return all;
}

}  // namespace lakemover::tsql
