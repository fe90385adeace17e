// A bounded look at a table's rows before anything moves: what to look for, and where. Each engine makes one SELECT of
// it. Pure zone; throws source::Error 22023 for a request that cannot be read.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "source/driver.hpp"

namespace lakemover::source {

struct ProbeColumn {
    std::string name;
    std::string type;       // PostgreSQL: the name of its type on the wire; SQL Server: as the inventory declares it
    std::string collation;  // SQL Server, of text
};

// What a value, or the row with no column, is asked for: infinity, utf8, nul, surrogate, precision, padding, width.
struct ProbeCheck {
    std::string kind;
    ProbeColumn column;
};

struct ProbeSpec {
    // values: checks; orphans: columns without a row of ref_columns; duplicates: columns that occur more than once.
    std::string kind;
    std::string schema;
    std::string table;
    bool children = false;          // with the rows of its partitions
    bool memory_optimized = false;  // SQL Server
    bool text_copy = false;         // its rows will travel as text
    std::int64_t rows = 0;          // that many at most; 0: all
    double percent = 0;             // of the table's pages, where rows are to come from all over it; 0: from its start
    std::vector<ProbeColumn> columns;
    std::vector<ProbeCheck> checks;
    std::vector<ProbeColumn> key;  // shows which row it is; may be empty
    std::string ref_schema;
    std::string ref_table;
    bool ref_children = false;
    bool ref_memory_optimized = false;
    std::vector<ProbeColumn> ref_columns;
    bool match_full = false;
    std::string fold;  // of duplicates: case, or stored (as the target will have it); else the engine's own equality
};

ProbeSpec parse_probe(std::string_view json);

// One row: how many rows were looked at, then for each check how many of them, the largest (of a width), and an example.
// orphans has two checks on SQL Server: no parent at all, and one only by the source's own equality.
std::string postgres_probe(const ProbeSpec& spec);

// What the engines' statements share. The sample's columns are t.c0, t.c1 and so on, each once.
std::string joined(const std::vector<std::string>& parts, const char* separator);
std::string alias(std::size_t i);

class ProbedColumns {
public:
    // As the sample gives it; asked for, it is one of the sample's columns.
    std::string value(const ProbeColumn& column);
    const std::vector<ProbeColumn>& all() const { return columns_; }

private:
    std::vector<ProbeColumn> columns_;
};

// An engine's statement of each kind.
struct ProbeStatements {
    std::function<std::string()> values, orphans, duplicates;
};
std::string probe_select(const ProbeSpec& spec, const ProbeStatements& statements);

}  // namespace lakemover::source
