// Objects of the target that a run made: where they are in the catalogs, what depends on them, and dropping them
// without touching anything else. Throws Error.
#pragma once
#include <string>
#include <vector>

#include "loader/util/pq.hpp"

namespace lakemover::loader {

struct TargetObject {
    std::string kind;  // as in the plan's statements: schema, extension, enum, sequence, table, partition, ...
    std::string name;  // quoted
    std::string class_id;
    std::string object_id;
    std::string kept_for;  // why it is not dropped; empty: it is
};

// A SELECT of the object's place in the catalogs, class and object; null where there is none of that kind and name.
std::string object_place(const Pg& target, const std::string& kind, const std::string& name);

// The object's place in the catalogs; both empty when there is none of that kind and name.
TargetObject find_object(Pg& target, const std::string& kind, const std::string& name);

// Whether objects of this kind are remembered, to be dropped when the run is undone; others fall with their table or view.
bool is_tracked(const std::string& kind);

// Marks what must stay because something else depends on it: a view, another table's key, a table in the schema.
void mark_kept(Pg& target, std::vector<TargetObject>& objects);

// Drops the others, and what falls with them: their parts, and each other's users. Inside the caller's transaction, right
// behind mark_kept().
void drop_objects(Pg& target, const std::vector<TargetObject>& objects);

}  // namespace lakemover::loader
