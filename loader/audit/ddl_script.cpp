// The text of ddl.sql.
#include "loader/audit/ddl_script.hpp"

#include <fmt/format.h>

namespace lakemover::loader {
namespace {

std::string_view without_trailing_space(std::string_view text) {
    const std::size_t last = text.find_last_not_of(" \t\r\n");
    return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

}  // namespace

// psql ends a comment at \n and at \r: every line of foreign text gets its own marker, or a name with a line break in
// it would become a statement of the script.
std::string sql_comment(std::string_view text) {
    std::string out;
    while (true) {
        const std::size_t end = text.find_first_of("\r\n");
        out += "-- ";
        out += text.substr(0, end);
        out += '\n';
        if (end == std::string_view::npos) return out;
        text.remove_prefix(end + 1);
    }
}

std::string ddl_script_header(std::string_view about) {
    return fmt::format(
        "{}"
        "\\set ON_ERROR_STOP on\n"
        "SET client_encoding = 'UTF8';\n"
        "SET standard_conforming_strings = on;\n"
        "SET check_function_bodies = off;\n"
        "SELECT pg_catalog.set_config('search_path', '', false);\n",
        sql_comment(about));
}

std::string ddl_script_statement(std::string_view sql) {
    const std::string_view statement = without_trailing_space(sql);
    // The terminator goes on its own line when the last line may end in a comment that would swallow it.
    const std::size_t last_line = statement.find_last_of("\r\n");
    const std::string_view tail = last_line == std::string_view::npos ? statement : statement.substr(last_line + 1);
    const char* end = tail.find("--") != std::string_view::npos ? "\n;\n" : statement.ends_with(';') ? "\n" : ";\n";
    return std::string(statement) + end;
}

std::string ddl_script_entry(std::string_view sql, const DdlOutcome& outcome, std::string_view at) {
    std::string head(at);
    for (const std::string& part : {outcome.stage, outcome.object})
        if (!part.empty()) head += "  " + part;
    const bool done = outcome.state == DdlOutcome::State::kDone;
    head += done ? ": done" : outcome.state == DdlOutcome::State::kFailed ? ": FAILED" : ": skipped";
    if (outcome.seconds) head += fmt::format(" in {:.3f} s", *outcome.seconds);
    std::string entry = "\n" + sql_comment(head);
    if (!outcome.error.empty()) entry += sql_comment(outcome.error);

    return entry + (done ? ddl_script_statement(sql) : sql_comment(without_trailing_space(sql)));
}

}  // namespace lakemover::loader
