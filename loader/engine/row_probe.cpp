#include "loader/engine/row_probe.hpp"

#include <algorithm>
#include <charconv>

#include "loader/engine/pump.hpp"

namespace lakemover::loader {

namespace {

constexpr std::string_view kTarget = "target: ";

// What the context says behind "COPY table, line ": the server's way to name the row. Empty when it says it otherwise.
std::string_view copy_context(const Error& error, const TableSpec& spec) {
    const std::string start = "COPY " + spec.target_table + ", line ";
    const std::string_view detail = error.detail;
    const std::size_t at = detail.rfind(start);
    return at == std::string_view::npos ? std::string_view{} : detail.substr(at + start.size());
}

}  // namespace

bool refuses_rows(const Error& error) {
    return error.of_rows && !error.connection_lost &&
           (error.sqlstate.starts_with("22") || error.sqlstate.starts_with("23"));
}

Refusal refusal_of(const Error& error, const TableSpec& spec) {
    std::string_view message = error.what();
    if (message.starts_with(kTarget)) message.remove_prefix(kTarget.size());
    Refusal why{error.sqlstate, std::string(message), error.column};
    if (!why.column.empty()) return why;
    std::string_view rest = copy_context(error, spec);
    constexpr std::string_view kColumn = ", column ";
    const std::size_t at = rest.find(kColumn);
    if (at == std::string_view::npos || at != rest.find_first_not_of("0123456789")) return why;
    rest.remove_prefix(at + kColumn.size());
    // Names are not quoted there: the longest one that fits.
    for (const ColumnSpec& c : spec.columns)
        if (rest.starts_with(c.target_name) && c.target_name.size() > why.column.size()) why.column = c.target_name;
    return why;
}

std::optional<std::size_t> refused_line(const Error& error, const TableSpec& spec) {
    const std::string_view rest = copy_context(error, spec);
    std::size_t line = 0;
    const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), line);
    if (failed != std::errc() || line == 0) return std::nullopt;
    return line;
}

std::int64_t copy_rows(Pg& target, const std::string& copy_in, codec::Format format,
                       const std::vector<std::string_view>& rows) {
    target.copy_in_start(copy_in);
    try {
        if (format == codec::Format::kBinary) target.copy_in_data(copy_header());
        for (const std::string_view row : rows) target.copy_in_data(row);
        if (format == codec::Format::kBinary) target.copy_in_data(std::string_view("\377\377", 2));
        return target.copy_in_end();
    } catch (Error& e) {
        e.of_rows = true;
        target.copy_in_abort("the loader gave these rows up");
        throw;
    }
}

// Nothing when the target took the rows.
std::optional<Error> RowProbe::attempt(const std::vector<std::string_view>& rows) {
    target_.exec("SAVEPOINT lakemover_rows");
    try {
        copy_rows(target_, copy_in_, spec_.format, rows);
    } catch (const Error& e) {
        if (!refuses_rows(e)) throw;
        target_.exec("ROLLBACK TO SAVEPOINT lakemover_rows; RELEASE SAVEPOINT lakemover_rows");
        return e;
    }
    target_.exec("RELEASE SAVEPOINT lakemover_rows");
    return std::nullopt;
}

void RowProbe::load(const std::vector<std::string_view>& rows, const Refused& refused) {
    std::size_t at = 0;
    std::size_t step = rows.size();
    std::size_t taken = 0;        // since the last refused row: as many are likely to be taken in a row again
    bool suspect_behind = false;  // the server named the row behind this step
    while (at < rows.size()) {
        const std::size_t n = std::min(step, rows.size() - at);
        const auto first = rows.begin() + static_cast<std::ptrdiff_t>(at);
        const std::optional<Error> error = attempt({first, first + static_cast<std::ptrdiff_t>(n)});
        if (!error) {
            at += n;
            taken += n;
            step = suspect_behind ? 1 : 2 * n;
            suspect_behind = false;
        } else if (n == 1) {
            refused(at, refusal_of(*error, spec_));
            ++at;
            step = std::max<std::size_t>(taken, 1);
            taken = 0;
            suspect_behind = false;
        } else {
            // The server's word is only a hint, and it may give none: halves find the row as well.
            const std::optional<std::size_t> line = refused_line(*error, spec_);
            const bool named = line && *line <= n;
            step = !named ? n / 2 : std::max<std::size_t>(*line - 1, 1);
            suspect_behind = named && *line > 1;
        }
    }
}

}  // namespace lakemover::loader
