// Flags about a SQL Server source's code. They are of the invocation, not of a run: a run keeps its own in its options.
#pragma once
#include <string>

namespace lakemover::loader {

struct CodeFlags {
    std::string apply_routines = "none";  // what a run creates of it: none, equivalent, or review as well
    bool exact_strings = false;           // strings compare alike on both sides
    std::string html;                     // of lakemover convert: file for a page; empty: none
};

// Of this process; the command line fills them before anything else reads them.
CodeFlags& code_flags();

}  // namespace lakemover::loader
