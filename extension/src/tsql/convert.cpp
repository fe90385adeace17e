// A script's routines one by one, and the weights of the score. Zone: pure; throws bad_alloc only.
#include "tsql/convert.hpp"

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

std::vector<Converted> convert(std::string_view sql, const NameMap& names) {
    const Lexed lexed = lex(sql);
    Script script = parse(lexed, sql);
    // The script's own tables give the types of their columns.
    Tables tables;
    for (const StmtPtr& s : script.statements) {
        if (s->kind == St::kCreateTable) tables[lower_ascii(s->name.back())] = &s->table.columns;
    }
    std::vector<Converted> results;
    std::size_t comments_from = 0;
    for (const StmtPtr& s : script.statements) {
        Emitter emitter(sql, lexed, names, tables, comments_from);
        switch (s->kind) {
            case St::kGo:
            case St::kSetOption: continue;  // of the session that created the routines
            case St::kCreateProcedure:
            case St::kCreateFunction:
            case St::kCreateView:
            case St::kCreateTrigger: results.push_back(emitter.routine(*s)); break;
            default: results.push_back(emitter.left_over(*s)); break;
        }
        comments_from = s->end;
    }
    for (const Comment& c : lexed.comments) {  // behind the last statement
        if (c.at.offset >= comments_from && !results.empty()) results.back().sql += c.text + "\n";
    }
    return results;
}

}  // namespace lakemover::tsql
