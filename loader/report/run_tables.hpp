// The run page's list of tables and what belongs to it. Internal to loader/report; pure.
#pragma once
#include <string>
#include <vector>

#include "loader/report/html.hpp"

namespace lakemover::loader::report {

using Tables = std::vector<const json*>;  // into the run's document

std::string name_of(const json& table);
bool did_not_succeed(const json& table);     // failed, incomplete or never started
bool differs(const json& table);             // some validation level found it different
bool unproven(const json& table);            // some validation level could not compare it
std::int64_t rejects_of(const json& table);  // rows that the target refused and that were set aside
std::int64_t rejected_rows(const Tables& tables);
// Class of a table's state: good, warn, bad or none. A loaded table that differs is bad, an unproven one warns.
const char* kind_of(const json& table);

void add_tables(Node& data, const Tables& tables);
void add_notes(Node& data, const Tables& tables);
void add_rejects(Node& data, const json& document, const Tables& tables);
void add_not_moved(Node& data, const json& document);

}  // namespace lakemover::loader::report
