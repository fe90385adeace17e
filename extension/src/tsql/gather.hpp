// What the scripts define, also where a definition stands in an IF or in the text of an EXEC, as scripts do that make
// only what is not there yet. Zone: pure; throws bad_alloc only.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tsql/ast.hpp"
#include "tsql/convert.hpp"

namespace lakemover::tsql {

struct Unit {         // a text as it was read: a script, or one that a script runs
    std::string own;  // when it is not the caller's
    std::string_view sql;
    Lexed lexed;
    Script script;
};

struct Task {  // one statement that becomes a result
    const Unit* unit = nullptr;
    const Stmt* statement = nullptr;
    std::size_t script = 0;
    std::size_t comments_from = 0;  // its comments begin here
    bool stub = false;              // made so that a later ALTER finds something
    Converted made;
};

struct Gathered {
    std::vector<std::unique_ptr<Unit>> scripts;  // one per text that was given
    std::vector<std::unique_ptr<Unit>> texts;    // those that they run
    std::vector<Task> tasks;
};

bool is_routine(const Stmt& s);
std::string key_of(const Name& name);  // "schema.name" in lower case; dbo where there is no schema
Gathered gather(const std::vector<std::string_view>& scripts);

}  // namespace lakemover::tsql
