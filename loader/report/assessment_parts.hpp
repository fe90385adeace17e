// What the assessment page shows beside findings and inventory: types, names, settings, what does not move by itself,
// time and space, the checklist. Pure.
#pragma once
#include "loader/report/html.hpp"

namespace lakemover::loader::report {

void add_types_and_names(Node& data, const json& document);
// Code of a SQL Server source by class.
void add_code(Node& data, const json& document);
void add_outside(Node& data, const json& document);
void add_estimate(Node& data, const json& document);
void add_checklist(Node& data, const json& document);
void add_settings(Node& data, const json& document);

}  // namespace lakemover::loader::report
