// T-SQL text to PL/pgSQL, one result per routine. Zone: pure. Bad input is no exception: it comes
// back as a result of class manual.
#pragma once
#include <map>
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
    std::string name;  // as it is called on the target
    std::string kind;  // procedure, function, view, trigger, statement
    std::string sql;
    Class result = Class::kEquivalent;
    double score = 0;
    std::vector<Note> notes;
    std::map<std::string, Feature> features;
};

// Source name ("dbo.Orders", "Orders" or a schema alone; case does not matter) to target name.
using NameMap = std::map<std::string, std::string>;

std::vector<Converted> convert(std::string_view sql, const NameMap& names);

// The score's weights, per occurrence of a construct; each costs its weight once more to learn.
struct Weight {
    std::string_view feature;
    double weight;
    bool high;  // one of the marks of high complexity
};
const std::vector<Weight>& weights();

}  // namespace lakemover::tsql
