// T-SQL text to PL/pgSQL, one result per routine. Zone: pure. Bad input is no exception: it comes
// back as a result of class manual.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lakemover::tsql {

enum class Severity { kReview, kManual };
enum class Class { kEquivalent, kReview, kManual };
const char* class_name(Class c);

struct Note {
    int line = 0;
    std::string construct;
    std::string why;
    std::string todo;
    Severity severity = Severity::kReview;
};

struct Feature {
    int count = 0;
    int first_line = 0;
};

struct Converted {
    std::string name;        // as it is called on the target
    std::string kind;        // procedure, function, view, trigger, table, type, statement, support
    std::size_t script = 0;  // which of the scripts it is from
    int line = 1;            // where it begins there
    std::string sql;
    Class result = Class::kEquivalent;
    double score = 0;
    std::vector<Note> notes;
    std::map<std::string, Feature> features;
    // What a check of the result needs.
    std::vector<int> lines;  // per line of sql: the line of T-SQL it stands for, 0 for none
    std::vector<std::pair<std::string, int>>
        bodies;                            // of PL/pgSQL: the function, and the line of sql that ends before it
    std::vector<std::string> temp_tables;  // the temporary tables it makes: name (columns)
    std::string unknown_temp;              // one whose columns are not known
    std::string relation;                  // a trigger's
    bool creatable = true;                 // false: all of it is a comment
    std::set<std::string> tables;          // relations it reads or writes, as sql calls them
    std::set<std::string> routines;        // and what it calls
    std::set<std::string> support;         // functions of lakemover_tsql that it needs
};

// Source name ("dbo.Orders", "Orders" or a schema alone; case does not matter) to target name.
using NameMap = std::map<std::string, std::string>;

struct Options {
    NameMap names;
    // Strings compare alike on both sides: the source's collations tell upper and lower case apart, and no value ends
    // in blanks. Without it each routine that compares strings is to be reviewed.
    bool exact_strings = false;
    struct Column {
        std::string name, type;  // the type as T-SQL declares it
        bool identity = false;
    };
    // How a name that is a column's is written on the target, by its lower-case form; others are in lower case.
    std::map<std::string, std::string> identifiers;
    std::map<std::string, std::vector<Column>> columns;  // of tables that no script creates, by "schema.table"
};

std::vector<Converted> convert(std::string_view sql, const NameMap& names);
// Several scripts that know each other's objects. What they need of lakemover_tsql comes first, as one result of kind
// "support".
std::vector<Converted> convert(const std::vector<std::string_view>& scripts, const Options& options);

// The score's weights, per occurrence of a construct; each costs its weight once more to learn.
struct Weight {
    std::string_view feature;
    double weight;
    bool high;  // one of the marks of high complexity
};
const std::vector<Weight>& weights();

}  // namespace lakemover::tsql
