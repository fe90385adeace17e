// Pairs the rows that only one side has and names the fields that differ. Pure; throws nothing but bad_alloc.
#pragma once
#include <string>
#include <vector>

#include "loader/validate/cause.hpp"
#include "loader/validate/table_spec.hpp"

namespace lakemover::loader {

// A row for reports. hex decides whether two fields are equal; shown is for people, and may be cut.
struct SideRow {
    std::vector<Shown> shown;
    std::vector<Shown> hex;
    bool repeated = false;  // the other side has the same row, but fewer times
};

struct Difference {
    std::string row_key;  // "id=5"; of a table without a key the beginning of the row
    std::string column;   // empty: the whole row
    Shown source, target;
    Shown source_hex, target_hex;
    std::string cause;
};

std::string describe_key(const TableSpec& spec, const SideRow& row);

std::vector<Difference> diff_rows(const TableSpec& spec, const std::vector<SideRow>& source,
                                  const std::vector<SideRow>& target);

// Values above this are cut for reports.
constexpr std::size_t kShownBytes = 1000;
std::string cut_text(const std::string& text, std::size_t bytes);

}  // namespace lakemover::loader
